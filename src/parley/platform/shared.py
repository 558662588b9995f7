"""One kernel for all hosts of a case, so that one clock rules them: each lives in namespaces of its own.

Segments are bridges in that kernel. The lab has an agent there too, host `lab`, with no network of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from parley.platform.debian import Seat, modules_file, write_agent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from parley.lab.jail import Jail
    from parley.lab.topology import Interface, Topology

# The name of the agent that belongs to no host; its directory in the share.
LAB = "lab"

# Serial lines of each agent: control, session, shell.
LINES = 3

# Where every frame is copied to, for the capture.
_TAP = "wire"


def port_name(interface: Interface) -> str:
    """The bridge's end of a host's card (15 characters at most, netdevice(7))."""
    return f"{interface.host}-{interface.name}"


def seat(number: int, device: str) -> Seat:
    """The place of the host that comes at `number` (the lab is 0), whose root is the drive `device`."""
    return Seat(root=f"/srv/{device}", line=number * LINES, card="")


def prepare_kernel(
    jail: Jail,
    roots: Mapping[str, str],
    topology: Topology,
    devices: Iterable[str],
    modules: Iterable[str] = (),
) -> str:
    """Write what the kernel needs to boot all hosts; return the boot script's path inside the share.

    `roots` has each host's drive, by name; `devices` are all drives, the one of the lab's root first;
    `modules` are what the kernel loads.
    """
    drives = tuple(devices)
    write_agent(jail, LAB, ("boot.sh", "shared.sh", "root.sh", "host.sh"), "/root", seat(0, drives[0]))
    interfaces = [each for host in roots for each in topology.host(host).interfaces]
    scripts = {
        "modules": modules_file(modules),
        "roots": "\n".join(drives) + "\n",
        "wires": _wires(roots, interfaces),
        "taps": "".join(f"{line}\n" for each in interfaces for line in _tap(each)),
        "hosts-here": "".join(f"{host}\n" for host in roots),
        "hosts": topology.hosts_file(),
        "sysctl": "",
        "network": "link set lo up\n",
    }
    for name, text in scripts.items():
        jail.write(f"{LAB}/{name}", text.encode())
    return f"{LAB}/boot.sh"


def _wires(hosts: Iterable[str], interfaces: Iterable[Interface]) -> str:
    lines = [f"netns add {host}" for host in hosts]
    lines += [f"link add {_TAP} type dummy", f"link set {_TAP} up"]
    segments = dict.fromkeys(interface.segment for interface in interfaces)
    for segment in segments:
        lines += [f"link add {segment} type bridge mcast_snooping 0", f"link set {segment} up"]
    for each in interfaces:
        port = port_name(each)
        lines += [
            # Without offloads, the capture shows packets as they would be on a wire.
            f"link add {port} type veth peer {_card(each)} gso_max_segs 1 netns {each.host}",
            f"link set {port} master {each.segment}",
            f"link set {port} up",
        ]
    return "\n".join(lines) + "\n"


def _card(interface: Interface) -> str:
    return f"name {interface.name} address {interface.mac}"


def _tap(interface: Interface) -> list[str]:
    """Finish the checksums of each frame that comes in from a host, for no card does, and copy it."""
    port = port_name(interface)
    actions = f"action csum ip4h icmp igmp tcp udp pipe action mirred egress mirror dev {_TAP} continue"
    return [f"qdisc add dev {port} clsact", f"filter add dev {port} ingress pref 1 matchall {actions}"]
