"""Debian hosts: what their first process does, and the network it sets up."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from parley.case.model import HostSpec
    from parley.image.kernel import Kernel
    from parley.lab.jail import Jail
    from parley.lab.topology import Topology

# Everything a daemon asks the kernel for; a missing one fails strangely, see docs/explanation/uml.md.
MODULES = (
    *("overlay", "veth", "bridge", "dummy"),
    *("xfrm_user", "esp4", "esp6", "ah4", "ah6", "ipcomp", "ipcomp6", "xfrm_ipcomp"),
    # IPComp in tunnel mode has a state of its own for packets that were not worth compressing.
    *("xfrm4_tunnel", "xfrm6_tunnel"),
    *(
        "authenc",
        "authencesn",
        "echainiv",
        "seqiv",
        "gcm",
        "ccm",
        "ctr",
        "cbc",
        "ecb",
        "hmac",
        "xcbc",
        "cmac",
    ),
    *("sha512", "chacha20poly1305", "chacha", "des_generic", "camellia_generic", "crypto_null", "deflate"),
    *("crypto-aes", "crypto-sha256", "crypto-sha1", "crypto-md5", "drbg", "crypto-stdrng"),
    *("xt_policy", "sch_netem", "sch_ingress", "cls_flower", "act_nat"),
)

_SYSCTL = (
    ("net/ipv4/ip_forward", "1"),
    ("net/ipv6/conf/all/forwarding", "1"),
    ("net/ipv4/conf/all/send_redirects", "0"),
    ("net/ipv4/conf/default/send_redirects", "0"),
    ("net/ipv4/conf/all/accept_redirects", "0"),
    ("net/ipv4/conf/all/promote_secondaries", "1"),
    ("net/ipv4/conf/all/rp_filter", "0"),
    ("net/ipv4/conf/default/rp_filter", "0"),
    ("kernel/core_pattern", "/var/crash/%e.%p"),
)

_ROOT = "/tmp/root"  # noqa: S108 -- a path inside the guest


@dataclass(frozen=True, slots=True)
class Seat:
    """A host's place in its kernel: where its read-only root is mounted, and its first serial line.

    With a `card` prefix its network cards are called PREFIX0, PREFIX1, ... until it boots; without one
    they have their names already.
    """

    root: str = "/"
    line: int = 0
    card: str = "vec"


ALONE = Seat()


@dataclass(frozen=True, slots=True)
class Debian:
    """Prepares the share of a Debian host."""

    name: str = "debian"

    def prepare(
        self,
        jail: Jail,
        host: HostSpec,
        topology: Topology,
        directory: str,
        seat: Seat = ALONE,
        *,
        modules: Iterable[str] = (),
    ) -> str:
        """Write what `host` needs to boot; return the boot script's path inside the share.

        `directory` is where the session starts, as the guest sees it; `modules` are what a host with a
        kernel of its own loads into it.
        """
        names = ("boot.sh", "root.sh", "host.sh") if seat == ALONE else ("root.sh", "host.sh")
        write_agent(jail, host.name, names, directory, seat)
        scripts = {
            "modules": modules_file(modules),
            "sysctl": _sysctl(topology, host.name, seat),
            "network": _network(topology, host.name, seat),
            "hosts": topology.hosts_file(),
        }
        for name, text in scripts.items():
            jail.write(f"{host.name}/{name}", text.encode())
        return f"{host.name}/boot.sh"

    def collect(self, processes: str) -> str:
        """The command that writes the state of a host before and after it stops `processes` (A|B|C)."""
        return f"set -- '{processes}'\n{guest_script('collect.sh')}"


def modules_for(kernel: Kernel, further: Iterable[str] = ()) -> tuple[str, ...]:
    """What `kernel` is to load for a host, `further` modules included; nothing that it cannot.

    A name that a kernel has built in costs modprobe as much as a module.
    """
    wanted = (*MODULES, *dict.fromkeys(further))
    if kernel.loadable is None:
        return wanted
    return tuple(name for name in wanted if name.replace("-", "_") in kernel.loadable)


def modules_file(modules: Iterable[str]) -> str:
    """What boot.sh reads: all in one line, so that the shell itself can."""
    return " ".join(modules) + "\n"


def guest_script(name: str) -> str:
    """The text of a script that guests run."""
    return (files("parley.platform") / "guest" / name).read_text()


def write_agent(jail: Jail, host: str, boot: Iterable[str], directory: str, seat: Seat) -> None:
    """Write a host's boot script, put together from the scripts named `boot`, and what its agent needs."""
    head = f"PARLEY_HOST={host}\nhere=/mnt/{host}\nexport PATH=/usr/sbin:/usr/bin:/sbin:/bin\n"
    scripts = {
        "agent.sh": f"PARLEY_LINE={seat.line}\n" + guest_script("agent.sh"),
        "session.sh": f"set -- {directory}\n" + guest_script("session.sh"),
        "shell.sh": guest_script("shell.sh"),
        "boot.sh": head + "".join(guest_script(name) for name in boot),
        # Not in the share: a kernel writes no core into a file of another user, as it sees those there.
        "prepare.sh": "[ -d /var/crash ] || mkdir -p /var/crash\n",
        "fstab": root_fstab(seat.root) + _host_fstab(host),
        "fstab.host": _host_fstab(host),
    }
    for name in ("cmd", "step", "log", "state", "core"):
        jail.make_directory(f"{host}/{name}")
    for name, text in scripts.items():
        jail.write(f"{host}/{name}", text.encode())


def root_fstab(root: str) -> str:
    """fstab(5) of a writable root over the read-only `root`, as every host has it."""
    overlay = f"lowerdir={root},upperdir=/tmp/upper,workdir=/tmp/work"
    lines = (
        f"overlay {_ROOT} overlay {overlay} 0 0",
        f"/dev {_ROOT}/dev none bind 0 0",
        f"devpts {_ROOT}/dev/pts devpts x-mount.mkdir 0 0",
        f"proc {_ROOT}/proc proc defaults 0 0",
        f"sysfs {_ROOT}/sys sysfs defaults 0 0",
        f"tmpfs {_ROOT}/run tmpfs mode=755 0 0",
    )
    return "\n".join(lines) + "\n"


def _host_fstab(host: str) -> str:
    lines = (
        f"/mnt/testing {_ROOT}/testing none bind,x-mount.mkdir 0 0",
        f"/mnt/{host} {_ROOT}/parley none bind,x-mount.mkdir 0 0",
        f"{_ROOT}/parley/hosts {_ROOT}/etc/hosts none bind 0 0",
    )
    return "\n".join(lines) + "\n"


def _sysctl(topology: Topology, host: str, seat: Seat) -> str:
    # Duplicate address detection would cost a second of every boot before an IPv6 address may be used.
    cards = [
        f"{seat.card}{number}" if seat.card else interface.name
        for number, interface in enumerate(topology.host(host).interfaces)
    ]
    devices = ("all", "default", *cards)
    ipv6 = [
        (f"net/ipv6/conf/{device}/{key}", "0") for device in devices for key in ("accept_dad", "accept_ra")
    ]
    return "".join(f"key {name} {value}\n" for name, value in (*_SYSCTL, *ipv6))


def _network(topology: Topology, host: str, seat: Seat) -> str:
    network = topology.host(host)
    lines = ["link set lo up"]
    for number, interface in enumerate(network.interfaces):
        if seat.card:
            lines.append(f"link set {seat.card}{number} name {interface.name}")
        lines += [
            f"address add {interface.ipv4} dev {interface.name}",
            f"address add {interface.ipv6} dev {interface.name}",
            f"link set {interface.name} up",
        ]
    for gateway in (network.gateway4, network.gateway6):
        if gateway is not None:
            lines.append(f"route add default via {gateway}")
    lines += [f"route add {route.destination} via {route.via}" for route in network.routes]
    return "\n".join(lines) + "\n"
