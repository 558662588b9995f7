"""Which driver plays which end of a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parley.daemon.driver import Addresses
from parley.daemon.registry import daemon_named
from parley.errors import UsageError
from parley.lab.topology import NETWORK
from parley.scenario.model import Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from parley.cell.record import CellRecord
    from parley.daemon.driver import Driver
    from parley.scenario.model import Scenario

_IPV6 = 6
# Where each end of a translated connection finds the other: nic's legs (cell.commands.translate).
_PUBLIC_INITIATOR, _PUBLIC_RESPONDER = "192.1.2.254", "192.1.3.254"


def hosts_of(scenario: Scenario) -> dict[Role, str]:
    """The hosts that play the two roles: behind a NAT sits road, whose way out is nic."""
    connection = scenario.connection
    translated = scenario.nat.initiator or scenario.nat.responder
    return {
        Role.INITIATOR: "road" if translated else connection.initiator.host,
        Role.RESPONDER: connection.responder.host,
    }


# A BSD's word in the matrix means the daemon that comes with it, on its own kernel.
NATIVE = {"openbsd": "openiked"}


def part_of(word: str) -> tuple[str, str]:
    """The platform and the implementation that a word of the matrix means."""
    return (word, NATIVE[word]) if word in NATIVE else ("debian", word)


def plays(word: str) -> bool:
    """Whether there is a driver for a word of the matrix. Raises UsageError for an unknown one."""
    platform, implementation = part_of(word)
    return daemon_named(implementation).driver_on(platform) is not None


def make_driver(
    implementation: str, scenario: Scenario, role: Role, hosts: Mapping[Role, str], version: str = ""
) -> Driver:
    """The driver of `implementation` for one end. Raises UsageError for one that cannot play scenarios."""
    platform, name = part_of(implementation)
    daemon = daemon_named(name)
    driver = daemon.driver_on(platform)
    if driver is None:
        raise UsageError(f"{daemon.title} has no driver for scenarios")
    return driver(scenario, role, _addresses(scenario, role, hosts), version)


def driver_for(record: CellRecord, scenario: Scenario, role: Role) -> Driver:
    """The driver that played `role` in a recorded cell."""
    implementation = record.initiator if role is Role.INITIATOR else record.responder
    version = next((host.version for host in record.hosts if host.name == record.roles[role]), "")
    return make_driver(implementation, scenario, role, record.roles, version)


def declared_lack(drivers: Mapping[Role, Driver]) -> str:
    """Why a cell cannot be played, as an implementation declares; empty where none does."""
    for role, driver in drivers.items():
        lack = driver.lack()
        if lack is not None:
            return f"{driver.name} as {role}: {lack.reason} ({lack.source})"
    return ""


def _addresses(scenario: Scenario, role: Role, hosts: Mapping[Role, str]) -> Addresses:
    mine, theirs = (NETWORK.main_interface(hosts[side]) for side in (role, role.peer))
    if scenario.connection.outer_family == _IPV6:
        return Addresses(str(mine.ipv6.ip), str(theirs.ipv6.ip), mine.name)
    remote = str(theirs.ipv4.ip)
    if role is Role.RESPONDER and (scenario.nat.initiator or scenario.nat.responder):
        remote = _PUBLIC_INITIATOR
    if role is Role.INITIATOR and scenario.nat.responder:
        remote = _PUBLIC_RESPONDER
    return Addresses(str(mine.ipv4.ip), remote, mine.name)
