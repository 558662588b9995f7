"""iked.conf(5) for one end of a connection."""

from __future__ import annotations

from ipaddress import ip_network
from itertools import product
from typing import TYPE_CHECKING

from parley.daemon.openiked import words
from parley.scenario.model import Action, Method, Protocol, Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from ipaddress import IPv4Network, IPv6Network

    from parley.daemon.driver import Addresses
    from parley.scenario.model import Connection, Proposal, Scenario

    Network = IPv4Network | IPv6Network

POLICY = "parley"
# iked rekeys an IKE SA at 85 to 95 % of its life, and has no command for it: where a scenario wants it to,
# the life is short and the driver waits (seconds).
_SHORT_LIFE = 10
_IPV6_INTERFACE = (1 << 64) - 1


def iked_conf(scenario: Scenario, role: Role, addresses: Addresses, *, acquires: bool = True) -> str:
    """The whole file: globals, users, and one policy.

    With `acquires`, a driver has the kernel ask for SAs and for new ones in their place, which works on
    Linux. Without, iked does all by itself: the policy is active in a daemon that is passive until it is
    told otherwise, and what a scenario has rekeyed does not live long.
    """
    connection = scenario.connection
    is_asked = acquires and acquirable_flow(connection, role) is not None
    lines = [*([] if is_asked else ["set passive"]), *_globals(connection), *_users(connection, role)]
    policy = [
        f'ikev2 "{POLICY}" {" ".join(_flags(connection, is_asked=is_asked))}',
        *_flows(connection, role),
        f"local {addresses.local} peer {addresses.remote}",
        *_ike_proposal(connection.ike_proposal(role)),
        *_child_proposal(connection.child_proposal(role, connection.children[0])),
        f'srcid "{identity(connection.identity(role))}"',
        f'dstid "{identity(connection.expected_identity(role))}"',
        *_lifetimes(scenario, role, acquires=acquires),
        *_authentication(connection, role),
        *_configuration_payload(connection, role, addresses),
    ]
    return "\n".join([*lines, " \\\n    ".join(policy)]) + "\n"


def identity(text: str) -> str:
    """An identity in iked's spelling: a distinguished name as /C=../CN=.., a name without its @."""
    if "=" in text:
        return "/" + "/".join(part.strip() for part in text.split(","))
    return text.removeprefix("@")


def flow_pairs(connection: Connection, role: Role) -> list[tuple[Network, Network]]:
    """What the policy's flows connect, own end first; a leased end is the unset address.

    iked.conf(5) calls it `dynamic`. With networks around the lease instead, an initiator would have flows
    for all of them, whatever the responder narrowed them to (ikev2.c, ikev2_childsa_negotiate).
    """
    child = connection.children[0]
    ends = [
        (_unset(connection.pool),)
        if connection.pool and owner is Role.INITIATOR
        else connection.selectors(role, child, owner)
        for owner in (role, role.peer)
    ]
    return [(own, peer) for own, peer in product(*ends) if own.version == peer.version]


def acquirable_flow(connection: Connection, role: Role) -> tuple[Network, Network] | None:
    """A flow that a kernel can ask portable iked to protect (pfkey.c, SADB_ACQUIRE), if there is one.

    Of a flow's addresses it keeps the first 16 bytes of the socket address, which cuts an IPv6 address in
    half: only networks whose other half is zero are found again.
    """
    flows = flow_pairs(connection, role)
    return next((flow for flow in flows if all(_survives(end) for end in flow)), None)


def _unset(pool: str) -> Network:
    return ip_network("::" if ":" in pool else "0.0.0.0")  # noqa: S104 -- no address that anybody binds to


def _survives(network: Network) -> bool:
    return network.max_prefixlen == 32 or not int(network.network_address) & _IPV6_INTERFACE  # noqa: PLR2004 -- IPv4


def _globals(connection: Connection) -> list[str]:
    lines = []
    if connection.fragmentation is not None:
        lines.append(f"set {'' if connection.fragmentation else 'no'}fragmentation")
    if connection.mobike is not None:
        lines.append(f"set {'' if connection.mobike else 'no'}mobike")
    if connection.dpd_seconds is not None:
        lines.append(f"set dpd_check_interval {connection.dpd_seconds}")
    return lines


def _users(connection: Connection, role: Role) -> list[str]:
    peer = connection.side(role.peer).authentication
    if peer.method is not Method.EAP_MSCHAPV2:
        return []
    return [f'user "{connection.identity(role.peer)}" "{peer.secret}"']


def _flags(connection: Connection, *, is_asked: bool) -> Iterable[str]:
    child = connection.children[0]
    # A passive policy initiates when the kernel asks for it, at once and never by itself.
    yield "passive" if is_asked else "active"
    if child.ipcomp:
        yield "ipcomp"
    yield child.mode.value
    if connection.force_encapsulation:
        yield "natt"
    yield child.protocol.value


def _flows(connection: Connection, role: Role) -> list[str]:
    unset = _unset(connection.pool)
    ends = [
        ["dynamic" if end == unset else str(end) for end in flow] for flow in flow_pairs(connection, role)
    ]
    return [f"from {own} to {peer}" for own, peer in ends]


def _ike_proposal(proposal: Proposal) -> list[str]:
    transforms = _transforms("enc", words.IKE_ENCRYPTION, proposal.encryption)
    transforms += _transforms("auth", words.INTEGRITY, proposal.integrity)
    transforms += _transforms("prf", words.PRF, proposal.prf)
    transforms += _transforms("group", words.KE, proposal.ke)
    return [f"ikesa {' '.join(transforms)}"] if transforms else []


def _child_proposal(proposal: Proposal) -> list[str]:
    transforms = _transforms("enc", words.ESP_ENCRYPTION, proposal.encryption)
    transforms += _transforms("auth", words.INTEGRITY, proposal.integrity)
    transforms += _transforms("group", words.KE, proposal.ke)
    if proposal.esn is not None:
        transforms.append("esn" if proposal.esn else "noesn")
    return [f"childsa {' '.join(transforms)}"] if transforms else []


def _transforms(keyword: str, table: Mapping[str, str], names: Iterable[str]) -> list[str]:
    # What it has no word for is left to its own parser to refuse: see `parley matrix --try-lacks`.
    return [f"{keyword} {table.get(name, name)}" for name in names if name != "NONE"]


def rekeys_ike(scenario: Scenario, role: Role) -> bool:
    """Whether the scenario has `role` rekey its IKE SA."""
    return any(step.action is Action.REKEY_IKE and step.by in {role, None} for step in scenario.steps)


def rekeys_child(scenario: Scenario, role: Role) -> bool:
    """Whether the scenario has `role` rekey a Child SA."""
    return any(step.action is Action.REKEY_CHILD and step.by in {role, None} for step in scenario.steps)


def _lifetimes(scenario: Scenario, role: Role, *, acquires: bool) -> list[str]:
    lifetimes = []
    connection = scenario.connection
    seconds = connection.ike_life(role).seconds
    if seconds is None and rekeys_ike(scenario, role):
        seconds = _SHORT_LIFE
    if seconds is not None:
        lifetimes.append(f"ikelifetime {seconds}")
    child = connection.child_life(role, connection.children[0])
    seconds = child.seconds
    if seconds is None and not acquires and rekeys_child(scenario, role):
        seconds = _SHORT_LIFE
    if seconds is not None or child.bytes is not None:
        # iked.conf(5): without a number of its own, a lifetime is 3 hours or 4 gigabytes.
        lifetimes.append(f"lifetime {seconds or '3h'} bytes {child.bytes or '4G'}")
    return lifetimes


def _authentication(connection: Connection, role: Role) -> list[str]:
    own = connection.side(role).authentication
    if own.method is Method.PSK:
        return [f'psk "{own.secret}"']
    if connection.side(role.peer).authentication.method is Method.EAP_MSCHAPV2:
        return ['eap "mschap-v2"']
    return []


def _configuration_payload(connection: Connection, role: Role, addresses: Addresses) -> list[str]:
    if not connection.pool:
        return []
    if role is Role.RESPONDER:
        return [f"config address {connection.pool}"]
    unset = "::" if ":" in connection.pool else "0.0.0.0"  # noqa: S104 -- asks for any address
    return [f"request address {unset}", f"iface {addresses.interface}"]


def is_ah(connection: Connection) -> bool:
    """Whether the policy's SAs are AH."""
    return connection.children[0].protocol is Protocol.AH
