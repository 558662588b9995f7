"""Patterns in the verdicts of one scenario, worked out for the reader and shown as hints only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from parley.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from parley.record.results import CaseResult

Pair = tuple[str, str]

_BAD: Final = frozenset({Verdict.FAILED, Verdict.DIFFERS, Verdict.KNOWN})
# The ends of a pair that a statement is about.
_ROLES: Final = {"everywhere": slice(0, 2), "as initiator": slice(0, 1), "as responder": slice(1, 2)}
# "Only this pair" says something once this many others pass.
_ENOUGH: Final = 3


def asymmetries(results: Sequence[CaseResult]) -> frozenset[Pair]:
    """Pairs that do not work although the same two pass with their roles exchanged.

    `results` are those of one scenario. A verdict that says nothing about the daemons (lab-error, not-run,
    unsupported) makes no asymmetry.
    """
    verdicts = _verdicts(results)
    return frozenset(
        (initiator, responder)
        for (initiator, responder), verdict in verdicts.items()
        if verdict in _BAD and verdicts.get((responder, initiator)) is Verdict.PASSED
    )


def hints_for(results: Sequence[CaseResult]) -> tuple[str, ...]:
    """Hints about one scenario's `results`, the strongest first."""
    verdicts = _verdicts(results)
    bad = {pair for pair, verdict in verdicts.items() if verdict in _BAD}
    good = {pair for pair, verdict in verdicts.items() if verdict is Verdict.PASSED}
    if not bad:
        return ()
    if not good:
        return ("no pair passes",) if len(bad) > 1 else ()
    hints = list(_blamed(bad, good))
    if len(bad) == 1 and len(good) >= _ENOUGH:
        [(initiator, responder)] = bad
        hints.append(f"only this pair fails: {initiator} to {responder}")
    for initiator, responder in sorted(asymmetries(results)):
        hints.append(f"{responder} to {initiator} passes, {initiator} to {responder} does not")
    return tuple(hints)


def _verdicts(results: Sequence[CaseResult]) -> dict[Pair, Verdict]:
    return {(one.cell.initiator, one.cell.responder): one.verdict for one in results if one.cell}


def _blamed(bad: set[Pair], good: set[Pair]) -> Iterator[str]:
    """Implementations whose every judged pair fails while pairs without them pass."""
    for label in sorted({label for pair in bad for label in pair}):
        for where, ends in _ROLES.items():
            failing = [pair for pair in bad if label in pair[ends]]
            if len(failing) > 1 and not any(label in pair[ends] for pair in good):
                yield f"{label} fails {where}"
                break
