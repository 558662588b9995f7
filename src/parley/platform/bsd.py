"""What OpenBSD and FreeBSD hosts have in common: everything but a few commands comes to them on a drive.

No address stands in an image: a clone is given its name, addresses and routes when it boots, and finds its
cards by their MACs, whatever the system calls them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import UTC, datetime
from importlib.resources import files
from typing import TYPE_CHECKING

from parley.install.console import Shell, log_in

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address

    from parley.case.model import HostSpec
    from parley.install.console import Console, Limit
    from parley.lab.jail import Jail
    from parley.lab.topology import HostNetwork, Topology

_DIRECTORIES = ("cmd", "step", "log", "state", "core")


class Bsd(ABC):
    """A platform whose hosts boot from a disk and are run over their serial console."""

    name: str
    # The drives, as the guest calls them: what comes in, what goes out.
    inbound: str
    outbound: str
    # Below which archives are unpacked; empty: /.
    root: str = ""
    # Sysctls, NAME=VALUE.
    settings: tuple[str, ...]

    def __init__(self, password: str = "") -> None:
        """Root's password, as the installer set it (install.base, fact `root_password`)."""
        self.password = password

    def prepare(self, jail: Jail, host: HostSpec, topology: Topology) -> None:
        """Write what `host` needs to boot into its part of the share; it gets it on its drive."""
        for name in _DIRECTORIES:
            jail.make_directory(f"{host.name}/{name}")
        guest = files("parley.platform") / "guest"
        scripts = {
            "boot.sh": self._boot_script(topology, host.name),
            "agent.sh": (guest / "console-agent.sh").read_text(),
            "session.sh": (guest / "console-session.sh").read_text(),
            "hosts": topology.hosts_file(),
        }
        for name, text in scripts.items():
            jail.write(f"{host.name}/{name}", text.encode())

    def collect(self, processes: str) -> str:
        """The command that writes the state of a host before and after it stops `processes` (A|B|C)."""
        script = (files("parley.platform") / "guest" / "bsd-collect.sh").read_text()
        return f"set -- '{processes}'\n{self.kernel_functions}\n{script}"

    @property
    @abstractmethod
    def kernel_functions(self) -> str:
        """Shell functions `sas` and `policies`, which print what the kernel holds."""

    @abstractmethod
    def mount_share(self) -> str:
        """The command that mounts a share over NFS in the place of the case's directory."""

    def log_in(self, console: Console, limit: Limit) -> Shell:
        """Log in as root at the getty(8) of a console whose machine has just been switched on."""
        return log_in(console, user="root", password=self.password, limit=limit)

    def resume(self, console: Console, limit: Limit) -> Shell:
        """The shell at which a saved machine was left: `log_in` had been there."""
        shell = Shell(console)
        shell.synchronize(limit)
        return shell

    def _boot_script(self, topology: Topology, host: str) -> str:
        functions = (files("parley.platform") / "guest" / f"{self.name}-boot.sh").read_text()
        lines = [
            f"PARLEY_HOST={host}",
            # A saved machine's clock stands at when it was saved, and certificates have their time.
            f"date -u {datetime.now(UTC):%Y%m%d%H%M.%S} >/dev/null",
            functions,
            f"hostname {host}",
            'cp "$3/parley/hosts" /etc/hosts',
            *(f"set_kernel {setting}" for setting in self.settings),
            *_network(topology.host(host)),
            # Written where there is something that the disk has not: a daemon compiled from sources.
            '[ -f "$parley/overlay.tar" ] && (cd / && tar xpf "$parley/overlay.tar") >&3 2>&1',
            "prepare_cores",
            # Written where there is a share over NFS.
            '[ -f "$parley/mount.sh" ] && { mkdir -p "$3/testing"; . "$parley/mount.sh" >&3 2>&1; }',
            'exec sh "$3/parley/agent.sh" "$1" "$2" "$3" "$4" 3>&-',
        ]
        return "\n".join(lines) + "\n"


def _network(network: HostNetwork) -> list[str]:
    """Calls of the functions that a platform's boot script has."""
    lines = []
    for each in network.interfaces:
        both = f"{each.ipv4.ip} {each.ipv4.netmask} {each.ipv6.ip} {each.ipv6.network.prefixlen}"
        lines.append(f"address {each.name} {each.mac} {both}")
    if network.gateway4 is not None:
        lines.append(f"route4 default {network.gateway4}")
    if network.gateway6 is not None:
        lines.append(f"route6 default 0 {network.gateway6}")
    lines += [
        _route(route.destination.version, str(route.destination), route.via) for route in network.routes
    ]
    return lines


def _route(version: int, destination: str, via: IPv4Address | IPv6Address) -> str:
    if version == 4:  # noqa: PLR2004 -- the IP version
        return f"route4 {destination} {via}"
    address, _, length = destination.partition("/")
    return f"route6 {address} {length} {via}"
