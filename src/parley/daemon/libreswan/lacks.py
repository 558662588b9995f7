"""What Libreswan 5.2 does not do, each with the source of that knowledge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parley.daemon.driver import Lack
from parley.daemon.libreswan.algorithms import missing
from parley.pki import KINDS
from parley.scenario.model import Method, Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parley.scenario.model import Connection

_ALGORITHMS = "libreswan 5.2: the lists of algorithms that pluto logs when it starts (ipsec_pluto(8))"
_EAP_SOURCE = "libreswan 5.2: ipsec.conf(5) leftautheap=, programs/pluto/ikev2_eap.c"


def find_lack(connection: Connection, role: Role) -> Lack | None:
    """The first thing that `role` cannot do."""
    return next(_lacks(connection, role), None)


def _lacks(connection: Connection, role: Role) -> Iterator[Lack]:
    yield from _exchanges(connection, role)
    yield from _authentication(connection, role)
    yield from _algorithms(connection, role)
    if connection.ike_lifetime.bytes is not None:
        yield Lack("no lifetime of an IKE SA in bytes", "libreswan 5.2: ipsec.conf(5) ikelifetime=")


def _exchanges(connection: Connection, role: Role) -> Iterator[Lack]:
    proposals = [connection.ike_proposal(role)]
    proposals += [connection.child_proposal(role, child) for child in connection.children]
    if any(proposal.additional for proposal in proposals):
        yield Lack("no additional key exchanges (RFC 9370)", "libreswan: CHANGES, first in v5.4")
    if connection.childless and role is Role.INITIATOR:
        # It does answer a peer that wants this.
        yield Lack(
            "initiates an IKE SA without a Child SA (RFC 6023) for labelled IPsec only",
            "libreswan 5.2: programs/pluto/ikev2_ike_sa_init.c, initiate_v2_IKE_SA_INIT_request",
        )


def _authentication(connection: Connection, role: Role) -> Iterator[Lack]:
    mine, theirs = (connection.side(side).authentication for side in (role, role.peer))
    methods = {mine.method, theirs.method}
    if Method.EAP_MSCHAPV2 in methods:
        yield Lack("EAP-TLS is its only EAP method", _EAP_SOURCE)
    if Method.EAP_TLS in methods:
        if role is Role.INITIATOR:
            yield Lack("EAP as a responder only", _EAP_SOURCE)
        if connection.ppk_id:
            yield Lack("no PPK together with EAP", _EAP_SOURCE)
    if mine.certificate and KINDS[mine.certificate].expired:
        yield Lack(
            "loads no connection whose own certificate has expired, so it never presents one",
            "libreswan 5.2: programs/pluto/connections.c, add_end_cert_and_preload_private_key",
        )
    for authentication in (mine, theirs):
        if authentication.certificate and KINDS[authentication.certificate].algorithm == "ed25519":
            yield Lack(
                "no Ed25519 signatures, and NSS 3.110 cannot import such a key",
                "libreswan 5.2: ipsec.conf(5) authby=, lib/libswan/pubkey_*.c",
            )


def _algorithms(connection: Connection, role: Role) -> Iterator[Lack]:
    lacking = missing(connection.ike_proposal(role), ike=True)
    for child in connection.children:
        lacking += missing(connection.child_proposal(role, child), ike=False)
    if lacking:
        yield Lack(f"no {', '.join(dict.fromkeys(lacking))}", _ALGORITHMS)
