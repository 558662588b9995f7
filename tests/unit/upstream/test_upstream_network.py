from __future__ import annotations

from ipaddress import IPv4Address, ip_interface
from typing import TYPE_CHECKING

import pytest

from parley.errors import InputError
from parley.lab.topology import NETWORK
from parley.upstream.network import network_of
from parley.upstream.tree import Tree

if TYPE_CHECKING:
    from pathlib import Path

NORTH = """\
[Match]
Name=eth0
MACAddress=12:00:00:DE:CD:49

[Network]
Address=192.0.3.254/24
Address=2001:db8:0:3::254/64
IPv6AcceptRouterAdvertisements=false
"""
WEST = """\
[Match]
Name=eth1
MACAddress=12:00:00:64:64:45

[Network]
Address=192.1.2.45/24
Gateway=192.1.2.254

[Route]
Gateway=192.1.2.23
Destination=192.0.2.0/24

# host bits are in the tree's own files
[Route]
Gateway=2001:db8:1:2::23
Destination=2001:db8:0:2::254/64
"""


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    (tmp_path / "testing" / "kvm" / "systemd" / "network").mkdir(parents=True)
    return Tree(tmp_path)


def put(tree: Tree, name: str, text: str) -> None:
    (tree.testing / "kvm" / "systemd" / "network" / name).write_text(text)


def test_a_tree_that_says_nothing_has_the_usual_network(tree: Tree) -> None:
    assert network_of(tree) == NETWORK


def test_addresses_come_from_the_tree(tree: Tree) -> None:
    put(tree, "north.eth0.network", NORTH)
    north = network_of(tree).host("north")
    assert north.interface_on("northnet").ipv4 == ip_interface("192.0.3.254/24")
    assert north.interface_on("northnet").ipv6 == ip_interface("2001:db8:0:3::254/64")
    assert north.interface_on("nicnet") == NETWORK.host("north").interface_on("nicnet")


def test_gateways_and_every_one_of_several_routes_come_too(tree: Tree) -> None:
    put(tree, "west.eth1.network", WEST)
    west = network_of(tree).host("west")
    assert west.gateway4 == IPv4Address("192.1.2.254")
    assert west.gateway6 is None
    assert [(str(route.destination), str(route.via)) for route in west.routes] == [
        ("192.0.2.0/24", "192.1.2.23"),
        ("2001:db8:0:2::/64", "2001:db8:1:2::23"),
    ]


def test_a_card_is_known_by_its_mac_and_called_as_the_tree_calls_it(tree: Tree) -> None:
    put(tree, "north.eth9.network", NORTH.replace("Name=eth0", "Name=eth9"))
    assert network_of(tree).host("north").interface_on("northnet").name == "eth9"
    put(tree, "north.eth0.network", NORTH)
    assert network_of(tree).host("north").interface_on("northnet").name == "eth0"


def test_a_card_of_no_host_is_not_meant(tree: Tree) -> None:
    put(tree, "zzz.network", NORTH.replace("12:00:00:DE:CD:49", "02:00:00:00:00:01"))
    assert network_of(tree) == NETWORK


@pytest.mark.parametrize(
    "text",
    [
        NORTH.replace("192.0.3.254/24", "192.0.3.1000/24"),
        f"{NORTH}nonsense\n",
        f"{NORTH}[Route]\nGateway=x\n",
    ],
)
def test_nonsense_is_named_with_its_file(tree: Tree, text: str) -> None:
    put(tree, "north.network", text)
    with pytest.raises(InputError, match=r"north\.network: no network file"):
        network_of(tree)
