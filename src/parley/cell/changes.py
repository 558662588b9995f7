"""Whether a rekey really replaced SAs, and a teardown really took them away."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from parley.scenario.model import Action, Role
from parley.verdict import Check, CheckState

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from parley.cell.evidence import Evidence
    from parley.cell.record import Checkpoint

_PAIR = 2


def check_rekeyed(evidence: Evidence, points: Sequence[Checkpoint]) -> Iterator[Check]:
    """After a rekey both ends have SAs that neither had before, and traffic went through them."""
    for before, after in pairwise(points):
        if after.kind == Action.REKEY_CHILD:
            yield _child_rekeyed(evidence, before, after)
        elif after.kind in {Action.REKEY_IKE, Action.REAUTHENTICATE}:
            yield _ike_rekeyed(evidence, before, after)


def _child_rekeyed(evidence: Evidence, before: Checkpoint, after: Checkpoint) -> Check:
    name = f"rekeyed ({after.name})"
    old = {key for role in Role for key in evidence.keyed(before.latest_kernel[role])}
    ends = [evidence.keyed(after.latest_kernel[role]) for role in Role]
    fresh = sorted((ends[0].keys() & ends[1].keys()) - old)
    path = evidence.evidence_path(after.latest_kernel[Role.INITIATOR])
    if len(fresh) < _PAIR:
        return Check(
            name, CheckState.FAILED, "", "no pair of SAs on both ends that was not there before", path
        )
    # The log of a rekey is no proof that both ends have the same keys; packets that came through are.
    used = [key for key in fresh if all(end[key].packets for end in ends)]
    if after.traffic and len(used) < _PAIR:
        spis = ", ".join(spi for _, spi in fresh)
        return Check(name, CheckState.FAILED, "", f"no traffic on the new SAs {spis}", path)
    return Check(name, CheckState.OK, "", ", ".join(spi for _, spi in fresh))


def _ike_rekeyed(evidence: Evidence, before: Checkpoint, after: Checkpoint) -> Check:
    name = f"rekeyed ({after.name})"
    try:
        old = set().union(*_ike_spis(evidence, before))
        new = set.intersection(*_ike_spis(evidence, after))
    except ValueError as error:
        return Check(name, CheckState.ERROR, "", str(error))
    if new - old:
        return Check(name, CheckState.OK)
    return Check(name, CheckState.FAILED, "", "no IKE SA on both ends that was not there before")


def _ike_spis(evidence: Evidence, point: Checkpoint) -> list[set[tuple[str, str]]]:
    """The IKE SAs of each end."""
    views = (evidence.daemon(role, point) for role in Role)
    return [{(sa.initiator_spi, sa.responder_spi) for sa in view.ike} for view in views]


def check_torn_down(evidence: Evidence) -> Iterator[Check]:
    """After a delete, the SAs that both ends had until then are gone from both kernels.

    Others may stay: an end that was killed told nobody of its own.
    """
    for before, after in pairwise(evidence.record.checkpoints):
        if before.expects_sas and (after.kind == Action.DOWN or _deletes_all(evidence, after)):
            ends = [evidence.keyed(before.latest_kernel[role]).keys() for role in Role]
            for role in Role:
                yield _gone(evidence, role, after, ends[0] & ends[1])


def _deletes_all(evidence: Evidence, point: Checkpoint) -> bool:
    return point.kind == Action.DELETE_CHILD and len(evidence.scenario.connection.children) == 1


def _gone(evidence: Evidence, role: Role, after: Checkpoint, before: set[tuple[str, str]]) -> Check:
    name, host = f"SAs gone ({after.name})", evidence.host(role)
    left = sorted(spi for protocol, spi in before & evidence.keyed(after.kernel[role]).keys())
    if left:
        path = evidence.evidence_path(after.kernel[role])
        return Check(name, CheckState.FAILED, host, f"still there: {', '.join(left)}", path)
    return Check(name, CheckState.OK, host)
