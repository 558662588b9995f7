"""The Child SAs of a scenario file, and the networks that they connect."""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import ip_network
from typing import TYPE_CHECKING

from parley.lab.topology import NETWORK
from parley.scenario import schema
from parley.scenario.fields import open_table
from parley.scenario.model import Child, Lifetime, Mode, Proposal, Role
from parley.scenario.proposals import read_child_proposal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from ipaddress import IPv4Network, IPv6Network

    from parley.scenario.fields import Node, Table

    Networks = tuple[IPv4Network | IPv6Network, ...]

IPV4 = 4


@dataclass(frozen=True, slots=True)
class Ground:
    """What the network gives: the hosts, the families, and what each side says it protects."""

    hosts: Mapping[Role, str]
    sides: Mapping[Role, Table]
    outer: int
    inner: int

    def address(self, role: Role) -> IPv4Network | IPv6Network:
        """A side's own outer address."""
        interface = NETWORK.main_interface(self.hosts[role])
        return ip_network(interface.ipv4.ip if self.outer == IPV4 else interface.ipv6.ip)

    def protected(self, role: Role, mode: Mode) -> Networks:
        """What a side's Child SAs protect unless the file says otherwise."""
        if mode is Mode.TRANSPORT:
            return (self.address(role),)
        pool = self.sides[Role.RESPONDER].get(schema.POOL)
        if role is Role.INITIATOR and pool is not None:
            return (pool,)
        behind = [
            interface.ipv4.network if self.inner == IPV4 else interface.ipv6.network
            for interface in NETWORK.host(self.hosts[role]).interfaces
            if NETWORK.segment(interface.segment) in NETWORK.protected
        ]
        return tuple(behind) or (self.address(role),)


@dataclass(frozen=True, slots=True)
class Written:
    """A Child SA and the table that it was read from."""

    table: Table
    child: Child


def read_children(node: Node | None, root: Node, ground: Ground) -> list[Written]:
    """All Child SAs; a file that names none has one, with defaults."""
    if node is not None and not node.elements():
        node.report("child is an empty list")
    if node is None or not node.elements():
        return [_read(open_table(replace(root, value={}), schema.CHILD), ground)]
    children = [_read(open_table(element, schema.CHILD), ground) for element in node.elements()]
    seen: set[str] = set()
    for written in children:
        if written.child.name in seen:
            written.table.at(schema.NAME).report(f"there are two Child SAs named {written.child.name}")
        seen.add(written.child.name)
    return children


def _read(table: Table, ground: Ground) -> Written:
    mode, protocol = table.get(schema.MODE), table.get(schema.PROTOCOL)
    child = Child(
        name=table.get(schema.NAME),
        selectors={role: _selectors(table, role, mode, ground) for role in Role},
        proposal=read_child_proposal(table, protocol),
        mode=mode,
        protocol=protocol,
        lifetime=Lifetime(table.get(schema.LIFETIME), table.get(schema.LIFETIME_BYTES)),
        ipcomp=table.get(schema.IPCOMP),
    )
    _check_families(table, child, ground)
    if mode is Mode.TRANSPORT:
        _check_transport(table, child, ground)
    return Written(table, child)


_OWN_SELECTORS = {Role.INITIATOR: schema.INITIATOR_SELECTORS, Role.RESPONDER: schema.RESPONDER_SELECTORS}


def _selectors(table: Table, role: Role, mode: Mode, ground: Ground) -> Networks:
    own = table.get(_OWN_SELECTORS[role])
    return own or ground.sides[role].get(schema.SELECTORS) or ground.protected(role, mode)


def _origin(table: Table, role: Role, ground: Ground) -> Node:
    """Where a side's selectors are written; the child's table where nothing is."""
    if not table.has(_OWN_SELECTORS[role]):
        if ground.sides[role].has(schema.SELECTORS):
            return ground.sides[role].at(schema.SELECTORS)
        if role is Role.INITIATOR and ground.sides[Role.RESPONDER].has(schema.POOL):
            return ground.sides[Role.RESPONDER].at(schema.POOL)
    return table.at(_OWN_SELECTORS[role])


def _check_families(table: Table, child: Child, ground: Ground) -> None:
    families = {role: {network.version for network in child.selectors[role]} for role in Role}
    nodes = {role: _origin(table, role, ground) for role in Role}
    # Of two sides that do not fit, the one that is written is the mistaken one.
    for role in sorted(Role, key=lambda role: nodes[role] == table.node):
        for lonely in sorted(families[role] - families[role.peer]):
            nodes[role].report(
                f"selectors of the {role} are IPv{lonely}, and those of the {role.peer} are not: "
                "no packet can match both (RFC 7296 section 3.13)"
            )
            return


def _check_transport(table: Table, child: Child, ground: Ground) -> None:
    for role in Role:
        wanted = ground.address(role)
        if child.selectors[role] != (wanted,):
            _origin(table, role, ground).report(
                f"selectors: transport mode protects the {role} itself (RFC 4301 section 4.1)",
                f"leave them out, or {wanted}",
            )


def read_responder_child(node: Node | None, children: Sequence[Written]) -> tuple[Proposal | None, Networks]:
    """What the responder's configuration says of its Child SAs instead: proposal and selectors."""
    if node is None:
        return None, ()
    table = open_table(node, schema.RESPONDER_CHILD)
    first = children[0].child
    proposal = read_child_proposal(table, first.protocol, first.proposal)
    selectors = table.get(schema.NARROWED)
    if len(children) > 1:
        node.report("[responder.child] with several Child SAs: it is not clear which is meant")
    elif {network.version for network in selectors} - {
        network.version for network in first.selectors[Role.RESPONDER]
    }:
        table.at(schema.NARROWED).report("selectors are of another family than [child] has")
    return (None if proposal == first.proposal else proposal), selectors


def shares_addresses(some: Networks, others: Networks) -> bool:
    """Whether an address lies in both."""
    return any(one.version == other.version and one.overlaps(other) for one in some for other in others)
