from __future__ import annotations

from dataclasses import replace

import pytest

from parley.errors import LabError
from parley.judge.judge import as_tried, broken_lab, conclude
from parley.record.results import Attempt, CaseResult
from parley.verdict import Check, CheckState, Verdict

OK = Check("traffic", CheckState.OK, "west", "3 echoes")
WARNING = Check("nothing in clear", CheckState.WARNING, "", "the capture breaks off")
DIFFERS = Check("transcript", CheckState.DIFFERS, "west", "1 line")
FAILED = Check("no SA left", CheckState.FAILED, "east", "2 left")
ERROR = Check("lab", CheckState.ERROR, "", "panic")


@pytest.mark.parametrize(
    ("checks", "verdict", "reason"),
    [
        ((), Verdict.PASSED, ""),
        ((OK, WARNING), Verdict.PASSED, ""),
        ((OK, DIFFERS), Verdict.DIFFERS, "west: transcript: 1 line"),
        ((DIFFERS, FAILED, OK), Verdict.FAILED, "east: no SA left: 2 left"),
        ((FAILED, FAILED, FAILED), Verdict.FAILED, "east: no SA left: 2 left (and 2 more)"),
        ((FAILED, DIFFERS, ERROR), Verdict.LAB_ERROR, "lab: panic"),
    ],
)
def test_the_worst_check_makes_the_verdict(checks: tuple[Check, ...], verdict: Verdict, reason: str) -> None:
    assert conclude(checks) == (verdict, reason)


def test_a_lab_that_broke_under_judgement_is_a_lab_error() -> None:
    check = broken_lab(LabError("share/out is no regular file", host="east"))
    assert conclude([check]) == (Verdict.LAB_ERROR, "lab: east: share/out is no regular file")


TRIED = (
    Attempt(Verdict.FAILED, "no SA", "case.attempt-1"),
    Attempt(Verdict.LAB_ERROR, "panic", "case.attempt-2"),
)


@pytest.mark.parametrize(
    ("verdict", "attempts", "flaky"),
    [
        (Verdict.PASSED, (), False),
        (Verdict.PASSED, TRIED, True),
        (Verdict.KNOWN, TRIED, True),
        (Verdict.FAILED, TRIED, False),
        (Verdict.DIFFERS, TRIED, False),
        (Verdict.LAB_ERROR, TRIED, False),
        (Verdict.FIXED, TRIED, False),
        (Verdict.UNSUPPORTED, TRIED, False),
    ],
)
def test_only_what_is_well_now_and_was_not_before_is_flaky(
    verdict: Verdict, attempts: tuple[Attempt, ...], flaky: bool
) -> None:
    before = CaseResult("case", verdict, "why", attempts=attempts)
    after = as_tried(before)
    if flaky:
        reason = f"{verdict} on try 3; before: failed: no SA"
        assert after == replace(before, verdict=Verdict.FLAKY, reason=reason)
    else:
        assert after == before
