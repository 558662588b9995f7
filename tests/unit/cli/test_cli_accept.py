from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from parley.cli.accept import accept
from parley.errors import UsageError
from transcript_runs import CASE, NEW, OLD, PlayedCase, played_case

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def case(tmp_path: Path) -> PlayedCase:
    return played_case(tmp_path)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley.cli.accept._can_ask", lambda: True)


def call(case: PlayedCase, *arguments: str, answers: str = "") -> Result:
    words = [CASE, "--run", str(case.run.root), *arguments]
    return CliRunner().invoke(accept, words, input=answers, catch_exceptions=False)


def reference(case: PlayedCase) -> str:
    return (case.directory / "west.console.txt").read_text()


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ("y\nn\n", OLD.replace("line 5\n", "line five\n")),
        ("n\ny\n", OLD.replace("line 30\n", "")),
        ("a\n", NEW),
        ("q\n", OLD),
        ("y\nq\n", OLD.replace("line 5\n", "line five\n")),
        ("?\nwhat\nY\ny\n", NEW),
    ],
)
def test_answers_choose_hunks(case: PlayedCase, answers: str, expected: str) -> None:
    result = call(case, answers=answers)
    assert result.exit_code == 0
    assert reference(case) == expected


@pytest.mark.usefixtures("terminal")
def test_an_answer_for_all_holds_for_the_next_host(case: PlayedCase) -> None:
    case.say("east", "true\neast #\n")
    call(case, answers="a\n")
    assert reference(case) == NEW
    assert (case.directory / "east.console.txt").read_text() == "true\neast #\n"


def test_yes_accepts_without_a_terminal_and_shows_what(case: PlayedCase) -> None:
    result = call(case, "--yes")
    assert reference(case) == NEW
    assert "+line five" in result.output
    assert "written, 2 accepted, 0 left" in result.output
    assert "every transcript is as its reference" in call(case, "--yes").output


def test_without_terminal_and_yes_it_refuses(case: PlayedCase) -> None:
    with pytest.raises(UsageError, match=r"no terminal to ask on\n.*--yes"):
        call(case)
    assert reference(case) == OLD


def test_as_writes_beside(case: PlayedCase) -> None:
    call(case, "--yes", "--as", "openbsd")
    assert reference(case) == OLD
    assert (case.directory / "west.openbsd.console.txt").read_text() == NEW


@pytest.mark.usefixtures("terminal")
def test_the_end_of_input_writes_nothing(case: PlayedCase) -> None:
    assert call(case, answers="y\n").exit_code != 0
    assert reference(case) == OLD


def test_an_unknown_case_names_its_neighbours(case: PlayedCase) -> None:
    with pytest.raises(UsageError, match=r"basic-pks was not played in .*\n  try: basic-psk"):
        CliRunner().invoke(
            accept, ["basic-pks", "--run", str(case.run.root), "--yes"], catch_exceptions=False
        )


@pytest.mark.parametrize("name", ["../basic-psk", ".", "..", "basic-psk/../basic-psk"])
def test_a_case_is_a_name_and_no_path(case: PlayedCase, name: str) -> None:
    with pytest.raises(UsageError, match="was not played"):
        CliRunner().invoke(accept, [name, "--run", str(case.run.root), "--yes"], catch_exceptions=False)


def test_a_cell_of_a_matrix_has_no_transcripts(case: PlayedCase) -> None:
    case.run.case(CASE).cell.write_text("{}")
    with pytest.raises(UsageError, match="is a scenario's"):
        CliRunner().invoke(accept, [CASE, "--run", str(case.run.root), "--yes"], catch_exceptions=False)


def test_a_directory_that_is_no_run_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no run"):
        CliRunner().invoke(accept, [CASE, "--run", str(tmp_path), "--yes"], catch_exceptions=False)


def test_the_terminal_gets_no_escape_from_a_transcript(case: PlayedCase) -> None:
    case.say("west", NEW + "\x1b[2J\n")
    output = call(case, "--yes").output
    assert "+\\x1b[2J" in output
    assert "\x1b" not in output
