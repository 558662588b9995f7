"""Whether a scenario can end as it expects: what its two sides disagree about, and what that leads to."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from parley.pki import KINDS
from parley.scenario import schema_steps as schema
from parley.scenario.children import shares_addresses
from parley.scenario.model import Method, Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parley.scenario.fields import Table
    from parley.scenario.model import Connection, Expectation, Proposal

_FROM_AUTHORITY = {Method.CERTIFICATE, Method.EAP_TLS}


@dataclass(frozen=True, slots=True)
class Dispute:
    """Something that the two configurations disagree about, and the notify that refuses it."""

    text: str
    notify: str


def check_outcome(expect: Table, connection: Connection, expectation: Expectation) -> None:
    """Report an outcome that the two configurations cannot lead to."""
    disputes = list(find_disputes(connection))
    if expectation.established and disputes:
        expect.at(schema.OUTCOME).report(
            f"the connection cannot be established: {disputes[0].text}",
            f'[expect] outcome = "refused", notify = "{disputes[0].notify}"',
        )
    elif not expectation.established and not disputes:
        expect.at(schema.OUTCOME).report("nothing that the two sides disagree about can have it refused")
    elif expectation.notify and expectation.notify not in {dispute.notify for dispute in disputes}:
        expect.at(schema.NOTIFY).report(
            f"notify: {disputes[0].text}, which is refused with {disputes[0].notify}"
        )


def find_disputes(connection: Connection) -> Iterator[Dispute]:
    """What has this connection refused, in the order in which it is negotiated."""
    yield from _proposal_disputes(connection)
    for role in Role:
        yield from _authentication_disputes(connection, role)
    for child in connection.children:
        if child.responder_selectors and not shares_addresses(
            child.responder_selectors, child.selectors[Role.RESPONDER]
        ):
            text = f"no address of Child SA {child.name}'s responder is in both configurations"
            yield Dispute(text, "TS_UNACCEPTABLE")


def _authentication_disputes(connection: Connection, role: Role) -> Iterator[Dispute]:
    """Why `role` is not believed (RFC 7296 section 2.21.2)."""
    proof, peer = connection.side(role).authentication, connection.side(role.peer)
    failed = "AUTHENTICATION_FAILED"
    if connection.expected_identity(role.peer) != connection.identity(role):
        wanted = connection.expected_identity(role.peer)
        yield Dispute(f"the {role} is {connection.identity(role)}, the {role.peer} expects {wanted}", failed)
    if (
        proof.method is Method.PSK is peer.authentication.method
        and proof.secret != peer.authentication.secret
    ):
        yield Dispute("the two secrets differ", failed)
    if proof.method in _FROM_AUTHORITY:
        kind = KINDS[proof.certificate]
        if kind.expired or kind.revoked:
            yield Dispute(f"the {role}'s certificate is {proof.certificate}", failed)
        if connection.authority(role.peer) != proof.certificate:
            yield Dispute(f"the {role.peer} does not know the authority of the {role}'s certificate", failed)


def _proposal_disputes(connection: Connection) -> Iterator[Dispute]:
    if connection.responder_ike is not None:
        yield from _no_common(connection.ike, connection.responder_ike, "the IKE SA")
    if connection.responder_child is not None:
        for child in connection.children:
            yield from _no_common(child.proposal, connection.responder_child, f"Child SA {child.name}")


def _no_common(offered: Proposal, accepted: Proposal, what: str) -> Iterator[Dispute]:
    """A proposal is chosen only if each of its transform types has one in common (section 3.3)."""
    for each in fields(offered):
        if each.name == "esn":
            continue
        one, other = getattr(offered, each.name), getattr(accepted, each.name)
        if one and other and not set(one) & set(other):
            yield Dispute(f"there is no common {each.name} for {what}", "NO_PROPOSAL_CHOSEN")
    if None not in (offered.esn, accepted.esn) and offered.esn != accepted.esn:
        yield Dispute(f"there is no common esn for {what}", "NO_PROPOSAL_CHOSEN")
