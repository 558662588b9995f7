from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import parley.cli
from parley import __version__
from parley.cli import main
from parley.cli.options import host_overrides
from parley.errors import InputError, LabError, ParleyError, UsageError

COMMANDS = list(parley.cli._COMMANDS)


def called(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Call main with a command that raises."""

    def command() -> None:
        raise error

    monkeypatch.setattr(parley.cli, "parley", command)
    main()


@pytest.mark.parametrize(
    "error", [UsageError("no such case", hint="parley list"), LabError("gone", host="east")]
)
def test_a_known_error_is_told_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: ParleyError
) -> None:
    with pytest.raises(SystemExit) as caught:
        called(monkeypatch, error)
    assert caught.value.code == 2
    assert capsys.readouterr().err == f"parley: {error}\n"


def test_a_full_disk_is_told_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        called(monkeypatch, OSError(errno.ENOSPC, "No space left on device", "run.json"))
    assert caught.value.code == 2
    assert capsys.readouterr().err.startswith("parley: No space left on device: run.json\n  try: df")
    with pytest.raises(PermissionError):
        called(monkeypatch, PermissionError(errno.EACCES, "Permission denied"))


def test_an_unknown_error_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ZeroDivisionError):
        called(monkeypatch, ZeroDivisionError())


def test_what_an_error_quotes_cannot_drive_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        called(monkeypatch, UsageError("no case \x1b[2J\x07 here", hint="parley list"))
    assert capsys.readouterr().err == "parley: no case \\x1b[2J\\x07 here\n  try: parley list\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_says_what_it_does(name: str) -> None:
    result = CliRunner().invoke(parley.cli.parley, [name, "--help"])
    assert result.exit_code == 0
    assert result.stdout.startswith(f"Usage: parley {name} ")
    assert isinstance(parley.cli.parley, click.Group)


def test_the_list_of_commands_is_complete_and_in_order() -> None:
    result = CliRunner().invoke(parley.cli.parley, ["-h"])
    words = [line.split()[0] for line in result.stdout.partition("Commands:")[2].splitlines() if line.strip()]
    assert words == COMMANDS
    assert CliRunner().invoke(parley.cli.parley, ["nonsense"]).exit_code == 2
    assert "did you mean run?" in CliRunner().invoke(parley.cli.parley, ["rnu"]).output
    assert "..." not in result.stdout.partition("Commands:")[2], "cut off"
    assert CliRunner().invoke(parley.cli.parley, ["--version"]).stdout.strip().endswith(__version__)


def test_help_loads_nothing_that_a_run_needs() -> None:
    script = (
        "import sys; sys.argv = ['parley', 'run', '--help']\n"
        "from parley.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = [m for m in ('parley.session.run', 'rich', 'jinja2', 'cryptography') if m in sys.modules]\n"
        "sys.exit(f'loaded: {heavy}' if heavy else 0)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, timeout=60)


def test_hosts_are_given_as_pairs() -> None:
    words = ["east=openbsd/openiked", "west=/strongswan@sid"]
    assert host_overrides(words) == {"east": "openbsd/openiked", "west": "/strongswan@sid"}
    assert host_overrides([]) == {}


@pytest.mark.parametrize("word", ["east", "east=", "=openiked", "=", ""])
def test_other_shapes_are_mistakes_of_the_call(word: str) -> None:
    with pytest.raises(UsageError, match="is not HOST=PLATFORM/IMPLEMENTATION"):
        host_overrides([word])


def test_errors_name_what_is_wrong_where_and_what_to_try() -> None:
    error = InputError(Path("case.sh"), 3, "neither command nor comment", hint="east# true")
    assert str(error) == "case.sh:3: neither command nor comment\n  try: east# true"
    assert str(InputError(Path("case.sh"), 0, "cannot be read")) == "case.sh: cannot be read"
    assert str(LabError("its kernel ended", host="east")) == "east: its kernel ended"
