"""swanctl.conf(5) and strongswan.conf(5) for one end of a connection."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from parley.daemon.strongswan.proposals import ah_proposal, esp_proposal, ike_proposal
from parley.scenario.model import Method, Mode, Protocol

if TYPE_CHECKING:
    from parley.daemon.driver import Addresses
    from parley.scenario.model import Authentication, Child, Connection, Lifetime, Role

# The connection's name; a Child SA has the name that the scenario gives it.
CONNECTION = "parley"
LOG = "/parley/log/charon.log"
# Not in the log directory: people read that one, and these are tens of thousands of lines of hex.
KEY_LOG = "/parley/state/charon-keys.log"

# Where the half-open IKE SA comes from that has charon demand cookies.
LOOPBACK = "127.0.0.1"

# A value or a section, as they nest in strongswan.conf(5).
Section = dict[str, "str | Section"]

_HALF_OPEN: Section = {
    "version": "2",
    "local_addrs": LOOPBACK,
    "remote_addrs": LOOPBACK,
    "local": {"auth": "psk"},
    "remote": {"auth": "psk"},
}

_PLAIN = re.compile(r"[\w.:/,%|*-]+")
# strongSwan lets the peer's support for RFC 7427 decide among these hashes.
_HASHES = "sha256-sha384-sha512"
# Peers without RFC 7427 sign PKCS #1 v1.5 with SHA-1 (RFC 7296 section 3.8); PSS is for those with it.
_SIGNATURES = {"rsa-pkcs1": f"ike:rsa-sha1-{_HASHES}", "rsa-pss": f"ike:rsa/pss-{_HASHES}"}
_EAP = {Method.EAP_MSCHAPV2: "eap-mschapv2", Method.EAP_TLS: "eap-tls"}


def swanctl_conf(connection: Connection, role: Role, addresses: Addresses) -> str:
    """The connection with its secrets and its pool."""
    connections: Section = {CONNECTION: _connection(connection, role, addresses)}
    if demands_cookies(connection, role):
        connections["half-open"] = _HALF_OPEN
    sections: Section = {"connections": connections, "secrets": _secrets(connection, role)}
    if connection.pool and role.peer.value == "initiator":
        sections["pools"] = {"lease": {"addrs": connection.pool}}
    return _render(sections)


def demands_cookies(connection: Connection, role: Role) -> bool:
    """Whether charon must think that it is under attack: from one half-open IKE SA on."""
    return connection.always_cookie and role.value == "responder"


def strongswan_conf(connection: Connection, role: Role) -> str:
    """Logs, one for people and one from which the keys are taken; chance; and when to demand cookies.

    Debian's packages lack the plugin save-keys; charon prints the keys at level 4 of IKE, and at level 2
    of MGR the SPIs that they belong to (keymat_v2.c, ike_sa_manager.c).
    """
    people: Section = {
        "path": LOG,
        "default": "1",
        "flush_line": "yes",
        "time_format": "%b %d %H:%M:%S",
        "ike_name": "yes",
    }
    keys: Section = {
        "path": KEY_LOG,
        "default": "-1",
        "ike": "4",
        "mgr": "2",
        "cfg": "1",
        "enc": "1",
        "flush_line": "yes",
        "append": "yes",
    }
    # Random numbers of the processor's own are the only ones that a kernel's seed cannot have again.
    chance: Section = {"rdrand": {"load": "no"}}
    charon: Section = {"filelog": {"people": people, "keys": keys}, "plugins": chance}
    if demands_cookies(connection, role):
        charon |= {"cookie_threshold": "1", "half_open_timeout": "3600"}
    return _render({"charon-systemd": charon})


def _render(sections: Section, indent: str = "") -> str:
    lines = []
    for name, value in sections.items():
        if isinstance(value, str):
            lines.append(f"{indent}{name} = {_value(value)}\n")
        else:
            lines.append(f"{indent}{name} {{\n{_render(value, indent + '    ')}{indent}}}\n")
    return "".join(lines)


def _value(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _connection(connection: Connection, role: Role, addresses: Addresses) -> Section:
    section: Section = {
        "version": "2",
        "local_addrs": addresses.local,
        "remote_addrs": addresses.remote,
        "proposals": ike_proposal(connection.ike_proposal(role)),
        "local": _local(connection, role),
        "remote": _remote(connection, role),
        "children": {child.name: _child(connection, role, child) for child in connection.children},
    }
    for name, wanted in (("fragmentation", connection.fragmentation), ("mobike", connection.mobike)):
        if wanted is not None:
            section[name] = _yes(wanted=wanted)
    if connection.force_encapsulation:
        section["encap"] = "yes"
    if connection.dpd_seconds is not None:
        section["dpd_delay"] = f"{connection.dpd_seconds}s"
    if connection.ppk_id:
        section |= {"ppk_id": connection.ppk_id, "ppk_required": "yes"}
    rekey = connection.ike_life(role).seconds
    if rekey is not None:
        # strongSwan takes a random time off, by default up to a tenth: scenarios count on the moment.
        section |= {"rekey_time": f"{rekey}s", "rand_time": "0s"}
    return section | _of_role(connection, role)


def _of_role(connection: Connection, role: Role) -> Section:
    section: Section = {}
    initiates = role.value == "initiator"
    if connection.childless:
        section["childless"] = "force" if initiates else "allow"
    if connection.pool and initiates:
        section["vips"] = "::" if ":" in connection.pool else "0.0.0.0"  # noqa: S104 -- asks for any address
    elif connection.pool:
        section["pools"] = "lease"
    return section


def _yes(*, wanted: bool) -> str:
    return "yes" if wanted else "no"


def _local(connection: Connection, role: Role) -> Section:
    side = connection.side(role)
    section: Section = {"id": connection.identity(role), "auth": _auth(side.authentication)}
    match side.authentication.method:
        case Method.CERTIFICATE | Method.EAP_TLS:
            section["certs"] = f"{side.host}.crt"
        case Method.RAW_KEY:
            section["pubkeys"] = f"{side.host}.pub"
        case Method.EAP_MSCHAPV2:
            section["eap_id"] = connection.identity(role)
        case Method.PSK:
            pass
    return section


def _remote(connection: Connection, role: Role) -> Section:
    peer = connection.side(role.peer)
    section: Section = {"id": connection.expected_identity(role), "auth": _auth(peer.authentication)}
    match peer.authentication.method:
        case Method.RAW_KEY:
            section["pubkeys"] = f"{peer.host}.pub"
        case Method.EAP_MSCHAPV2:
            section["eap_id"] = connection.expected_identity(role)
        case _:
            pass
    return section


def _auth(authentication: Authentication) -> str:
    method = authentication.method
    if method is Method.PSK:
        return "psk"
    return _EAP.get(method) or _SIGNATURES.get(authentication.signature, "pubkey")


def _child(connection: Connection, role: Role, child: Child) -> Section:
    proposal = connection.child_proposal(role, child)
    section: Section = {"mode": child.mode.value}
    if child.protocol is Protocol.AH:
        section["ah_proposals"] = ah_proposal(proposal)
    else:
        section["esp_proposals"] = esp_proposal(proposal)
    for name, owner in (("local_ts", role), ("remote_ts", role.peer)):
        leased = connection.pool and owner.value == "initiator" and child.mode is Mode.TUNNEL
        networks = connection.selectors(role, child, owner)
        section[name] = "dynamic" if leased else ",".join(str(network) for network in networks)
    if child.ipcomp:
        section["ipcomp"] = "yes"
    return section | _lifetime(connection.child_life(role, child))


def _lifetime(lifetime: Lifetime) -> Section:
    section: Section = {}
    if lifetime.seconds is not None:
        section |= {"rekey_time": f"{lifetime.seconds}s", "rand_time": "0s"}
    if lifetime.bytes is not None:
        section |= {"rekey_bytes": str(lifetime.bytes), "rand_bytes": "0"}
    return section


def _secrets(connection: Connection, role: Role) -> Section:
    own, peer = (connection.side(each).authentication for each in (role, role.peer))
    secrets: Section = {}
    ids: Section = {"id-local": connection.identity(role), "id-remote": connection.expected_identity(role)}
    if Method.PSK in {own.method, peer.method}:
        secrets["ike-parley"] = {"secret": own.secret or peer.secret} | ids
    for each, owner in ((own, role), (peer, role.peer)):
        if each.method is Method.EAP_MSCHAPV2:
            secrets["eap-parley"] = {"secret": each.secret, "id": connection.identity(owner)}
    if connection.ppk_id:
        secrets["ppk-parley"] = {"secret": connection.ppk_secret, "id": connection.ppk_id}
    return secrets
