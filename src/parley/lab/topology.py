"""The test network: which hosts exist, how they are cabled, and what they are configured with.

It is the classic network of Libreswan's test system, so that cases written for it need no change, as one
table for all platforms. Upstream keeps several tables, and they disagree: here every host has its IPv6
addresses on every platform. Left out is upstream's `swandefault` segment with nic's eth0, which leads to
the real Internet through the user's machine: nothing in a Parley lab reaches further than its hub.

::

    rise --- eastnet --- east ---+             +--- north --- northnet --- pole
      |                          |             |
    darknet                   internet - nic - nicnet
      |                          |             |
    set ---- westnet --- west ---+             +--- road
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
    ip_address,
    ip_network,
)

from parley.errors import UsageError


@dataclass(frozen=True, slots=True)
class Segment:
    """One layer-2 network; `is_protected` where only gateways and the hosts behind them are."""

    name: str
    ipv4: IPv4Network
    ipv6: IPv6Network
    is_protected: bool


@dataclass(frozen=True, slots=True)
class Interface:
    """A host's network card, plugged into the segment of that name."""

    host: str
    name: str
    segment: str
    ipv4: IPv4Interface
    ipv6: IPv6Interface
    mac: str


@dataclass(frozen=True, slots=True)
class Route:
    """A static route."""

    destination: IPv4Network | IPv6Network
    via: IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class HostNetwork:
    """How a host is attached. Interfaces stand in the order eth0, eth1, ...; a gateway may be None."""

    name: str
    interfaces: tuple[Interface, ...]
    gateway4: IPv4Address | None
    gateway6: IPv6Address | None
    routes: tuple[Route, ...]

    def interface_on(self, segment: str) -> Interface:
        """The interface on `segment`. Raises UsageError if there is none."""
        for interface in self.interfaces:
            if interface.segment == segment:
                return interface
        places = ", ".join(interface.segment for interface in self.interfaces)
        raise UsageError(f"{self.name} is not on {segment}", hint=f"{self.name} is on {places}")


@dataclass(frozen=True, slots=True)
class Topology:
    """All segments and hosts of a test network."""

    segments: tuple[Segment, ...]
    hosts: tuple[HostNetwork, ...]

    @property
    def protected(self) -> tuple[Segment, ...]:
        """The private segments behind gateways: what tunnels are for."""
        return tuple(segment for segment in self.segments if segment.is_protected)

    @property
    def public(self) -> tuple[Segment, ...]:
        """The segments on which an eavesdropper may sit."""
        return tuple(segment for segment in self.segments if not segment.is_protected)

    def host(self, name: str) -> HostNetwork:
        """The host called `name`. Raises UsageError with the nearest name."""
        for host in self.hosts:
            if host.name == name:
                return host
        raise _unknown("host", name, [host.name for host in self.hosts])

    def segment(self, name: str) -> Segment:
        """The segment called `name`. Raises UsageError with the nearest name."""
        for segment in self.segments:
            if segment.name == name:
                return segment
        raise _unknown("segment", name, [segment.name for segment in self.segments])

    def main_interface(self, host: str) -> Interface:
        """The interface by which other hosts know `host`.

        It is the first on a public segment; for a host behind a gateway the one towards that gateway.
        """
        network = self.host(host)
        public = {segment.name for segment in self.public}
        for interface in network.interfaces:
            if interface.segment in public:
                return interface
        return next(
            (
                interface
                for interface in network.interfaces
                if network.gateway4 is not None and network.gateway4 in interface.ipv4.network
            ),
            network.interfaces[0],
        )

    def hosts_file(self) -> str:
        """The content of /etc/hosts (hosts(5)) on every host.

        A plain name has one IPv4 address only, as cases expect: a resolver prefers IPv6 where it finds
        both. `NAME-SEGMENT` has both families, for every interface.
        """
        lines = ["127.0.0.1 localhost", "::1 localhost ip6-localhost ip6-loopback"]
        for host in self.hosts:
            main = self.main_interface(host.name)
            lines.append(f"{main.ipv4.ip} {host.name} {host.name}.testing.libreswan.org")
        for host in self.hosts:
            for interface in host.interfaces:
                name = f"{host.name}-{interface.segment}"
                lines += [f"{interface.ipv4.ip} {name}", f"{interface.ipv6.ip} {name}"]
        return "\n".join(lines) + "\n"


def _unknown(kind: str, name: str, known: list[str]) -> UsageError:
    near = get_close_matches(name, known, n=1)
    hint = f"{near[0]}?" if near else f"one of {', '.join(known)}"
    return UsageError(f"the test network has no {kind} {name!r}", hint=hint)


def _segment(name: str, ipv4: str, ipv6: str, *, protected: bool) -> Segment:
    return Segment(name, IPv4Network(ipv4), IPv6Network(ipv6), protected)


_SEGMENTS = (
    _segment("internet", "192.1.2.0/24", "2001:db8:1:2::/64", protected=False),
    _segment("nicnet", "192.1.3.0/24", "2001:db8:1:3::/64", protected=False),
    _segment("eastnet", "192.0.2.0/24", "2001:db8:0:2::/64", protected=True),
    _segment("westnet", "192.0.1.0/24", "2001:db8:0:1::/64", protected=True),
    _segment("northnet", "198.18.66.0/24", "2001:db8:66::/64", protected=True),
    _segment("darknet", "198.18.1.0/24", "2001:db8:1::/64", protected=True),
)

# Host, interface, segment, last part of both addresses, MAC.
_INTERFACES = (
    ("east", "eth0", "eastnet", 254, "12:00:00:dc:bc:ff"),
    ("east", "eth1", "internet", 23, "12:00:00:64:64:23"),
    ("west", "eth0", "westnet", 254, "12:00:00:ab:cd:ff"),
    ("west", "eth1", "internet", 45, "12:00:00:64:64:45"),
    ("nic", "eth1", "internet", 254, "12:00:00:de:ad:ba"),
    ("nic", "eth2", "nicnet", 254, "12:00:00:32:64:ba"),
    ("road", "eth0", "nicnet", 209, "12:00:00:ab:cd:02"),
    ("north", "eth0", "northnet", 254, "12:00:00:de:cd:49"),
    ("north", "eth1", "nicnet", 33, "12:00:00:96:96:49"),
    ("pole", "eth0", "northnet", 90, "12:50:4f:4c:45:01"),
    ("rise", "eth0", "darknet", 12, "12:52:49:53:45:02"),
    ("rise", "eth1", "eastnet", 12, "12:52:49:53:45:01"),
    ("set", "eth0", "darknet", 15, "12:00:53:45:54:02"),
    ("set", "eth1", "westnet", 15, "12:00:53:45:54:01"),
)

_GATEWAYS = {
    "east": ("192.1.2.254", "2001:db8:1:2::254"),
    "west": ("192.1.2.254", "2001:db8:1:2::254"),
    "road": ("192.1.3.254", "2001:db8:1:3::254"),
    "north": ("192.1.3.254", "2001:db8:1:3::254"),
    "pole": ("198.18.66.254", "2001:db8:66::254"),
    "rise": ("192.0.2.254", "2001:db8:0:2::254"),
    "set": ("192.0.1.254", "2001:db8:0:1::254"),
}

_TO_EASTNET = (("192.0.2.0/24", "192.1.2.23"), ("2001:db8:0:2::/64", "2001:db8:1:2::23"))
_TO_WESTNET = (("192.0.1.0/24", "192.1.2.45"), ("2001:db8:0:1::/64", "2001:db8:1:2::45"))
_TO_NORTHNET = (("198.18.66.0/24", "192.1.3.33"), ("2001:db8:66::/64", "2001:db8:1:3::33"))
_ROUTES = {
    "east": _TO_WESTNET,
    "west": _TO_EASTNET,
    "nic": (*_TO_WESTNET, *_TO_EASTNET, *_TO_NORTHNET),
}


def _interface(host: str, name: str, segment: str, number: int, mac: str) -> Interface:
    networks = next(entry for entry in _SEGMENTS if entry.name == segment)
    return Interface(
        host=host,
        name=name,
        segment=segment,
        ipv4=IPv4Interface((networks.ipv4.network_address + number, networks.ipv4.prefixlen)),
        # The interface identifier is the decimal number written as if it were hexadecimal: 23 is ::23.
        ipv6=IPv6Interface((networks.ipv6.network_address + int(str(number), 16), networks.ipv6.prefixlen)),
        mac=mac,
    )


def _host(name: str) -> HostNetwork:
    gateway4, gateway6 = _GATEWAYS.get(name, (None, None))
    return HostNetwork(
        name=name,
        interfaces=tuple(_interface(*row) for row in _INTERFACES if row[0] == name),
        gateway4=IPv4Address(gateway4) if gateway4 else None,
        gateway6=IPv6Address(gateway6) if gateway6 else None,
        routes=tuple(
            Route(ip_network(destination), ip_address(via)) for destination, via in _ROUTES.get(name, ())
        ),
    )


NETWORK = Topology(_SEGMENTS, tuple(_host(name) for name in dict.fromkeys(row[0] for row in _INTERFACES)))
