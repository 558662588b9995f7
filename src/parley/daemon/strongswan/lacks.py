"""What strongSwan does not do, with the source of that knowledge."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from parley.daemon.driver import Lack
from parley.daemon.strongswan import words
from parley.scenario.model import Protocol, Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parley.scenario.model import Child, Connection, Proposal

_KEYWORDS = "src/libstrongswan/crypto/proposal/proposal_keywords_static.txt"
_KERNEL = "src/libcharon/plugins/kernel_netlink/kernel_netlink_ipsec.c, encryption_algs"
# What IKE negotiates and the kernel interface has no name for.
_NOT_IN_KERNEL = ("ENCR_CAMELLIA_CTR", "ENCR_CAMELLIA_CCM")
_FIRST_WITH_ML_KEM = (6, 0, 2)


def find_lack(connection: Connection, role: Role, version: str) -> Lack | None:
    """The first thing that `connection` asks of `role` and strongSwan `version` cannot do."""
    return next(_lacks(connection, role, version), None)


def _lacks(connection: Connection, role: Role, version: str) -> Iterator[Lack]:
    yield from _algorithms(connection.ike_proposal(role), version)
    for child in connection.children:
        yield from _child(child, connection.child_proposal(role, child), version)


def _child(child: Child, proposal: Proposal, version: str) -> Iterator[Lack]:
    yield from _algorithms(proposal, version)
    if child.protocol is Protocol.ESP:
        for name in proposal.encryption:
            if name.startswith(_NOT_IN_KERNEL):
                yield Lack(f"{name} is for IKE only, its kernel interface has no name for it", _KERNEL)


def _algorithms(proposal: Proposal, version: str) -> Iterator[Lack]:
    for names, known in (
        (proposal.encryption, words.ENCRYPTION),
        ([name for name in proposal.integrity if name != "NONE"], words.INTEGRITY),
        (proposal.prf, words.PRF),
        ((*proposal.ke, *proposal.additional), words.KE),
    ):
        for name in names:
            if name not in known:
                yield Lack(f"{name} is no algorithm of its proposals", _KEYWORDS)
    if any(name.startswith("ML_KEM") for name in (*proposal.ke, *proposal.additional)) and _lacks_ml_kem(
        version
    ):
        yield Lack(
            f"no ML-KEM in {version}: Debian builds 6.0.1 without the plugin ml, "
            "and the plugin openssl has it since 6.0.2",
            "swanctl --list-algs of both packages; NEWS of 6.0.2",
        )


def _lacks_ml_kem(version: str) -> bool:
    """Whether this version is too old; an unknown one is thought to be new."""
    match = re.match(r"(\d+)\.(\d+)\.(\d+)", version)
    return match is not None and tuple(int(part) for part in match.groups()) < _FIRST_WITH_ML_KEM
