"""Judges a played case from its collected files alone, so that any old run can be judged again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from parley.errors import LabError
from parley.judge.host import check_host
from parley.judge.transcripts import check_transcripts
from parley.judge.wire import check_wire
from parley.lab.jail import Jail
from parley.verdict import Check, CheckState, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from parley.record.layout import CaseLayout
    from parley.record.results import CaseResult, PlayRecord

# Worst first; what the first of these states that occurs makes of the case.
_SEVERITY = (
    (CheckState.ERROR, Verdict.LAB_ERROR),
    (CheckState.FAILED, Verdict.FAILED),
    (CheckState.DIFFERS, Verdict.DIFFERS),
    (CheckState.KNOWN, Verdict.KNOWN),
)


def judge(layout: CaseLayout, record: PlayRecord) -> tuple[Check, ...]:
    """All checks of a played case. Writes the sanitized transcripts as a by-product."""
    if record.judged_by:
        from parley.upstream.judge import judge_upstream  # noqa: PLC0415 -- rare

        return judge_upstream(layout, record)
    try:
        return tuple(_checks(layout, record))
    except LabError as error:
        return (broken_lab(error),)


def _checks(layout: CaseLayout, record: PlayRecord) -> Iterator[Check]:
    if record.error:
        yield Check("lab", CheckState.ERROR, "", record.error)
    # What was not as expected came before the step that never ended, and may be why.
    yield from check_transcripts(layout, record)
    if record.stopped and not record.error:
        yield Check("steps end in time", CheckState.FAILED, "", record.stopped)
    if record.error:
        return  # What a broken lab left behind proves nothing about the daemons.
    jail = Jail(layout.share)
    for host in record.hosts:
        yield from check_host(jail, host)
    yield check_wire(layout)


def broken_lab(error: LabError) -> Check:
    """What a guest did to its files was found out while judging."""
    return Check("lab", CheckState.ERROR, "", str(error))


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


def as_tried(result: CaseResult) -> CaseResult:
    """The result in the light of its earlier attempts: what is well now and was not before is flaky."""
    if not result.attempts or result.verdict not in {Verdict.PASSED, Verdict.KNOWN}:
        return result
    first = result.attempts[0]
    reason = f"{result.verdict} on try {len(result.attempts) + 1}; before: {first.verdict}: {first.reason}"
    return replace(result, verdict=Verdict.FLAKY, reason=reason)
