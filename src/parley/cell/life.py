"""What hours of life are judged by: packets lost, SAs used, peers missed, requests sent again."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from parley.cell.record import REFUSED
from parley.errors import InputError
from parley.scenario.model import Action, Role
from parley.verdict import Check, CheckState
from parley.wire.datagrams import parse_header, read_sightings
from parley.wire.frame import Traffic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parley.cell.evidence import Evidence
    from parley.cell.record import Checkpoint, Flow

_LIMIT = 64 * 1024
_ASKED = re.compile(r"^flow (\S+ \S+) &$", re.MULTILINE)
_COUNT = re.compile(r" -c (\d+) ")
_SUMMARY = re.compile(r"^(\S+ \S+) sent (\d+) received (\d+)$", re.MULTILINE)
_UNANSWERED = re.compile(r"^\[\d+\.\d+\] \S+ unanswered: \d+$", re.MULTILINE)
_NOTHING = bytes(8).hex()
_IKE_SA_INIT = 34
_LOWEST_SPI = 256
# How late a request may be sent again: timers of a busy machine in real time (seconds, and a share).
_LATE, _LATE_SHARE = 0.4, 0.05


@dataclass(slots=True)
class _Life:
    """What a capture tells of a session: SAs that were used, and when each request was sent."""

    child_sas: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    ike_sas: set[tuple[str, str]] = field(default_factory=set)
    requests: dict[tuple[str, str, str, int], list[float]] = field(default_factory=lambda: defaultdict(list))


def check_life(evidence: Evidence) -> Iterator[Check]:
    """Everything that a scenario demands of hours of life."""
    for flow in evidence.record.flows:
        for role in flow.commands:
            yield _flowed(evidence, flow, role)
    for point in evidence.record.checkpoints:
        if point.kind == Action.NOTICE:
            yield from _noticed(evidence, point)
        elif point.kind == REFUSED:
            yield from _refused(evidence, point)
    expect = evidence.scenario.expect
    if not (expect.child_sas or expect.ike_sas or expect.retransmits):
        return
    try:
        life = _read(evidence)
    except (OSError, InputError) as error:
        name = evidence.layout.capture.name
        yield Check("hours on the wire", CheckState.ERROR, "", f"cannot be told: {error}", name)
        return
    yield from _used(evidence, life)
    for role in expect.retransmits:
        yield _sent_again(evidence, life, role)


def _flowed(evidence: Evidence, flow: Flow, role: Role) -> Check:
    """No more echoes lost than the scenario allows, of as many as it asked for."""
    step = evidence.scenario.steps[flow.step]
    command = evidence.record.commands[flow.commands[role]]
    name = f"flow from {role} (step {flow.step + 1})"
    path = evidence.evidence_path(flow.commands[role])
    text = evidence.jail.read_text(command.output, default="", limit=_LIMIT)
    asked = _ASKED.findall(command.command)
    told = {pair: (int(sent), int(received)) for pair, sent, received in _SUMMARY.findall(text)}
    wanted = [int(count) for count in _COUNT.findall(command.command)[:1]]
    if not asked or not wanted:
        return Check(name, CheckState.FAILED, command.host, "nothing was sent", path)
    total = wanted[0] * len(asked)
    lost = total - sum(min(told.get(pair, (0, 0))) for pair in asked)
    if lost > step.may_lose:
        shown = "; ".join(_UNANSWERED.findall(text)[:3])
        detail = f"{lost} of {total} echoes lost, {step.may_lose} allowed{f': {shown}' if shown else ''}"
        return Check(name, CheckState.FAILED, command.host, detail, path)
    return Check(name, CheckState.OK, command.host, f"{total} echoes, {lost} lost")


def _noticed(evidence: Evidence, point: Checkpoint) -> Iterator[Check]:
    """Who must have noticed that its peer is gone holds no SA with it any more."""
    by = point.name.rpartition(" ")[2]
    for role in Role:
        if by in {role, "both"}:
            yield _without_sas(evidence, point, role, f"noticed ({point.name})")


def _refused(evidence: Evidence, point: Checkpoint) -> Iterator[Check]:
    for role in Role:
        yield _without_sas(evidence, point, role, point.name)


def _without_sas(evidence: Evidence, point: Checkpoint, role: Role, name: str) -> Check:
    host, path = evidence.host(role), evidence.evidence_path(point.kernel[role])
    try:
        held = sorted(spi for _, spi in evidence.keyed(point.kernel[role]))
    except ValueError as error:
        return Check(name, CheckState.ERROR, host, str(error), path)
    if held:
        return Check(name, CheckState.FAILED, host, f"SAs are still there: {', '.join(held)}", path)
    return Check(name, CheckState.OK, host)


def _read(evidence: Evidence) -> _Life:
    life = _Life()
    for seen in read_sightings(evidence.layout.capture):
        if seen.kind is not Traffic.IKE:
            if seen.spi >= _LOWEST_SPI:
                life.child_sas[seen.host].add(seen.spi)
            continue
        header = parse_header(seen.data)
        spis = header.initiator_spi, header.responder_spi
        if header.exchange != _IKE_SA_INIT and header.responder_spi != _NOTHING:
            life.ike_sas.add(spis)
        if not header.is_response and header.fragment <= 1:
            life.requests[seen.host, *spis, header.message_id].append(seen.seconds)
    return life


def _used(evidence: Evidence, life: _Life) -> Iterator[Check]:
    expect = evidence.scenario.expect
    sent = life.child_sas.get(evidence.host(Role.INITIATOR), set())
    for what, count, wanted in (
        ("Child SAs", len(sent), expect.child_sas),
        ("IKE SAs", len(life.ike_sas), expect.ike_sas),
    ):
        if wanted is None:
            continue
        least, most = wanted
        name = f"{what} used"
        if least <= count <= most:
            yield Check(name, CheckState.OK, "", f"{count}")
        else:
            expected = f"{least}" if least == most else f"{least} to {most}"
            detail = f"{count}, expected {expected}"
            yield Check(name, CheckState.FAILED, "", detail, evidence.layout.capture.name)


def _sent_again(evidence: Evidence, life: _Life, role: Role) -> Check:
    """The request that was sent most often came when the daemon's documentation says, to the last time."""
    host, name = evidence.host(role), f"retransmissions of the {role}"
    wanted = evidence.driver(role).retransmissions()
    capture = evidence.layout.capture.name
    mine = [times for (sender, *_), times in life.requests.items() if sender == host and len(times) > 1]
    if not wanted:
        return Check(name, CheckState.WARNING, host, "this daemon does not document them")
    if not mine:
        return Check(name, CheckState.FAILED, host, "no request was ever sent again", capture)
    first, *again = max(mine, key=len)
    seen = [round(moment - first, 2) for moment in again]
    shown = f"after {_times(seen)} s, documented {_times(wanted)} s"
    if len(seen) != len(wanted) or not all(map(_is_timely, seen, wanted)):
        return Check(name, CheckState.FAILED, host, shown, capture)
    return Check(name, CheckState.OK, host, shown)


def _is_timely(seen: float, wanted: float) -> bool:
    return abs(seen - wanted) <= _LATE + _LATE_SHARE * wanted


def _times(moments: list[float] | tuple[float, ...]) -> str:
    return ", ".join(f"{moment:g}" for moment in moments)
