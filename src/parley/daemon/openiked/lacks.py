"""What iked does not do, on Linux (OpenIKED portable 7.4) and on OpenBSD, with the source of that knowledge.

Paths are those of openiked-portable 7.4, directory iked/; OpenBSD's own iked is the same source but for
what it asks of its kernel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from parley.daemon.driver import Lack
from parley.daemon.openiked import words
from parley.pki import KINDS
from parley.scenario.model import Action, Method, Protocol, Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parley.scenario.model import Authentication, Child, Connection, Proposal, Scenario

_IPV4 = 4
_IKE_ALGORITHMS = "parse.y: ikeencxfs, authxfs, prfxfs, groupxfs"
_KERNEL = "pfkey.c: pfkey_encr, pfkey_integr"
_EAP = "eap.c and iked.conf(5), eap"


def find_lack(scenario: Scenario, role: Role) -> Lack | None:
    """The first thing that `scenario` asks of `role` and portable iked on Linux cannot do."""
    return next(_lacks(scenario, role), None) or next(_lacks_on_linux(scenario, role), None)


def find_native_lack(scenario: Scenario, role: Role) -> Lack | None:
    """The first thing that `scenario` asks of `role` and iked on OpenBSD cannot do."""
    return next(_lacks(scenario, role), None) or next(_lacks_on_openbsd(scenario, role), None)


def _lacks(scenario: Scenario, role: Role) -> Iterator[Lack]:
    connection = scenario.connection
    yield from _authentication(connection, role)
    yield from _features(connection, role)
    yield from _ike_algorithms(connection.ike_proposal(role))
    for child in connection.children:
        yield from _child(child, connection.child_proposal(role, child))
    for step in scenario.steps:
        yield from _action(step.action, is_own=step.by in {role, None})


def _lacks_on_linux(scenario: Scenario, role: Role) -> Iterator[Lack]:
    connection = scenario.connection
    yield from _features_on_linux(connection)
    for child in connection.children:
        proposal = connection.child_proposal(role, child)
        yield from _child_on_linux(child, proposal)
        yield from _padding(child, proposal, connection.outer_family)
    if any(step.action is Action.MOVE for step in scenario.steps):
        yield Lack(
            "cannot move SAs on Linux: PF_KEY there refuses the update as an invalid argument",
            "pfkey.c: pfkey_sa_update_addresses; Linux net/key/af_key.c",
        )


def _lacks_on_openbsd(scenario: Scenario, role: Role) -> Iterator[Lack]:
    for step in scenario.steps:
        if step.action is Action.DELETE_CHILD and step.by in {role, None}:
            yield Lack("no command to delete a Child SA and keep its IKE SA", "ikectl(8)")
        if step.action in {Action.FLOW, Action.CLOCK}:
            yield Lack(f"{step.action} steps are played on Linux only", "parley.cell.systems")


def _authentication(connection: Connection, role: Role) -> Iterator[Lack]:
    own, peer = (connection.side(each).authentication for each in (role, role.peer))
    if own.method in {Method.EAP_MSCHAPV2, Method.EAP_TLS}:
        yield Lack("no EAP as initiator", _EAP)
    if peer.method is Method.EAP_TLS:
        yield Lack("EAP-MSCHAPv2 is its only EAP method", _EAP)
    if (own.method is Method.PSK) != (peer.method is Method.PSK):
        yield Lack(
            "one method for both sides: a policy with a PSK wants one of its peer", "iked.conf(5), psk"
        )
    if own.signature == "rsa-pss":
        yield Lack("signs with RSASSA-PKCS1-v1_5 only, and verifies both", "crypto.c: force_rsa_pss = 0")
    for side in (own, peer):
        if _has_key(side) and KINDS[side.certificate].algorithm == "ed25519":
            yield Lack("RSA and ECDSA keys only", "crypto.c: dsa_init")


def _has_key(authentication: Authentication) -> bool:
    return authentication.method in {Method.CERTIFICATE, Method.RAW_KEY}


def _features(connection: Connection, role: Role) -> Iterator[Lack]:
    if len(connection.children) > 1:
        yield Lack(
            "one Child SA per IKE SA: all selectors of a policy make one", "ikev2.c: ikev2_childsa_negotiate"
        )
    if connection.ppk_id:
        yield Lack("no post-quantum preshared keys (RFC 8784)", "iked.conf(5); ikev2.h has no USE_PPK")
    if connection.childless:
        yield Lack("no childless IKE SA (RFC 6023)", "ikev2.c: ikev2_ike_auth_recv wants SA and TS payloads")
    if connection.always_cookie and role is Role.RESPONDER:
        yield Lack("never demands a cookie", "ikev2.c: COOKIE is reflected, and nowhere made")
    if connection.mobike and role is Role.INITIATOR:
        yield Lack("MOBIKE as responder only", "iked.conf(5), set mobike")


def _features_on_linux(connection: Connection) -> Iterator[Lack]:
    if any(_families(child) - {connection.outer_family} for child in connection.children):
        yield Lack(
            "no tunnel of one IP version in the other on Linux: PF_KEY ties an SA to the family of its ends",
            "Linux net/key/af_key.c, pfkey_msg2xfrm_state: x->sel.family = x->props.family",
        )
    if any(child.ipcomp for child in connection.children):
        yield Lack(
            "no IPcomp on Linux: its policies there ask for ESP in tunnel mode, its SAs are IPcomp and "
            "ESP in transport mode",
            "pfkey.c: pfkey_flow has one template, pfkey_sagroup is for OpenBSD",
        )


def _families(child: Child) -> set[int]:
    return {network.version for networks in child.selectors.values() for network in networks}


def _ike_algorithms(proposal: Proposal) -> Iterator[Lack]:
    if proposal.additional:
        yield Lack("no additional key exchanges (RFC 9370)", "ikev2.h has no transform types 6 to 12")
    for names, known in (
        (proposal.encryption, words.IKE_ENCRYPTION),
        ([name for name in proposal.integrity if name != "NONE"], words.INTEGRITY),
        (proposal.prf, words.PRF),
        (proposal.ke, words.KE),
    ):
        for name in names:
            if name not in known:
                yield Lack(f"no {name} for IKE", _IKE_ALGORITHMS)


def _child(child: Child, proposal: Proposal) -> Iterator[Lack]:
    encryption = proposal.encryption if child.protocol is Protocol.ESP else ()
    for names, known in (
        (encryption, words.ESP_ENCRYPTION),
        ([name for name in proposal.integrity if name != "NONE"], words.INTEGRITY),
    ):
        for name in names:
            if name not in known:
                yield Lack(f"no {name} for ESP or AH", "parse.y: ipsecencxfs, authxfs")
    if proposal.additional:
        yield Lack("no additional key exchanges (RFC 9370)", "ikev2.h has no transform types 6 to 12")
    for name in proposal.ke:
        if name not in words.KE:
            yield Lack(f"no {name}", "parse.y: groupxfs")


def _child_on_linux(child: Child, proposal: Proposal) -> Iterator[Lack]:
    if child.protocol is Protocol.ESP:
        for name in proposal.encryption:
            if name not in words.LINUX_ENCRYPTION:
                yield Lack(f"no {name} for ESP on Linux: it uses PF_KEY", _KERNEL)
    for name in proposal.integrity:
        if name != "NONE" and name not in words.LINUX_INTEGRITY:
            yield Lack(
                f"no {name} on Linux: it uses PF_KEY, which has no such algorithm or cuts it to 96 bits",
                _KERNEL,
            )
    if proposal.esn:
        yield Lack(
            "no extended sequence numbers on Linux: it uses PF_KEY",
            "pfkey.c: kernel has no support for ... ESN",
        )


def _padding(child: Child, proposal: Proposal, outer_family: int) -> Iterator[Lack]:
    """RFC 4302 section 3.3.3.2.1: a multiple of 4 bytes in IPv4, of 8 in IPv6."""
    aligned = set(proposal.integrity) <= {"AUTH_HMAC_MD5_96", "AUTH_HMAC_SHA1_96"} and proposal.integrity
    if child.protocol is Protocol.AH and outer_family == _IPV4 and not aligned:
        yield Lack(
            "AH in IPv4 on Linux with 96 bits of ICV only: PF_KEY cannot ask for padding to 4 bytes",
            "Linux net/ipv4/ah4.c: XFRM_STATE_ALIGN4",
        )


def _action(action: Action, *, is_own: bool) -> Iterator[Lack]:
    if action is Action.REAUTHENTICATE and is_own:
        yield Lack("no command to reauthenticate", "ikectl(8)")
    if action is Action.MOVE and is_own:
        yield Lack("MOBIKE as responder only", "iked.conf(5), set mobike")
