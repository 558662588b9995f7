"""Scenarios from TOML files: what is read, what is assumed, and what is refused.

docs/reference/scenarios.md describes the format.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from parley.errors import InputError
from parley.image.kernel_features import NFTABLES
from parley.scenario import schema, schema_steps
from parley.scenario.children import IPV4, Ground, read_children, read_responder_child
from parley.scenario.fields import open_table, parse_document, require
from parley.scenario.iana import FIRST_STATUS_NOTIFY, NOTIFIES
from parley.scenario.model import Connection, Expectation, KnownFailure, Lifetime, Nat, Role, Scenario
from parley.scenario.outcome import check_outcome
from parley.scenario.proposals import read_ike_proposal
from parley.scenario.sides import read_sides
from parley.scenario.steps import (
    ESTABLISHED_STEPS,
    REFUSED_STEPS,
    check_moves,
    check_order,
    check_remaps,
    read_steps,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from parley.scenario.children import Written
    from parley.scenario.fields import Document, Key, Node, Section, Table
    from parley.scenario.model import Proposal, ScenarioStep

SUFFIX = ".toml"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")


def load_scenario(path: Path) -> Scenario:
    """Read the scenario in `path`. Raises InputError with the line of the first mistake."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(path, 0, f"cannot be read: {error.strerror}") from error
    try:
        return parse_scenario(path, data.decode())
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(path, line, f"no UTF-8: {error.reason}") from error


def parse_scenario(path: Path, text: str) -> Scenario:
    """Read a scenario from the text of `path`. Raises InputError with the line of the first mistake."""
    if not _NAME.fullmatch(path.stem):
        raise InputError(path, 0, f"{path.stem!r} is no name for a scenario", hint="a-z, 0-9 and dashes")
    document = parse_document(path, text)
    scenario = _Reader(document).read()
    document.require_sound()
    return scenario


class _Reader:
    """Reads one document; mistakes gather in it."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.file = open_table(document.node, schema.FILE)
        self.network = self._table(schema.NETWORK_TABLE, schema.NETWORK)
        self.ike = self._table(schema.IKE_TABLE, schema.IKE)
        self.expect = self._table(schema.EXPECT_TABLE, schema_steps.EXPECT)
        self.sides = {
            Role.INITIATOR: self._table(schema.INITIATOR_TABLE, schema.INITIATOR),
            Role.RESPONDER: self._table(schema.RESPONDER_TABLE, schema.RESPONDER),
        }
        self.nat = self.network.get(schema.NAT)

    def _table(self, key: Key[Node | None], section: Section) -> Table:
        """A table of the file; an absent one is an empty one."""
        node = self.file.get(key)
        return open_table(replace(self.document.node, value={}) if node is None else node, section)

    def read(self) -> Scenario:
        """The scenario; worth nothing if mistakes were found."""
        require(self.file, "the scenario", schema.TITLE)
        children = read_children(self.file.get(schema.CHILD_TABLE), self.document.node, self._ground())
        connection = self._connection(children)
        self._check_network(connection)
        expect = self._expectation(connection)
        return Scenario(
            name=self.document.path.stem,
            title=self.file.get(schema.TITLE),
            path=self.document.path,
            connection=connection,
            steps=self._steps(connection, expect),
            expect=expect,
            nat=self._read_nat(),
            impairments=self._impairments(),
            rfcs=self.file.get(schema.RFC),
            ipv6_ready=self.file.get(schema.IPV6_READY),
            description=self.file.get(schema.DESCRIPTION),
            clock=self.file.get(schema.CLOCK),
            core=self.file.get(schema.CORE),
            needs=self._needs(),
            known=self._known(),
        )

    def _read_nat(self) -> Nat:
        timeout = self.network.get(schema.NAT_TIMEOUT)
        if timeout and tuple(self.nat) != (Role.INITIATOR,):
            self.network.at(schema.NAT_TIMEOUT).report(
                "nat_timeout: only the initiator's NAT maps ports", 'nat = ["initiator"]'
            )
        return Nat(Role.INITIATOR in self.nat, Role.RESPONDER in self.nat, timeout)

    def _needs(self) -> tuple[str, ...]:
        """What the scenario names, and what else it cannot be played without."""
        port_mapping = (NFTABLES,) if self.network.has(schema.NAT_TIMEOUT) else ()
        return tuple(dict.fromkeys((*self.file.get(schema.NEEDS), *port_mapping)))

    def _ground(self) -> Ground:
        outer = self.network.get(schema.OUTER)
        # Only what is behind nic is translated, so that is where the initiator is then.
        hosts = {Role.INITIATOR: "road" if self.nat else "west", Role.RESPONDER: "east"}
        return Ground(hosts, self.sides, outer, self.network.get(schema.INNER) or outer)

    def _connection(self, children: Sequence[Written]) -> Connection:
        responder = self.sides[Role.RESPONDER]
        ike = read_ike_proposal(self.ike)
        differing, narrowed = read_responder_child(responder.get(schema.DIFFERING_CHILD), children)
        pool = responder.get(schema.POOL)
        sides = read_sides(self.sides, self._ground().hosts)
        return Connection(
            initiator=sides[Role.INITIATOR],
            responder=sides[Role.RESPONDER],
            ike=ike,
            children=tuple(replace(each.child, responder_selectors=narrowed) for each in children),
            responder_ike=self._responder_ike(ike),
            responder_child=differing,
            responder_ike_lifetime=self._responder_life(schema.DIFFERING_IKE, schema.RESPONDER_IKE),
            responder_child_lifetime=self._responder_life(schema.DIFFERING_CHILD, schema.RESPONDER_CHILD),
            ike_lifetime=Lifetime(self.ike.get(schema.LIFETIME)),
            outer_family=self.network.get(schema.OUTER),
            fragmentation=self.ike.get(schema.FRAGMENTATION),
            mobike=self.ike.get(schema.MOBIKE),
            force_encapsulation=self.ike.get(schema.FORCE_ENCAPSULATION),
            dpd_seconds=self.ike.get(schema.DPD),
            ppk_id=self.ike.get(schema.PPK_ID),
            ppk_secret=self.ike.get(schema.PPK_SECRET),
            pool="" if pool is None else str(pool),
            always_cookie=responder.get(schema.COOKIE),
            childless=self.ike.get(schema.CHILDLESS),
        )

    def _responder_ike(self, ike: Proposal) -> Proposal | None:
        node = self.sides[Role.RESPONDER].get(schema.DIFFERING_IKE)
        if node is None:
            return None
        proposal = read_ike_proposal(open_table(node, schema.RESPONDER_IKE), ike)
        return None if proposal == ike else proposal

    def _responder_life(self, key: Key[Node | None], section: Section) -> Lifetime | None:
        """When the responder rekeys, where its configuration says so for itself."""
        node = self.sides[Role.RESPONDER].get(key)
        if node is None:
            return None
        table = open_table(node, section)
        in_bytes = table.get(schema.LIFETIME_BYTES) if schema.LIFETIME_BYTES in section.keys else None
        life = Lifetime(table.get(schema.LIFETIME), in_bytes)
        return None if life == Lifetime() else life

    def _check_network(self, connection: Connection) -> None:
        if self.nat and connection.outer_family != IPV4:
            self.network.at(schema.NAT).report("nat: the lab translates IPv4 only", 'outer = "ipv4"')
        if bool(connection.ppk_id) != bool(connection.ppk_secret):
            given, lacking = schema.PPK_ID, schema.PPK_SECRET
            if not connection.ppk_id:
                given, lacking = lacking, given
            self.ike.at(given).report(f"{given.name} without {lacking.name} (RFC 8784 section 3)")
        if connection.pool and self.sides[Role.INITIATOR].has(schema.SELECTORS):
            self.sides[Role.INITIATOR].at(schema.SELECTORS).report(
                "selectors: the initiator has the address that it leases from the pool"
            )

    def _impairments(self) -> tuple[str, ...]:
        mtu = self.network.get(schema.IKE_MTU)
        black_hole = () if mtu is None else (f"internet:mtu={mtu},only=ike",)
        return (*black_hole, *self.network.get(schema.IMPAIR))

    def _expectation(self, connection: Connection) -> Expectation:
        expect = Expectation(
            established=self.expect.get(schema_steps.OUTCOME) == schema_steps.ESTABLISHED,
            notify=self.expect.get(schema_steps.NOTIFY),
            seen=self.expect.get(schema_steps.SEEN),
            child_sas=self.expect.get(schema_steps.CHILD_SAS),
            ike_sas=self.expect.get(schema_steps.IKE_SAS),
            retransmits=self.expect.get(schema_steps.RETRANSMITS),
        )
        if expect.notify and expect.established:
            self.expect.at(schema_steps.NOTIFY).report(
                "notify: an established connection is not refused with one", 'outcome = "refused", or seen'
            )
        elif NOTIFIES.get(expect.notify, 0) >= FIRST_STATUS_NOTIFY:
            self.expect.at(schema_steps.NOTIFY).report(f"notify: {expect.notify} is no error")
        elif not self.document.errors:
            check_outcome(self.expect, connection, expect)
        return expect

    def _steps(self, connection: Connection, expect: Expectation) -> tuple[ScenarioStep, ...]:
        node = self.file.get(schema.STEP_TABLE)
        if node is None:
            return ESTABLISHED_STEPS if expect.established else REFUSED_STEPS
        steps = read_steps(node)
        names = [child.name for child in connection.children]
        check_order(steps, names, established=expect.established)
        check_moves(steps, connection)
        check_remaps(steps, self.network.has(schema.NAT_TIMEOUT))
        return tuple(each.step for each in steps)

    def _known(self) -> tuple[KnownFailure, ...]:
        node = self.file.get(schema.KNOWN_TABLE)
        if node is None:
            return ()
        if not isinstance(node.value, list):
            node.report(f"known is {node.shown}, not an array of tables", "[[known]]")
            return ()
        return tuple(_known_failure(element) for element in node.elements())


def _known_failure(node: Node) -> KnownFailure:
    table = open_table(node, schema.KNOWN)
    require(table, schema.KNOWN.header, schema.REASON, schema.FINDING)
    return KnownFailure(
        initiator=table.get(schema.KNOWN_INITIATOR),
        responder=table.get(schema.KNOWN_RESPONDER),
        reason=table.get(schema.REASON),
        finding=table.get(schema.FINDING),
        sometimes=table.get(schema.SOMETIMES),
    )
