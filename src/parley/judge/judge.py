"""Judges a played case from its collected files alone, so that any old run can be judged again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parley.judge.logs import check_logs
from parley.judge.state import check_state
from parley.judge.transcripts import check_transcripts
from parley.judge.wire import check_wire
from parley.lab.jail import Jail
from parley.verdict import Check, CheckState, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from parley.record.layout import CaseLayout
    from parley.record.results import PlayRecord

# Worst first; what the first of these states that occurs makes of the case.
_SEVERITY = (
    (CheckState.ERROR, Verdict.LAB_ERROR),
    (CheckState.FAILED, Verdict.FAILED),
    (CheckState.DIFFERS, Verdict.DIFFERS),
)


def judge(layout: CaseLayout, record: PlayRecord) -> tuple[Check, ...]:
    """All checks of a played case. Writes the sanitized transcripts as a by-product."""
    checks = list(check_transcripts(layout, record))
    if record.error:
        # What a broken lab left behind proves nothing about the daemons.
        return (Check("lab", CheckState.ERROR, "", record.error), *checks)
    if record.stopped:
        checks.insert(0, Check("steps end in time", CheckState.FAILED, "", record.stopped))
    jail = Jail(layout.share)
    for host in record.hosts:
        checks += check_state(jail, host.name)
        checks += check_logs(jail, host)
    checks.append(check_wire(layout))
    return tuple(checks)


def conclude(checks: Sequence[Check]) -> tuple[Verdict, str]:
    """The verdict that follows from the checks, and the one-line reason for it."""
    for state, verdict in _SEVERITY:
        found = [check for check in checks if check.state is state]
        if found:
            first = found[0]
            where = f"{first.host}: " if first.host else ""
            more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
            return verdict, f"{where}{first.name}: {first.detail}{more}"
    return Verdict.PASSED, ""
