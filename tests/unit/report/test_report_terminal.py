from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from parley.report.compare import compare
from parley.report.load import load_run
from parley.report.marks import CHECKS, VERDICTS, can_print_shapes
from parley.report.summary import exit_code, totals_line
from parley.report.terminal import print_report
from parley.verdict import Check, CheckState, Verdict
from sample_runs import HOSTILE, Shape, of_every_verdict, result, write_run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from parley.record.results import CaseResult

BARE = Shape(transcripts=False)


class _Stream(io.TextIOWrapper):
    """A stream in memory that may say it is a terminal."""

    def __init__(self, *, encoding: str = "utf-8", terminal: bool = False) -> None:
        super().__init__(io.BytesIO(), encoding=encoding, newline="")
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    def text(self) -> str:
        self.flush()
        self.seek(0)
        return self.read()


def _shown(root: Path, results: Sequence[CaseResult], stream: _Stream | None = None) -> str:
    stream = stream or _Stream()
    print_report(load_run(write_run(root, results, shape=BARE)), stream)
    return stream.text()


@pytest.mark.parametrize("verdict", list(Verdict))
def test_exit_code_is_zero_only_for_good_verdicts(verdict: Verdict) -> None:
    good = {Verdict.PASSED, Verdict.UNSUPPORTED, Verdict.KNOWN, Verdict.FLAKY}
    assert exit_code([result("a"), result("b", verdict)]) == (0 if verdict in good else 1)


def test_every_verdict_has_its_own_letter_shape_and_colour_class() -> None:
    marks = list(VERDICTS.values())
    assert list(VERDICTS) == list(Verdict)
    assert list(CHECKS) == list(CheckState)
    for field in ("letter", "shape", "plain", "css", "word"):
        assert len({getattr(mark, field) for mark in marks}) == len(marks)


def test_plain_text_has_a_line_for_each_case_and_the_totals(tmp_path: Path) -> None:
    text = _shown(tmp_path, of_every_verdict())
    lines = text.splitlines()
    assert lines[0].split() == ["●", "P", "passed", "ikev2-psk-basic", "4.9", "s"]
    assert "■ F failed" in lines[2]
    assert "traffic both ways on east: 0 of 4 replies" in lines[2]
    assert "9 cases: 1 passed, 1 differs, 1 failed" in lines[-1]
    assert "\x1b" not in text


def test_a_failing_check_names_host_detail_evidence_and_what_to_try(tmp_path: Path) -> None:
    text = _shown(tmp_path, of_every_verdict())
    assert "■ F failed traffic both ways on east: 0 of 4 replies of 1400 bytes" in text
    assert f"evidence: {tmp_path}/cases/ikev2-mtu-large/share/east/step/0003.out" in text
    assert "try: parley run ikev2-mtu-large" in text


def test_checks_that_hold_are_not_listed_below(tmp_path: Path) -> None:
    checks = (Check("holds", CheckState.OK), Check("breaks", CheckState.FAILED))
    text = _shown(tmp_path, [result("one", Verdict.FAILED, checks=checks)])
    assert "breaks" in text
    assert "holds" not in text


def test_colour_goes_to_terminals_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" in _shown(tmp_path, of_every_verdict(), _Stream(terminal=True))
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b[" not in _shown(tmp_path, of_every_verdict(), _Stream(terminal=True))


def test_an_ascii_stream_gets_ascii(tmp_path: Path) -> None:
    text = _shown(tmp_path, of_every_verdict(), _Stream(encoding="ascii"))
    assert "# F failed" in text
    assert text.isascii()


@pytest.mark.parametrize(
    ("encoding", "can"), [("utf-8", True), ("ascii", False), (None, False), ("nonsense", False)]
)
def test_shapes_are_tried_by_encoding_them(encoding: str | None, *, can: bool) -> None:
    assert can_print_shapes(encoding) is can


@pytest.mark.parametrize("terminal", [False, True])
def test_hostile_text_reaches_no_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, terminal: bool
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    check = Check("output", CheckState.FAILED, "east", HOSTILE, "share/\x1b]0;owned\x07")
    hostile = result("one", Verdict.FAILED, reason=HOSTILE, title=HOSTILE, checks=(check,))
    text = _shown(tmp_path, [hostile], _Stream(terminal=terminal))
    assert "\x1b]0;" not in text
    assert "\x1b[2J" not in text
    assert "\u202e" not in text
    assert "\\x1b[2J\\x1b]0;owned\\x07" in text
    assert "[red]" in text


def test_totals_name_only_what_occurs() -> None:
    assert totals_line([result("a")]) == "1 case: 1 passed"
    assert totals_line([]) == "0 cases"


def test_changes_are_listed_by_kind(tmp_path: Path) -> None:
    before = load_run(write_run(tmp_path / "a", [result("x"), result("y", Verdict.FAILED)], shape=BARE))
    now = load_run(write_run(tmp_path / "b", [result("x", Verdict.FAILED), result("y")], shape=BARE))
    stream = _Stream()
    print_report(now, stream, comparison=compare(now, before))
    text = stream.text()
    assert text.index("New failures") < text.index("x  passed → failed") < text.index("Fixed")
    assert "y  failed → passed" in text
