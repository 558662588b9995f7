from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from parley.cell.known import as_declared
from parley.scenario.model import KnownFailure
from parley.verdict import Verdict
from scenario_files import scenario

if TYPE_CHECKING:
    from parley.scenario.model import Scenario

FINDING = "docs/findings/1-no-traffic.md"


def with_findings(*known: KnownFailure) -> Scenario:
    return replace(scenario(""), known=known)


def failure(
    initiator: str = "toy", responder: str = "other", reason: str = "traffic .* lost"
) -> KnownFailure:
    return KnownFailure(initiator, responder, reason, FINDING)


def judged(
    known: Scenario,
    verdict: Verdict,
    reason: str = "",
    *,
    lack: str = "",
    names: tuple[str, str] = ("toy", "other"),
) -> tuple[Verdict, str]:
    return as_declared(known, *names, verdict=verdict, reason=reason, lack=lack)


def test_a_failure_as_a_finding_says_is_known() -> None:
    verdict, reason = judged(with_findings(failure()), Verdict.FAILED, "traffic from initiator: 3 lost")
    assert verdict is Verdict.KNOWN
    assert reason == f"{FINDING}: traffic from initiator: 3 lost"


@pytest.mark.parametrize("verdict", [Verdict.FAILED, Verdict.DIFFERS, Verdict.LAB_ERROR])
def test_a_failure_of_another_kind_stays_what_it_is(verdict: Verdict) -> None:
    assert judged(with_findings(failure()), verdict, "no SA") == (verdict, "no SA")


def test_a_lab_that_breaks_as_the_finding_says_is_a_broken_lab_all_the_same() -> None:
    reason = "traffic was lost"
    assert judged(with_findings(failure()), Verdict.LAB_ERROR, reason) == (Verdict.LAB_ERROR, reason)


def test_what_passes_although_known_to_fail_asks_whether_it_is_fixed() -> None:
    verdict, reason = judged(with_findings(failure()), Verdict.PASSED)
    assert verdict is Verdict.FIXED
    assert FINDING in reason


@pytest.mark.parametrize("names", [("other", "toy"), ("toy", "toy"), ("toys", "other")])
def test_other_cells_are_not_excused(names: tuple[str, str]) -> None:
    known = with_findings(failure())
    assert judged(known, Verdict.FAILED, "traffic was lost", names=names)[0] is Verdict.FAILED
    assert judged(known, Verdict.PASSED, names=names) == (Verdict.PASSED, "")


@pytest.mark.parametrize(
    ("initiator", "names", "verdict"),
    [
        ("*", ("anything", "other"), Verdict.KNOWN),
        ("toy", ("toy@sid", "other"), Verdict.KNOWN),
        ("toy@sid", ("toy@sid", "other"), Verdict.KNOWN),
        ("toy@sid", ("toy", "other"), Verdict.FAILED),
    ],
)
def test_a_finding_may_be_of_every_or_of_one_version(
    initiator: str, names: tuple[str, str], verdict: Verdict
) -> None:
    known = with_findings(failure(initiator=initiator))
    assert judged(known, Verdict.FAILED, "traffic was lost", names=names)[0] is verdict


def test_of_several_findings_the_one_that_fits_counts() -> None:
    known = with_findings(failure(reason="no SA"), failure(reason="lost"))
    assert judged(known, Verdict.FAILED, "traffic was lost")[0] is Verdict.KNOWN


def test_a_declared_lack_excuses_a_failure_and_nothing_else() -> None:
    lack = "toy as initiator: no ML-KEM (toy(8))"
    plain = with_findings()
    assert judged(plain, Verdict.FAILED, "no SA", lack=lack) == (Verdict.UNSUPPORTED, lack)
    assert judged(plain, Verdict.LAB_ERROR, "panic", lack=lack) == (Verdict.LAB_ERROR, "panic")
    assert judged(plain, Verdict.PASSED, lack=lack) == (
        Verdict.FIXED,
        f"works although declared a lack: {lack}",
    )


def test_without_declarations_nothing_changes() -> None:
    for verdict in Verdict:
        assert judged(with_findings(), verdict, "why") == (verdict, "why")


def test_a_defect_that_shows_sometimes_lets_a_cell_pass() -> None:
    known = with_findings(replace(failure(), sometimes=True))
    assert judged(known, Verdict.PASSED) == (Verdict.PASSED, "")
    assert judged(known, Verdict.FAILED, "traffic was lost")[0] is Verdict.KNOWN
