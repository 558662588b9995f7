"""Judges a played cell from its collected files alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parley.cell.agreement import check_agreement
from parley.cell.evidence import Evidence
from parley.cell.refusal import check_refusal
from parley.cell.seen import check_seen
from parley.cell.traffic import check_blocked, check_traffic
from parley.judge.logs import check_logs
from parley.judge.state import check_state
from parley.judge.wire import check_wire
from parley.scenario.model import Mode, Role
from parley.verdict import Check, CheckState
from parley.wire.leak import SelectorPair

_IPV4 = 4

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parley.cell.record import CellRecord
    from parley.record.layout import CaseLayout
    from parley.scenario.model import Scenario


def judge_cell(layout: CaseLayout, record: CellRecord, scenario: Scenario) -> tuple[Check, ...]:
    """All checks of a played cell."""
    if record.error:
        return (Check("lab", CheckState.ERROR, "", record.error),)
    return tuple(_checks(layout, record, scenario))


def _checks(layout: CaseLayout, record: CellRecord, scenario: Scenario) -> Iterator[Check]:
    evidence = Evidence(layout, record, scenario)
    if record.stopped:
        yield Check("steps", CheckState.FAILED, "", _with_reason(evidence, record.stopped))
    yield from check_blocked(evidence)
    if scenario.expect.established:
        yield from check_agreement(evidence)
        yield from check_traffic(evidence)
    else:
        yield from check_refusal(evidence)
    yield from check_seen(evidence)
    for host in record.hosts:
        yield from check_state(evidence.jail, host.name)
        yield from check_logs(evidence.jail, host)
    yield check_wire(layout, _protected(scenario))


def _with_reason(evidence: Evidence, stopped: str) -> str:
    """What stopped a cell, with the last words of the command that did not succeed."""
    failed = next((command for command in reversed(evidence.record.commands) if command.status), None)
    if failed is None:
        return stopped
    said = evidence.said(failed).strip().splitlines()
    return f"{stopped}: {said[-1][:200]}" if said else stopped


def _protected(scenario: Scenario) -> tuple[SelectorPair, ...]:
    """What must not be seen in clear: what the children's selectors cover."""
    return tuple(
        SelectorPair(one, other)
        for child in scenario.connection.children
        for one in child.selectors[Role.INITIATOR]
        for other in child.selectors[Role.RESPONDER]
        # Between the two hosts themselves neighbour discovery goes in clear, and must.
        if one.version == other.version and (child.mode is Mode.TUNNEL or one.version == _IPV4)
    )
