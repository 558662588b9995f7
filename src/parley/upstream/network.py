"""The test network as one tree of Libreswan has it: addresses and names of cards moved between releases.

A tree says so in files for systemd-networkd (systemd.network(5)), one a card, which they name by its MAC.
What they do not say is as in `NETWORK`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv6Address,
    IPv6Interface,
    ip_address,
    ip_interface,
    ip_network,
)
from typing import TYPE_CHECKING, TypeVar

from parley.errors import InputError
from parley.lab.topology import NETWORK, HostNetwork, Interface, Route, Topology

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from parley.upstream.tree import Tree

T = TypeVar("T")

_FILES = "kvm/*/network/*.network"


@dataclass(frozen=True, slots=True)
class _Card:
    """What one file says of a card."""

    name: str
    mac: str
    addresses: tuple[IPv4Interface | IPv6Interface, ...]
    gateways: tuple[IPv4Address | IPv6Address, ...]
    routes: tuple[Route, ...]


def network_of(tree: Tree) -> Topology:
    """The test network of a tree. Raises InputError for a file that makes no sense."""
    cards: dict[tuple[str, str], _Card] = {}
    for path in sorted(tree.testing.glob(_FILES)):
        for card in _read(path):
            # Several kinds of guests have the same card; the first that names it as we do is meant.
            cards.setdefault((card.mac, card.name), card)
    return Topology(NETWORK.segments, tuple(_host(host, cards) for host in NETWORK.hosts))


def _host(host: HostNetwork, cards: dict[tuple[str, str], _Card]) -> HostNetwork:
    found = [_card_of(interface, cards) for interface in host.interfaces]
    if not any(found):
        return host
    interfaces = [_interface(each, card) for each, card in zip(host.interfaces, found, strict=True)]
    known = [card for card in found if card]
    gateways = [gateway for card in known for gateway in card.gateways]
    return HostNetwork(
        name=host.name,
        interfaces=tuple(sorted(interfaces, key=lambda interface: interface.name)),
        gateway4=_first(gateways, IPv4Address),
        gateway6=_first(gateways, IPv6Address),
        routes=tuple(route for card in known for route in card.routes),
    )


def _card_of(interface: Interface, cards: dict[tuple[str, str], _Card]) -> _Card | None:
    same = [card for (mac, _), card in cards.items() if mac == interface.mac]
    return next((card for card in same if card.name == interface.name), same[0] if same else None)


def _interface(interface: Interface, card: _Card | None) -> Interface:
    if card is None:
        return interface
    return replace(
        interface,
        name=card.name,
        ipv4=_first(card.addresses, IPv4Interface) or interface.ipv4,
        ipv6=_first(card.addresses, IPv6Interface) or interface.ipv6,
    )


def _first(values: Iterable[object], kind: type[T]) -> T | None:
    return next((value for value in values if isinstance(value, kind)), None)


def _read(path: Path) -> Iterator[_Card]:
    """The card that a file is about; nothing if it names none."""
    try:
        sections = _sections(path.read_text(encoding="utf-8"))
        match = dict(sections.get("Match", [[]])[0])
        network = [pair for section in sections.get("Network", []) for pair in section]
        if {"Name", "MACAddress"} <= match.keys():
            yield _Card(
                match["Name"],
                match["MACAddress"].lower(),
                tuple(ip_interface(value) for key, value in network if key == "Address"),
                tuple(ip_address(value) for key, value in network if key == "Gateway"),
                tuple(_route(dict(section)) for section in sections.get("Route", [])),
            )
    except (OSError, ValueError, KeyError) as error:
        raise InputError(path, 0, f"no network file of systemd's: {error}") from error


def _sections(text: str) -> dict[str, list[list[tuple[str, str]]]]:
    """Sections by name, each as often as it stands there (which configparser refuses)."""
    sections: dict[str, list[list[tuple[str, str]]]] = {}
    current: list[tuple[str, str]] = []
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("[") and stripped.endswith("]"):
            current = []
            sections.setdefault(stripped[1:-1], []).append(current)
        elif stripped and not stripped.startswith(("#", ";")):
            key, equals, value = stripped.partition("=")
            if not equals:
                raise ValueError(f"{stripped!r} is no KEY=VALUE")
            current.append((key.strip(), value.strip()))
    return sections


def _route(section: dict[str, str]) -> Route:
    # Host bits in a destination are upstream's, and harmless.
    return Route(ip_network(section["Destination"], strict=False), ip_address(section["Gateway"]))
