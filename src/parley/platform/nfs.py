"""A share over NFS: the network it goes over, and how each system mounts it.

Over NFS goes the case's own directory, /testing, and nothing else: orders, outputs and logs have their own
ways (hostfs, 9p, drives), so a share that is lost takes none of them with it.
"""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from ipaddress import IPv4Interface, IPv4Network, IPv6Interface, IPv6Network
from typing import TYPE_CHECKING

from parley.lab.topology import HostNetwork, Interface, Segment, Topology

if TYPE_CHECKING:
    from collections.abc import Iterable

# The segment, and the host on it that serves.
SEGMENT = "share"
SERVER = "nfs"
SERVER_MODULES = ("nfsd",)
CLIENT_MODULES = ("nfs", "nfsv3")

# RFC 2544's range, as in Libreswan's own test system.
_IPV4 = IPv4Network("198.19.0.0/24")
_IPV6 = IPv6Network("2001:db8:ffff::/64")
_EXPORT = "/srv/share/testing"
_SERVER_NUMBER = 1
_FIRST_HOST = 10


def with_share(topology: Topology, hosts: Iterable[str]) -> Topology:
    """A test network with one segment more, on which only the named hosts and a server are."""
    numbers = {name: number for number, name in enumerate(sorted(hosts), start=_FIRST_HOST)}
    known = tuple(
        replace(host, interfaces=(*host.interfaces, _card(host.name, numbers[host.name])))
        if host.name in numbers
        else host
        for host in topology.hosts
    )
    server = HostNetwork(SERVER, (_card(SERVER, _SERVER_NUMBER),), None, None, ())
    # Nobody is known to others by an address on it: main_interface looks at public segments first.
    segment = Segment(SEGMENT, _IPV4, _IPV6, is_protected=True)
    return Topology((*topology.segments, segment), (*known, server))


def serve() -> str:
    """The command that has a host serve its own copy of the case's directory."""
    return f"set -- {_IPV4}\n{(files('parley.platform') / 'guest' / 'nfs-server.sh').read_text()}"


def mount_on_linux() -> str:
    """Mount the share over /testing, with options that give up where the server is gone (nfs(5)).

    The kernel speaks the MOUNT protocol by itself: a guest needs no mount.nfs(8).
    """
    options = ("vers=3", "proto=tcp", "mountproto=tcp", "soft", "timeo=10", "retrans=1", "noac", "nolock")
    named = ",".join((*options, f"addr={_address()}"))
    return f"mount -i -t nfs -o {named} {_address()}:{_EXPORT} /testing\n"


def mount_on_openbsd(root: str = "") -> str:
    """The same with mount_nfs(8): version 3 over TCP, soft and interruptible, one try."""
    return f"mount_nfs -3 -T -i -s -x 2 -t 10 -R 1 -o noac {_address()}:{_EXPORT} {root}/testing\n"


def mount_on_freebsd(root: str = "") -> str:
    """The same with FreeBSD's mount_nfs(8)."""
    options = "nfsv3,tcp,soft,intr,retrans=2,timeout=10,retrycnt=0,nolockd,noac"
    return f"mount_nfs -o {options} {_address()}:{_EXPORT} {root}/testing\n"


def _address() -> str:
    return str(_IPV4.network_address + _SERVER_NUMBER)


def _card(host: str, number: int) -> Interface:
    return Interface(
        host=host,
        name=SEGMENT,
        segment=SEGMENT,
        ipv4=IPv4Interface((_IPV4.network_address + number, _IPV4.prefixlen)),
        ipv6=IPv6Interface((_IPV6.network_address + number, _IPV6.prefixlen)),
        mac=f"12:00:00:73:68:{number:02x}",
    )
