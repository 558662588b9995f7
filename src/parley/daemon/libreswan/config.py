"""ipsec.conf(5) and ipsec.secrets(5) for one end of a connection.

This side is `left`, the other `right`. Each Child SA is a conn section of its own; pluto finds by itself that
they share an IKE SA.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from parley.daemon.libreswan.algorithms import ah_proposal, esp_proposal, ike_proposal
from parley.pki import KINDS
from parley.scenario.model import Method, Mode, Protocol, Role

if TYPE_CHECKING:
    from collections.abc import Iterable
    from ipaddress import IPv4Network, IPv6Network

    from parley.daemon.driver import Addresses
    from parley.scenario.model import Authentication, Child, Connection

# Where `start` puts the public keys that both ends' raw keys are known by, as a conn section to refer to.
RAW_KEYS_FILE = "/etc/ipsec.d/parley-raw-keys.conf"
RAW_KEYS = "parley-raw-keys"

# Between the moment when an SA is rekeyed and the end of its life (seconds), so that it is rekeyed when the
# scenario says, not up to 18 minutes before (rekeymargin=, rekeyfuzz=).
_MARGIN = 60

# Pluto rekeys at a quarter of ipsec-max-bytes= where it initiated, give or take 12 % (ipsec.conf(5)).
_BYTES_FACTOR = 4

_CERTIFIED = {Method.CERTIFICATE, Method.EAP_TLS}
_SIGNATURES = {"rsa-pkcs1": "rsa-sha1", "rsa-pss": "rsa-sha2", "ecdsa": "ecdsa"}


def ipsec_conf(connection: Connection, role: Role, addresses: Addresses) -> str:
    """The whole of ipsec.conf(5)."""
    setup = {"ikev1-policy": "drop"}
    if connection.always_cookie and role is Role.RESPONDER:
        setup["ddos-mode"] = "busy"
    common = _common(connection, role, addresses)
    conns = [
        _section(f"conn {child.name}", {**common, **_child(connection, role, child, addresses)})
        for child in connection.children
    ]
    include = [f"include {RAW_KEYS_FILE}\n"] if uses_raw_keys(connection) else []
    return "\n".join([_section("config setup", setup), *include, *conns])


def ipsec_secrets(connection: Connection, role: Role) -> str:
    """The whole of ipsec.secrets(5): what this side believes the shared keys to be."""
    ids = f"{identity(connection.identity(role))} {identity(connection.expected_identity(role))}"
    lines = []
    for side in (connection.side(role), connection.side(role.peer)):
        if side.authentication.method is Method.PSK:
            lines.append(f'{ids} : PSK "{side.authentication.secret}"\n')
            break
    if connection.ppk_id:
        lines.append(f'{ids} : PPKS "{connection.ppk_id}" "{connection.ppk_secret}"\n')
    return "".join(lines)


def identity(text: str) -> str:
    """An ID as ipsec.conf(5) takes it: `@` marks a name that must not be looked up (leftid=)."""
    if "=" in text:
        return f'"{text}"'
    try:
        return str(ip_address(text))
    except ValueError:
        return text if "@" in text else f"@{text}"


def uses_raw_keys(connection: Connection) -> bool:
    """Whether an end is known by its public key alone."""
    return any(connection.side(role).authentication.method is Method.RAW_KEY for role in Role)


def _common(connection: Connection, role: Role, addresses: Addresses) -> dict[str, str]:
    values = {
        "auto": "add",
        "left": addresses.local,
        "leftid": identity(connection.identity(role)),
        # A responder lets only those move whose address it was not told (ikev2_ike_auth.c).
        "right": "%any" if connection.mobike and role is Role.RESPONDER else addresses.remote,
        "rightid": identity(connection.expected_identity(role)),
        **_authentication(connection, role),
    }
    proposal = connection.ike_proposal(role)
    if not proposal.is_default:
        values["ike"] = ike_proposal(proposal)
    for name, wanted in (("fragmentation", connection.fragmentation), ("mobike", connection.mobike)):
        if wanted is not None:
            values[name] = _yes(wanted)
    if connection.force_encapsulation:
        values["encapsulation"] = "yes"
    if connection.dpd_seconds is not None:
        values["dpddelay"] = f"{connection.dpd_seconds}s"
    if connection.ppk_id:
        values |= {"ppk": "insist", "ppk-ids": f'"{connection.ppk_id}"'}
    life = connection.ike_life(role)
    if life.seconds is not None:
        values |= _rekey_at("ikelifetime", life.seconds)
    return values


def _authentication(connection: Connection, role: Role) -> dict[str, str]:
    mine, theirs = (connection.side(side).authentication for side in (role, role.peer))
    values: dict[str, str] = {}
    words = [_method(end) for end in (mine, theirs)]
    if Method.EAP_TLS in {mine.method, theirs.method}:
        # Pluto wants the EAP method on both ends, and a signature from the responder as well or not at all.
        values |= {"leftautheap": "tls", "rightautheap": "tls"}
    if words[0] == words[1] and words[0] in {"secret", "rsasig", "ecdsa"}:
        values["authby"] = _hashed(mine, words[0])
    else:
        values |= {"leftauth": words[0], "rightauth": words[1]}
        narrowed = [end.signature for end in (mine, theirs) if end.signature in _SIGNATURES]
        if narrowed:
            values["authby"] = ",".join(dict.fromkeys(_SIGNATURES[signature] for signature in narrowed))
    if Method.RAW_KEY in {mine.method, theirs.method}:
        values["also"] = RAW_KEYS
    if theirs.method in _CERTIFIED:
        # As an initiator, pluto asks for a certificate only if it is told whose (ikev2_certreq.c).
        values["rightca"] = f'"O=Parley, CN=Parley {connection.authority(role)} CA"'
    if mine.method in _CERTIFIED:
        values |= {"leftcert": connection.side(role).host}
        if KINDS[mine.certificate].intermediate:
            values["sendca"] = "all"
    return values


def _method(authentication: Authentication) -> str:
    match authentication.method:
        case Method.PSK:
            return "secret"
        case Method.EAP_TLS | Method.EAP_MSCHAPV2:
            return "eaponly"
    return "rsasig" if KINDS[authentication.certificate].algorithm.startswith("rsa") else "ecdsa"


def _hashed(authentication: Authentication, word: str) -> str:
    """authby=, which tells RSASSA-PSS (RFC 7427) from PKCS #1 v1.5 with SHA-1 (RFC 7296)."""
    return _SIGNATURES.get(authentication.signature, word)


def _child(connection: Connection, role: Role, child: Child, addresses: Addresses) -> dict[str, str]:
    values = {"type": child.mode.value}
    proposal = connection.child_proposal(role, child)
    if child.protocol is Protocol.AH:
        values |= {"phase2": "ah"}
    if proposal.encryption or proposal.integrity or proposal.ke:
        value = ah_proposal(proposal) if child.protocol is Protocol.AH else esp_proposal(proposal)
        values[child.protocol.value] = value
    if not proposal.ke:
        # By default pluto would demand a key exchange whenever an SA is added or rekeyed, which the other
        # daemons' defaults never offer: who wants one names a group.
        values["pfs"] = "no"
    if proposal.esn is not None:
        values["esn"] = _yes(proposal.esn)
    if child.ipcomp:
        values["compress"] = "yes"
    life = connection.child_life(role, child)
    if life.seconds is not None:
        values |= _rekey_at("salifetime", life.seconds)
    if life.bytes is not None:
        values["ipsec-max-bytes"] = str(life.bytes * _BYTES_FACTOR)
    return values | _selectors(connection, role, child, addresses)


def _selectors(connection: Connection, role: Role, child: Child, addresses: Addresses) -> dict[str, str]:
    if child.mode is Mode.TRANSPORT:
        return {}
    values = {"narrowing": "yes"} if child.responder_selectors or connection.pool else {}
    for end, owner, address in (("left", role, addresses.local), ("right", role.peer, addresses.remote)):
        if connection.pool and owner is Role.INITIATOR:
            continue
        networks = connection.selectors(role, child, owner)
        if networks != (ip_network(address),):
            values[f"{end}subnet"] = _networks(networks)
    if connection.pool and role is Role.INITIATOR:
        # All of its family, to be narrowed to what is leased (RFC 7296 section 2.19).
        anything = "::/0" if ":" in connection.pool else "0.0.0.0/0"
        values |= {"leftmodecfgclient": "yes", "leftsubnet": anything}
    elif connection.pool:
        values |= {"rightaddresspool": connection.pool}
    return values


def _rekey_at(name: str, seconds: int) -> dict[str, str]:
    return {name: f"{seconds + _MARGIN}s", "rekeymargin": f"{_MARGIN}s", "rekeyfuzz": "0%"}


def _section(head: str, values: dict[str, str]) -> str:
    return f"{head}\n" + "".join(f"\t{name}={value}\n" for name, value in values.items())


def _networks(networks: Iterable[IPv4Network | IPv6Network]) -> str:
    return ",".join(str(network) for network in networks)


def _yes(wanted: bool) -> str:
    return "yes" if wanted else "no"
