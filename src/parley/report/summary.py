"""What all reports say of results: totals, seconds, exit code, what to try."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from parley.verdict import CheckState, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from parley.record.results import CaseResult
    from parley.verdict import Check


def totals(results: Iterable[CaseResult]) -> dict[Verdict, int]:
    """How many results there are of each verdict, in the order of `Verdict`; those with none are left out."""
    counts = Counter(result.verdict for result in results)
    return {verdict: counts[verdict] for verdict in Verdict if counts[verdict]}


def totals_line(results: Iterable[CaseResult]) -> str:
    """Totals as one line, for example ``3 cases: 2 passed, 1 failed``."""
    counts = totals(results)
    number = sum(counts.values())
    words = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    return f"{number} {'case' if number == 1 else 'cases'}" + (f": {words}" if words else "")


def seconds(result: CaseResult) -> float:
    """Wall time that the case took, in seconds: the sum of its phases."""
    return sum(result.durations.values())


def exit_code(results: Iterable[CaseResult]) -> int:
    """0 if nothing failed, differs, errored, is fixed? or was not run; else 1."""
    return 0 if all(result.verdict.is_good for result in results) else 1


def troubles(result: CaseResult) -> tuple[Check, ...]:
    """The checks of a result that a reader has to see: all but those that hold, the worst first."""
    found = [check for check in result.checks if check.state is not CheckState.OK]
    return tuple(sorted(found, key=lambda check: check.state.rank))


def implementations(result: CaseResult) -> tuple[str, ...]:
    """The implementations on a result's hosts, each once, in the order of the hosts."""
    return tuple(dict.fromkeys(host.implementation for host in result.hosts if host.implementation))


def advice(result: CaseResult) -> str:
    """What to try next about a result that is not good (empty: nothing)."""
    if result.verdict.is_good:
        return ""
    if result.verdict is Verdict.FIXED:
        return "take the case off the list of open defects if it stays that way"
    return result.rerun


def evidence_file(evidence: str) -> str:
    """The file that a check's evidence names, without the line number it may end with."""
    file, separator, line = evidence.rpartition(":")
    return file if separator and line.isdigit() else evidence
