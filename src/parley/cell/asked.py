"""Whether SAs are as the scenario asks: protocol, mode, algorithms, extended sequence numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parley.scenario.model import Protocol, Role
from parley.verdict import Check, CheckState

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from parley.cell.evidence import Evidence
    from parley.cell.record import Checkpoint
    from parley.scenario.model import Child, Connection, Proposal
    from parley.scenario.state import IkeSa, KernelSa

_NAME = "SA as asked for"


def check_asked(evidence: Evidence, points: Sequence[Checkpoint]) -> Iterator[Check]:
    """The SAs in both kernels, at every checkpoint: a rekey may change what was right at first."""
    for role in Role:
        yield next(_complaints(evidence, role, points), Check(_NAME, CheckState.OK, evidence.host(role)))


def _complaints(evidence: Evidence, role: Role, points: Sequence[Checkpoint]) -> Iterator[Check]:
    connection = evidence.scenario.connection
    for point in points:
        for sa in evidence.keyed(point.kernel[role]).values():
            found = [_child_complaint(sa, child, connection) for child in connection.children]
            # With several children, an SA is fine if it is what one of them asked for.
            if all(found):
                detail = f"{point.name}: SPI {sa.spi}: {found[0]}"
                path = evidence.evidence_path(point.kernel[role])
                yield Check(_NAME, CheckState.FAILED, evidence.host(role), detail, path)


def _child_complaint(sa: KernelSa, child: Child, connection: Connection) -> str:
    if sa.protocol != child.protocol:
        return f"protocol is {sa.protocol}, not {child.protocol}"
    if sa.mode != child.mode and not child.ipcomp:
        return f"mode is {sa.mode}, not {child.mode}"
    proposals = (connection.child_proposal(role, child) for role in Role)
    return next(filter(None, (_complaint(sa, wanted) for wanted in proposals)), "")


def _complaint(sa: KernelSa, wanted: Proposal) -> str:
    if sa.protocol == Protocol.ESP and wanted.encryption and sa.encryption not in wanted.encryption:
        return f"encryption is {sa.encryption or 'none'}, not {' or '.join(wanted.encryption)}"
    # Beside ciphers that need it, combined-mode ones may be proposed that do without.
    if wanted.integrity and sa.integrity not in wanted.integrity and not _is_combined(sa):
        return f"integrity is {sa.integrity or 'none'}, not {' or '.join(wanted.integrity)}"
    if wanted.esn is not None and sa.esn is not wanted.esn:
        words = {True: "extended sequence numbers", False: "no extended sequence numbers"}
        return f"it has {words[sa.esn]}, and {words[wanted.esn]} were asked for"
    return ""


def _is_combined(sa: KernelSa) -> bool:
    combined = ("ENCR_AES_GCM", "ENCR_AES_CCM", "ENCR_CHACHA20", "ENCR_NULL_AUTH_AES_GMAC")
    return sa.encryption.startswith(combined)


def ike_complaint(sa: IkeSa, connection: Connection) -> str:
    """What of an IKE SA was not asked for, as far as its daemon tells; empty if nothing."""
    for role in Role:
        wanted = connection.ike_proposal(role)
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
