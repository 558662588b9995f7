"""One run against an earlier one: what got worse first, what got better next."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from parley.verdict import Verdict

if TYPE_CHECKING:
    from parley.record.results import CaseResult
    from parley.report.load import LoadedRun

_FAILING = frozenset({Verdict.FAILED, Verdict.DIFFERS, Verdict.FIXED})
_UNJUDGED = frozenset({Verdict.LAB_ERROR, Verdict.NOT_RUN})


class ChangeKind(StrEnum):
    """How a case changed, in the order in which changes are shown."""

    NEW_FAILURE = "new-failure"
    LOST = "lost"
    FIXED = "fixed"
    VERDICT = "verdict"
    REASON = "reason"
    ADDED = "added"
    GONE = "gone"

    @property
    def heading(self) -> str:
        """The heading over changes of this kind."""
        return _HEADINGS[self]


_HEADINGS = {
    ChangeKind.NEW_FAILURE: "New failures",
    ChangeKind.LOST: "No longer judged",
    ChangeKind.FIXED: "Fixed",
    ChangeKind.VERDICT: "Other verdict",
    ChangeKind.REASON: "Other reason",
    ChangeKind.ADDED: "New cases",
    ChangeKind.GONE: "Cases gone",
}


@dataclass(frozen=True, slots=True)
class Change:
    """A case that is not as it was; `before` or `now` is None where the run did not have the case."""

    kind: ChangeKind
    case: str
    before: CaseResult | None
    now: CaseResult | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """All changes since the run `against`, worst kind first, then in asked-for order."""

    against: LoadedRun
    changes: tuple[Change, ...]

    def of_kind(self, kind: ChangeKind) -> tuple[Change, ...]:
        """The changes of one kind."""
        return tuple(change for change in self.changes if change.kind is kind)

    def by_case(self) -> dict[str, Change]:
        """The changes by the name of their case."""
        return {change.case: change for change in self.changes}

    @property
    def is_worse(self) -> bool:
        """Whether anything that was fine, or was not there, now fails or is no longer judged."""
        return any(change.kind in {ChangeKind.NEW_FAILURE, ChangeKind.LOST} for change in self.changes)


def compare(run: LoadedRun, against: LoadedRun) -> Comparison:
    """Compare `run` with the earlier run `against`, case by case."""
    before = {result.case: result for result in against.results}
    now = {result.case: result for result in run.results}
    changes = []
    for name in {**now, **before}:
        kind = _kind(before.get(name), now.get(name))
        if kind is not None:
            changes.append(Change(kind, name, before.get(name), now.get(name)))
    order = list(ChangeKind)
    return Comparison(against, tuple(sorted(changes, key=lambda change: order.index(change.kind))))


def _kind(before: CaseResult | None, now: CaseResult | None) -> ChangeKind | None:
    if now is None:
        return ChangeKind.GONE
    if before is None:
        return ChangeKind.NEW_FAILURE if now.verdict in _FAILING else ChangeKind.ADDED
    if now.verdict is not before.verdict:
        return _between(before.verdict, now.verdict)
    return ChangeKind.REASON if now.reason != before.reason else None


def _between(before: Verdict, now: Verdict) -> ChangeKind:
    if now in _FAILING and before not in _FAILING:
        return ChangeKind.NEW_FAILURE
    if now in _UNJUDGED and before not in _UNJUDGED:
        return ChangeKind.LOST
    if now is Verdict.PASSED and not before.is_good:
        return ChangeKind.FIXED
    return ChangeKind.VERDICT
