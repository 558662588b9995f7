from __future__ import annotations

import json
import re
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from case_files import MERGED, write_files
from parley.case.suite import default_suite, load_suite
from parley.cli import list as list_module
from parley.cli.list import list_cases
from parley.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    write_files(
        tmp_path / "basic", {**MERGED, "east.iked.conf": "", "description.txt": "A [bold] \x1b[2Jtitle\n"}
    )
    write_files(tmp_path / "longer-name", {**MERGED, "description.txt": "Another\n", "final.sh": "ls\n"})
    return tmp_path


def call(suite: Path, *words: str) -> Result:
    return CliRunner().invoke(list_cases, [*words, "--suite", str(suite)], catch_exceptions=False)


def test_lines_are_aligned_and_safe_to_print(suite: Path) -> None:
    result = call(suite)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        r"basic        good  east=debian/openiked west=debian/-  A [bold] \x1b[2Jtitle",
        "longer-name  good  east=debian/- west=debian/-         Another",
    ]
    assert result.stderr == "note: longer-name: all.east-west.sh is played, and not final.sh\n"


def test_a_terminal_gets_a_table_in_which_good_cases_stand_out(
    suite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(suite, {"TESTLIST": "kvmplutotest basic good\nkvmplutotest longer-name wip\n"})
    for name, value in {"COLUMNS": "120", "FORCE_COLOR": "1", "TERM": "xterm"}.items():
        monkeypatch.setenv(name, value)
    terminal = SimpleNamespace(isatty=lambda: True)
    monkeypatch.setattr(list_module, "sys", SimpleNamespace(stdout=terminal, exit=sys.exit))
    heading, good, draft = call(suite, "status:*").stdout.splitlines()
    assert re.sub(r"\x1b\[[\d;]*m", "", heading).split() == ["case", "status", "hosts", "title"]
    assert good.split(maxsplit=4)[4].strip() == r"A [bold] \x1b[2Jtitle"
    assert [line.startswith("\x1b[2m") for line in (good, draft)] == [False, True]


def test_json_has_one_object_a_line(suite: Path) -> None:
    result = call(suite, "--json", "basic")
    about = json.loads(result.stdout)
    assert about["name"] == "basic"
    assert about["hosts"] == {"east": "debian/openiked", "west": "debian/-"}
    assert about["directory"] == str(suite / "basic")
    assert about["title"] == "A [bold] \x1b[2Jtitle"
    assert about["status"] == "good"


def test_a_broken_case_is_told_and_the_others_are_listed(suite: Path) -> None:
    write_files(suite / "broken", {"all.east.sh": "east# ls\noops\n"})
    result = call(suite)
    assert result.exit_code == 2
    assert len(result.stdout.splitlines()) == 2
    assert f"parley: {suite / 'broken' / 'all.east.sh'}:2: neither" in result.stderr


def test_a_role_may_be_given(suite: Path) -> None:
    result = call(suite, "basic", "--host", "east=openbsd/openiked")
    assert "east=openbsd/openiked" in result.stdout


def test_no_case_at_all_is_no_table(tmp_path: Path) -> None:
    write_files(tmp_path / "broken", {"all.east.sh": "oops\n"})
    result = call(tmp_path)
    assert (result.exit_code, result.stdout) == (2, "")


def test_unknown_names_are_usage_errors(suite: Path) -> None:
    with pytest.raises(UsageError, match="basik"):
        call(suite, "basik")


def test_without_a_suite_it_lists_the_one_that_comes_along() -> None:
    result = CliRunner().invoke(list_cases, ["status:*"], catch_exceptions=False)
    assert result.exit_code == 0
    listed = [line.split()[0] for line in result.stdout.splitlines()]
    assert listed == load_suite(default_suite()).names()
    assert result.stderr == ""
