"""What the daemons say of their SAs: the same on both ends, as asked for, and true of their kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parley.cell.asked import ike_complaint
from parley.scenario.model import Role
from parley.verdict import Check, CheckState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parley.cell.evidence import Evidence
    from parley.cell.record import Checkpoint
    from parley.scenario.state import DaemonView, IkeSa, KernelView

_ALGORITHMS = ("encryption", "integrity", "prf", "ke")


def check_daemons(evidence: Evidence, point: Checkpoint) -> Iterator[Check]:
    """Both daemons agree with each other and with their kernels at a checkpoint."""
    views: dict[Role, DaemonView] = {}
    for role in Role:
        try:
            views[role] = evidence.daemon(role, point)
        except ValueError as error:
            path = evidence.evidence_path(point.status[role])
            yield Check("daemon's view", CheckState.ERROR, evidence.host(role), str(error), path)
    if len(views) < len(Role):
        return
    yield _same_ike(evidence, views)
    for role in Role:
        yield _known_to_kernel(evidence, role, views[role], evidence.kernel(point.latest_kernel[role]))


def _same_ike(evidence: Evidence, views: dict[Role, DaemonView]) -> Check:
    name = "daemons agree on the IKE SA"
    ours, theirs = ({(sa.initiator_spi, sa.responder_spi): sa for sa in views[role].ike} for role in Role)
    shared = sorted(ours.keys() & theirs.keys())
    if not shared:
        return Check(name, CheckState.FAILED, "", "they have no IKE SA with the same SPIs")
    for spis in shared:
        one, other = ours[spis], theirs[spis]
        connection = evidence.scenario.connection
        if complaint := _difference(one, other) or ike_complaint(one, connection):
            return Check(name, CheckState.FAILED, "", complaint)
        if complaint := ike_complaint(other, connection):
            return Check(name, CheckState.FAILED, "", complaint)
    last = ours[shared[-1]]
    shown = "/".join(filter(None, (getattr(last, what) for what in _ALGORITHMS)))
    return Check(name, CheckState.OK, "", shown)


def _difference(one: IkeSa, other: IkeSa) -> str:
    for what in _ALGORITHMS:
        mine, theirs = getattr(one, what), getattr(other, what)
        if mine and theirs and mine != theirs:
            return f"{what}: {mine} and {theirs}"
    return ""


def _known_to_kernel(evidence: Evidence, role: Role, view: DaemonView, kernel: KernelView) -> Check:
    name, host = "daemon agrees with its kernel", evidence.host(role)
    held = {sa.spi for sa in kernel.sas}
    claimed = [spi for child in view.children for spi in (child.inbound_spi, child.outbound_spi) if spi]
    missing = [spi for spi in claimed if spi not in held]
    if not claimed:
        return Check(name, CheckState.FAILED, host, "the daemon shows no Child SA")
    if missing:
        return Check(name, CheckState.FAILED, host, f"its kernel lacks SPI {', '.join(missing)}")
    return Check(name, CheckState.OK, host)
