"""Whether both kernels and both daemons hold the same SAs, with the algorithms that were asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parley.cell.asked import check_asked
from parley.cell.changes import check_rekeyed
from parley.cell.daemons import check_daemons
from parley.cell.evidence import fingerprint
from parley.scenario.model import Mode, Role
from parley.verdict import Check, CheckState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parley.cell.evidence import Evidence
    from parley.cell.record import Checkpoint
    from parley.scenario.state import KernelSa, KernelView

_PAIR = 2


def check_agreement(evidence: Evidence) -> Iterator[Check]:
    """At every checkpoint with SAs: the same ones on both ends, as asked for; and what changed between."""
    alive = [point for point in evidence.record.checkpoints if point.expects_sas]
    if not alive:
        yield Check("established", CheckState.FAILED, "", "no SA was ever looked at")
        return
    for point in alive:
        yield _kernels_agree(evidence, point)
        yield from _selectors_agree(evidence, point)
    yield from check_asked(evidence, alive)
    yield from check_daemons(evidence, alive[-1])
    yield from check_rekeyed(evidence, alive)


def _kernels_agree(evidence: Evidence, point: Checkpoint) -> Check:
    name = f"kernels agree ({point.name})"
    ours, theirs = (evidence.keyed(point.kernel[role]) for role in Role)
    shared = ours.keys() & theirs.keys()
    path = evidence.evidence_path(point.kernel[Role.INITIATOR])
    if len(shared) < _PAIR:
        shown = [", ".join(spi for _, spi in sorted(view)) or "none" for view in (ours, theirs)]
        detail = f"no pair of SAs is on both ends: initiator {shown[0]}; responder {shown[1]}"
        return Check(name, CheckState.FAILED, "", detail, path)
    for key in sorted(shared):
        if difference := _difference(ours[key], theirs[key]):
            return Check(name, CheckState.FAILED, "", f"SPI {key[1]}: {difference}", path)
    keys = ", ".join(f"{key[1]}: {fingerprint(_key(ours[key]))}" for key in sorted(shared))
    return Check(name, CheckState.OK, "", f"{len(shared)} SAs on both ends, key fingerprints {keys}")


def _key(sa: KernelSa) -> str:
    return sa.encryption_key or sa.integrity_key


def _difference(one: KernelSa, other: KernelSa) -> str:
    for what in ("mode", "encryption", "integrity", "esn"):
        if getattr(one, what) != getattr(other, what):
            return f"{what} is {getattr(one, what)} and {getattr(other, what)}"
    for what in ("encryption_key", "integrity_key"):
        mine, theirs = fingerprint(getattr(one, what)), fingerprint(getattr(other, what))
        if mine != theirs:
            return f"{what.replace('_', ' ')} differs: fingerprints {mine} and {theirs}"
    return ""


def _selectors_agree(evidence: Evidence, point: Checkpoint) -> Iterator[Check]:
    """What one end sends through the tunnel is what the other end lets out of it."""
    nat = evidence.scenario.nat
    if (nat.initiator or nat.responder) and any(
        child.mode is Mode.TRANSPORT for child in evidence.scenario.connection.children
    ):
        return  # Transport mode's selectors are the addresses, and each end knows its own (RFC 7296 2.23.1).
    name = f"selectors agree ({point.name})"
    views = {role: evidence.kernel(point.kernel[role]) for role in Role}
    for role in Role:
        sent, let_out = _selectors(views[role], "out"), _selectors(views[role.peer], "in")
        if sent != let_out:
            detail = f"{role} sends {_shown(sent)}; {role.peer} takes {_shown(let_out)}"
            path = evidence.evidence_path(point.kernel[role])
            yield Check(name, CheckState.FAILED, "", detail, path)
            return
    yield Check(name, CheckState.OK, "", _shown(_selectors(views[Role.INITIATOR], "out")))


def _selectors(view: KernelView, direction: str) -> set[tuple[str, str]]:
    return {
        (policy.source, policy.destination)
        for policy in view.policies
        if policy.protocol and policy.direction == direction
    }


def _shown(selectors: set[tuple[str, str]]) -> str:
    return ", ".join(f"{source} to {destination}" for source, destination in sorted(selectors)) or "nothing"
