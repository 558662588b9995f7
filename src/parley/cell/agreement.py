"""Whether both kernels and both daemons hold the same SAs, with the algorithms that were asked for."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from parley.cell.evidence import fingerprint
from parley.scenario.model import Protocol, Role
from parley.verdict import Check, CheckState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parley.cell.evidence import Evidence
    from parley.cell.record import Checkpoint
    from parley.scenario.model import Child, Proposal
    from parley.scenario.state import ChildSa, DaemonView, IkeSa, KernelSa, KernelView

# Compressed packets have SAs of their own, which carry no keys.
_KEYED = {"esp", "ah"}
_PAIR = 2


def check_agreement(evidence: Evidence) -> Iterator[Check]:
    """At every checkpoint with SAs: the same ones on both ends; at the first: as asked for."""
    alive = [point for point in evidence.record.checkpoints if _expects_sas(point)]
    if not alive:
        yield Check("established", CheckState.FAILED, "", "no SA was ever looked at")
        return
    for point in alive:
        yield _kernels_agree(evidence, point)
    yield from _as_asked(evidence, alive[0])
    yield from _daemons(evidence, alive)
    yield from _rekeyed(evidence, alive)


def _expects_sas(point: Checkpoint) -> bool:
    return point.name not in {"down", "kill", "restart", "delete-child"}


def _keyed(view: KernelView) -> dict[tuple[str, str], KernelSa]:
    return {(sa.protocol, sa.spi): sa for sa in view.sas if sa.protocol in _KEYED}


def _kernels_agree(evidence: Evidence, point: Checkpoint) -> Check:
    name = f"kernels agree ({point.name})"
    ours, theirs = (_keyed(evidence.kernel(point.kernel[role])) for role in Role)
    shared = ours.keys() & theirs.keys()
    path = evidence.evidence_path(point.kernel[Role.INITIATOR])
    if len(shared) < _PAIR:
        shown = [", ".join(spi for _, spi in sorted(view)) or "none" for view in (ours, theirs)]
        detail = f"no pair of SAs is on both ends: initiator {shown[0]}; responder {shown[1]}"
        return Check(name, CheckState.FAILED, "", detail, path)
    for key in sorted(shared):
        if difference := _difference(ours[key], theirs[key]):
            return Check(name, CheckState.FAILED, "", f"SPI {key[1]}: {difference}", path)
    keys = ", ".join(
        f"{spi}: {fingerprint(ours[protocol, spi].encryption_key)}" for protocol, spi in sorted(shared)
    )
    return Check(name, CheckState.OK, "", f"{len(shared)} SAs on both ends, key fingerprints {keys}")


def _difference(one: KernelSa, other: KernelSa) -> str:
    for what in ("mode", "encryption", "integrity"):
        if getattr(one, what) != getattr(other, what):
            return f"{what} is {getattr(one, what)} and {getattr(other, what)}"
    for what in ("encryption_key", "integrity_key"):
        mine, theirs = fingerprint(getattr(one, what)), fingerprint(getattr(other, what))
        if mine != theirs:
            return f"{what.replace('_', ' ')} differs: fingerprints {mine} and {theirs}"
    return ""


def _as_asked(evidence: Evidence, point: Checkpoint) -> Iterator[Check]:
    """The algorithms in the kernels are among those proposed, the mode is the one asked for."""
    children = evidence.scenario.connection.children
    for role in Role:
        host = evidence.host(role)
        for sa in _keyed(evidence.kernel(point.kernel[role])).values():
            complaints = [_complaint(sa, child) for child in children]
            # With several children, an SA is fine if it is what one of them asked for.
            if all(complaints):
                path = evidence.evidence_path(point.kernel[role])
                yield Check(
                    "SA as asked for", CheckState.FAILED, host, f"SPI {sa.spi}: {complaints[0]}", path
                )
                break
        else:
            yield Check("SA as asked for", CheckState.OK, host)


def _complaint(sa: KernelSa, child: Child) -> str:
    if sa.protocol != child.protocol:
        return f"protocol is {sa.protocol}, not {child.protocol}"
    if sa.mode != child.mode and not child.ipcomp:
        return f"mode is {sa.mode}, not {child.mode}"
    wanted = child.proposal
    if child.protocol is Protocol.ESP and wanted.encryption and sa.encryption not in wanted.encryption:
        return f"encryption is {sa.encryption}, not {' or '.join(wanted.encryption)}"
    if wanted.integrity and sa.integrity not in wanted.integrity:
        return f"integrity is {sa.integrity or 'none'}, not {' or '.join(wanted.integrity)}"
    return ""


def _daemons(evidence: Evidence, points: list[Checkpoint]) -> Iterator[Check]:
    """Both daemons agree with each other and with their kernels, at the last look."""
    point = points[-1]
    views: dict[Role, DaemonView] = {}
    for role in Role:
        try:
            views[role] = evidence.daemon(role, point)
        except ValueError as error:
            path = evidence.evidence_path(point.status[role])
            yield Check(
                "daemon's view", CheckState.ERROR, evidence.host(role), f"not understood: {error}", path
            )
    if len(views) < len(Role):
        return
    yield _same_ike(evidence, views)
    for role in Role:
        kernel = evidence.kernel((point.kernel_after or point.kernel)[role])
        yield _known_to_kernel(evidence, role, views[role], kernel)


def _same_ike(evidence: Evidence, views: dict[Role, DaemonView]) -> Check:
    name = "daemons agree on the IKE SA"
    by_spis = {
        role: {(sa.initiator_spi, sa.responder_spi): sa for sa in view.ike} for role, view in views.items()
    }
    shared = by_spis[Role.INITIATOR].keys() & by_spis[Role.RESPONDER].keys()
    if not shared:
        return Check(name, CheckState.FAILED, "", "they have no IKE SA with the same SPIs")
    for spis in sorted(shared):
        one, other = (by_spis[role][spis] for role in Role)
        for what in ("encryption", "integrity", "prf", "ke"):
            mine, theirs = getattr(one, what), getattr(other, what)
            if mine and theirs and mine != theirs:
                return Check(name, CheckState.FAILED, "", f"{what}: {mine} and {theirs}")
    one = by_spis[Role.INITIATOR][max(shared)]
    other = by_spis[Role.RESPONDER][max(shared)]
    complaint = _ike_complaint(one, evidence.scenario.connection.ike) or _ike_complaint(
        other, evidence.scenario.connection.ike
    )
    if complaint:
        return Check(name, CheckState.FAILED, "", complaint)
    shown = "/".join(filter(None, (one.encryption, one.integrity, one.prf, one.ke)))
    return Check(name, CheckState.OK, "", shown)


def _ike_complaint(sa: IkeSa, wanted: Proposal) -> str:
    for what, asked in (
        ("encryption", wanted.encryption),
        ("integrity", wanted.integrity),
        ("prf", wanted.prf),
        ("ke", wanted.ke),
    ):
        have = getattr(sa, what)
        if asked and have and have not in asked:
            return f"{what} is {have}, not {' or '.join(asked)}"
    return ""


def _known_to_kernel(evidence: Evidence, role: Role, view: DaemonView, kernel: KernelView) -> Check:
    name, host = "daemon agrees with its kernel", evidence.host(role)
    held = {sa.spi for sa in kernel.sas}
    claimed = [spi for child in view.children for spi in _spis(child)]
    missing = [spi for spi in claimed if spi not in held]
    if not claimed:
        return Check(name, CheckState.FAILED, host, "the daemon shows no Child SA")
    if missing:
        return Check(name, CheckState.FAILED, host, f"its kernel lacks SPI {', '.join(missing)}")
    return Check(name, CheckState.OK, host)


def _spis(child: ChildSa) -> tuple[str, ...]:
    return tuple(spi for spi in (child.inbound_spi, child.outbound_spi) if spi)


def _rekeyed(evidence: Evidence, points: list[Checkpoint]) -> Iterator[Check]:
    """After a rekey the SPIs are others than before."""
    for before, after in pairwise(points):
        kind = after.name.partition(" ")[0]
        if kind == "rekey-child":
            role = Role.INITIATOR
            old = _keyed(evidence.kernel((before.kernel_after or before.kernel)[role])).keys()
            new = _keyed(evidence.kernel((after.kernel_after or after.kernel)[role])).keys()
            state = CheckState.OK if new - old else CheckState.FAILED
            detail = "" if new - old else "no SPI that was not there before"
            yield Check(f"rekeyed ({after.name})", state, "", detail)
        elif kind in {"rekey-ike", "reauthenticate"}:
            yield _ike_rekeyed(evidence, before, after)


def _ike_rekeyed(evidence: Evidence, before: Checkpoint, after: Checkpoint) -> Check:
    name = f"rekeyed ({after.name})"
    try:
        old, new = (
            {(sa.initiator_spi, sa.responder_spi) for sa in evidence.daemon(Role.INITIATOR, point).ike}
            for point in (before, after)
        )
    except ValueError as error:
        return Check(name, CheckState.ERROR, evidence.host(Role.INITIATOR), f"not understood: {error}")
    if new - old:
        return Check(name, CheckState.OK)
    return Check(name, CheckState.FAILED, "", "no IKE SA that was not there before")
