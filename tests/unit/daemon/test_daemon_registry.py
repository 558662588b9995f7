from __future__ import annotations

from importlib.metadata import entry_points
from typing import Never

import pytest
from click.testing import CliRunner

from fake_labs import EntryPoint, installed, toy
from parley.cli import main, parley
from parley.daemon.base import Daemon
from parley.daemon.driver import Driver
from parley.daemon.registry import daemon_named, daemons
from parley.errors import UsageError


def broken() -> Never:
    raise ImportError("no module named left_pad")


def test_the_shipped_implementations_are_there_and_called_what_they_are_called() -> None:
    assert {"libreswan", "openiked", "strongswan"} <= set(daemons())
    for name, daemon in daemons().items():
        assert daemon.name == name
        assert daemon.processes
        assert daemon.driver is None or issubclass(daemon.driver, Driver)
        assert daemon.driver is None or daemon.driver.name == name


def test_a_third_partys_implementation_stands_beside_them() -> None:
    with installed(*entry_points(group="parley.daemons"), toy()):
        assert daemon_named("toy").title == "Toy"
        assert daemon_named("strongswan").title == "strongSwan"


def test_a_version_is_no_part_of_an_implementations_name() -> None:
    with installed(toy()):
        assert daemon_named("toy@sid") is daemon_named("toy")


@pytest.mark.parametrize(
    ("word", "hint"),
    [("toi", "did you mean toy?"), ("zebra", "known: other, toy"), ("", "known: other, toy")],
)
def test_an_unknown_implementation_is_told_with_the_nearest(word: str, hint: str) -> None:
    with installed(toy(), toy("other")), pytest.raises(UsageError, match="no implementation") as caught:
        daemon_named(word)
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("load", "problem"),
    [
        (broken, "cannot be loaded: ImportError: no module named left_pad"),
        (lambda: 1 / 0, "cannot be loaded: ZeroDivisionError"),
        (lambda: "a daemon", "is no Daemon"),
        (lambda: Daemon, "is no Daemon"),
    ],
)
def test_a_broken_entry_point_is_one_clear_error(load: object, problem: str) -> None:
    with installed(toy(), EntryPoint("theirs", load)), pytest.raises(UsageError) as caught:  # type: ignore[arg-type]
        daemons()
    assert f"entry point theirs = theirs_package:DAEMON of group parley.daemons {problem}" in str(
        caught.value
    )


def test_a_broken_entry_point_is_no_traceback_on_the_command_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["parley", "matrix", "--list"])
    with installed(EntryPoint("theirs", broken)), pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    said = capsys.readouterr()
    assert said.err.startswith("parley: entry point theirs")
    assert "Traceback" not in said.err + said.out


def test_help_does_not_need_the_implementations() -> None:
    with installed(EntryPoint("theirs", broken)):
        assert CliRunner().invoke(parley, ["--help"], catch_exceptions=False).exit_code == 0
