from __future__ import annotations

from ipaddress import ip_address

import pytest

from parley.errors import UsageError
from parley.lab.topology import NETWORK, HostNetwork, Interface

# The published table, written out once more by hand: the code derives its addresses.
PUBLISHED = """
east eth0 192.0.2.254/24 2001:db8:0:2::254/64 12:00:00:dc:bc:ff eastnet
east eth1 192.1.2.23/24 2001:db8:1:2::23/64 12:00:00:64:64:23 internet
west eth0 192.0.1.254/24 2001:db8:0:1::254/64 12:00:00:ab:cd:ff westnet
west eth1 192.1.2.45/24 2001:db8:1:2::45/64 12:00:00:64:64:45 internet
nic eth1 192.1.2.254/24 2001:db8:1:2::254/64 12:00:00:de:ad:ba internet
nic eth2 192.1.3.254/24 2001:db8:1:3::254/64 12:00:00:32:64:ba nicnet
road eth0 192.1.3.209/24 2001:db8:1:3::209/64 12:00:00:ab:cd:02 nicnet
north eth0 198.18.66.254/24 2001:db8:66::254/64 12:00:00:de:cd:49 northnet
north eth1 192.1.3.33/24 2001:db8:1:3::33/64 12:00:00:96:96:49 nicnet
pole eth0 198.18.66.90/24 2001:db8:66::90/64 12:50:4f:4c:45:01 northnet
rise eth0 198.18.1.12/24 2001:db8:1::12/64 12:52:49:53:45:02 darknet
rise eth1 192.0.2.12/24 2001:db8:0:2::12/64 12:52:49:53:45:01 eastnet
set eth0 198.18.1.15/24 2001:db8:1::15/64 12:00:53:45:54:02 darknet
set eth1 192.0.1.15/24 2001:db8:0:1::15/64 12:00:53:45:54:01 westnet
"""

ALL_INTERFACES = [interface for host in NETWORK.hosts for interface in host.interfaces]


def _row(interface: Interface) -> str:
    parts = (interface.host, interface.name, interface.ipv4, interface.ipv6, interface.mac, interface.segment)
    return " ".join(map(str, parts))


def test_the_table_is_the_published_one() -> None:
    assert [_row(interface) for interface in ALL_INTERFACES] == PUBLISHED.split("\n")[1:-1]


@pytest.mark.parametrize(
    "interface", ALL_INTERFACES, ids=lambda interface: f"{interface.host}-{interface.name}"
)
def test_every_interface_lies_in_its_segment(interface: Interface) -> None:
    segment = NETWORK.segment(interface.segment)
    assert interface.ipv4.network == segment.ipv4
    assert interface.ipv6.network == segment.ipv6


def test_no_mac_or_address_is_given_twice_and_no_mac_is_multicast() -> None:
    macs = [interface.mac for interface in ALL_INTERFACES]
    assert len(set(macs)) == len(macs)
    assert not any(int(mac[:2], 16) & 1 for mac in macs)
    addresses = [address for each in ALL_INTERFACES for address in (each.ipv4.ip, each.ipv6.ip)]
    assert len(set(addresses)) == len(addresses)


@pytest.mark.parametrize("host", NETWORK.hosts, ids=lambda host: host.name)
def test_gateways_and_next_hops_are_real_neighbours(host: HostNetwork) -> None:
    local = {address for each in host.interfaces for address in (each.ipv4.ip, each.ipv6.ip)}
    neighbours = {
        address
        for other in ALL_INTERFACES
        for mine in host.interfaces
        if other.segment == mine.segment
        for address in (other.ipv4.ip, other.ipv6.ip)
    } - local
    hops = [hop for hop in (host.gateway4, host.gateway6) if hop] + [route.via for route in host.routes]
    assert set(hops) <= neighbours


def test_routes_are_the_published_ones_in_both_families() -> None:
    routes = {host.name: [f"{each.destination} {each.via}" for each in host.routes] for host in NETWORK.hosts}
    assert routes["east"] == ["192.0.1.0/24 192.1.2.45", "2001:db8:0:1::/64 2001:db8:1:2::45"]
    assert routes["west"] == ["192.0.2.0/24 192.1.2.23", "2001:db8:0:2::/64 2001:db8:1:2::23"]
    assert routes["nic"] == [
        *("192.0.1.0/24 192.1.2.45", "2001:db8:0:1::/64 2001:db8:1:2::45"),
        *("192.0.2.0/24 192.1.2.23", "2001:db8:0:2::/64 2001:db8:1:2::23"),
        *("198.18.66.0/24 192.1.3.33", "2001:db8:66::/64 2001:db8:1:3::33"),
    ]
    assert not any(routes[name] for name in ("road", "north", "pole", "rise", "set"))


def test_protected_and_public_segments() -> None:
    assert [segment.name for segment in NETWORK.protected] == ["eastnet", "westnet", "northnet", "darknet"]
    assert [segment.name for segment in NETWORK.public] == ["internet", "nicnet"]


def test_unknown_names_are_answered_with_the_nearest_one() -> None:
    with pytest.raises(UsageError, match=r"no host 'eats'[\s\S]*try: east\?"):
        NETWORK.host("eats")
    with pytest.raises(UsageError, match=r"no host 'x'[\s\S]*one of east, west, nic"):
        NETWORK.host("x")
    with pytest.raises(UsageError, match=r"no segment 'easternet'[\s\S]*eastnet\?"):
        NETWORK.segment("easternet")
    with pytest.raises(UsageError, match=r"road is not on internet[\s\S]*road is on nicnet"):
        NETWORK.host("road").interface_on("internet")
    assert str(NETWORK.host("nic").interface_on("nicnet").ipv4.ip) == "192.1.3.254"


def test_hosts_file_gives_a_plain_name_one_address() -> None:
    names: dict[str, list[str]] = {}
    for line in NETWORK.hosts_file().splitlines():
        address, *aliases = line.split()
        ip_address(address)
        for alias in aliases:
            names.setdefault(alias, []).append(address)
    assert names["east"] == ["192.1.2.23"]
    assert names["west"] == ["192.1.2.45"]
    assert names["nic"] == names["nic.testing.libreswan.org"] == ["192.1.2.254"]
    assert names["road"] == ["192.1.3.209"]
    assert names["pole"] == ["198.18.66.90"]
    assert names["rise"] == ["192.0.2.12"]
    assert names["north-nicnet"] == ["192.1.3.33", "2001:db8:1:3::33"]
