"""Judges a played cell from its collected files alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parley.cell.agreement import check_agreement
from parley.cell.changes import check_torn_down
from parley.cell.evidence import Evidence
from parley.cell.keys import check_keys
from parley.cell.life import check_life
from parley.cell.refusal import check_refusal
from parley.cell.seen import check_seen
from parley.cell.traffic import check_blocked, check_traffic
from parley.errors import LabError
from parley.judge.host import check_host
from parley.judge.judge import broken_lab
from parley.judge.state import check_routes
from parley.judge.wire import check_wire
from parley.lab.topology import NETWORK
from parley.platform.names import BSDS
from parley.scenario.model import Mode, Role
from parley.verdict import Check, CheckState
from parley.wire.leak import SelectorPair

_IPV4 = 4
# Commands that go on after a cell was stopped, and are none of its reasons.
_LOOKS = {"blocked", "gone", "kernel", "keys", "status", "traffic", "unguard"}

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parley.cell.record import CellRecord
    from parley.record.layout import CaseLayout
    from parley.scenario.model import Scenario


def judge_cell(layout: CaseLayout, record: CellRecord, scenario: Scenario) -> tuple[Check, ...]:
    """All checks of a played cell."""
    if record.error:
        return (Check("lab", CheckState.ERROR, "", record.error),)
    try:
        return tuple(_checks(layout, record, scenario))
    except LabError as error:
        return (broken_lab(error),)


def _checks(layout: CaseLayout, record: CellRecord, scenario: Scenario) -> Iterator[Check]:
    evidence = Evidence(layout, record, scenario)
    # First, because it explains whatever else went wrong.
    yield from check_keys(evidence)
    if record.stopped:
        yield Check("steps", CheckState.FAILED, "", _with_reason(evidence, record.stopped))
    yield from check_blocked(evidence)
    if scenario.expect.established:
        yield from _readable(check_agreement(evidence))
        yield from _readable(check_traffic(evidence))
        yield from _readable(check_torn_down(evidence))
    else:
        yield from _readable(check_refusal(evidence))
    yield from check_life(evidence)
    yield from check_seen(evidence)
    for host in record.hosts:
        yield from check_host(evidence.jail, host)
        if host.platform not in BSDS:
            yield check_routes(evidence.jail, host.name, _lab_routes(host.name))
    yield check_wire(layout, _protected(scenario))


def _readable(checks: Iterator[Check]) -> Iterator[Check]:
    """The checks, and if they come upon something that cannot be read, one that says so."""
    try:
        yield from checks
    except ValueError as error:
        yield Check("evidence", CheckState.ERROR, "", str(error))


def _lab_routes(name: str) -> Iterator[str]:
    """The routes that a host has from the lab."""
    network = NETWORK.host(name)
    yield from (f"default via {gateway}" for gateway in (network.gateway4, network.gateway6) if gateway)
    yield from (f"{route.destination} via {route.via}" for route in network.routes)


def _with_reason(evidence: Evidence, stopped: str) -> str:
    """What stopped a cell, with the last words of the command that did not succeed."""
    commands = reversed(evidence.record.commands)
    failed = next((each for each in commands if each.purpose not in _LOOKS and each.status != 0), None)
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
