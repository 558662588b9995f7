"""Debian hosts: what their first process does, and the network it sets up."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from parley.case.model import HostSpec
    from parley.lab.jail import Jail
    from parley.lab.topology import Topology

# Everything a daemon asks the kernel for; a missing one fails strangely, see docs/explanation/uml.md.
MODULES = (
    *("overlay", "veth", "bridge", "dummy"),
    *("xfrm_user", "af_key", "esp4", "esp6", "ah4", "ah6", "ipcomp", "ipcomp6", "xfrm_ipcomp"),
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
class Debian:
    """Prepares the share of a Debian host."""

    name: str = "debian"

    def prepare(self, jail: Jail, host: HostSpec, topology: Topology, directory: str) -> str:
        """Write what `host` needs to boot; return the boot script's path inside the share.

        `directory` is where the session starts, as the guest sees it.
        """
        guest = files("parley.platform") / "guest"
        scripts = {
            "agent.sh": (guest / "agent.sh").read_text(),
            "session.sh": f"set -- {directory}\n" + (guest / "session.sh").read_text(),
            "boot.sh": f"PARLEY_HOST={host.name}\n" + (guest / "boot.sh").read_text(),
            # Not in the share: a kernel writes no core into a file of another user, as it sees those there.
            "prepare.sh": "mkdir -p /var/crash\n",
            "modules": "\n".join(MODULES),
            "fstab": _fstab(host.name),
            "sysctl": _sysctl(topology, host.name),
            "network": _network(topology, host.name),
            "hosts": topology.hosts_file(),
        }
        for name in ("cmd", "step", "log", "state", "core"):
            jail.make_directory(f"{host.name}/{name}")
        for name, text in scripts.items():
            jail.write(f"{host.name}/{name}", text.encode())
        return f"{host.name}/boot.sh"


def _fstab(host: str) -> str:
    overlay = "lowerdir=/,upperdir=/tmp/upper,workdir=/tmp/work"
    lines = (
        f"overlay {_ROOT} overlay {overlay} 0 0",
        f"/dev {_ROOT}/dev none bind 0 0",
        f"devpts {_ROOT}/dev/pts devpts x-mount.mkdir 0 0",
        f"proc {_ROOT}/proc proc defaults 0 0",
        f"sysfs {_ROOT}/sys sysfs defaults 0 0",
        f"tmpfs {_ROOT}/run tmpfs mode=755 0 0",
        f"/mnt/testing {_ROOT}/testing none bind,x-mount.mkdir 0 0",
        f"/mnt/{host} {_ROOT}/parley none bind,x-mount.mkdir 0 0",
        f"{_ROOT}/parley/hosts {_ROOT}/etc/hosts none bind 0 0",
    )
    return "\n".join(lines) + "\n"


def _sysctl(topology: Topology, host: str) -> str:
    # Duplicate address detection would cost a second of every boot before an IPv6 address may be used.
    devices = ("all", "default", *(f"vec{number}" for number, _ in enumerate(topology.host(host).interfaces)))
    ipv6 = [
        (f"net/ipv6/conf/{device}/{key}", "0") for device in devices for key in ("accept_dad", "accept_ra")
    ]
    return "".join(f"{name} {value}\n" for name, value in (*_SYSCTL, *ipv6))


def _network(topology: Topology, host: str) -> str:
    network = topology.host(host)
    lines = ["link set lo up"]
    for number, interface in enumerate(network.interfaces):
        lines += [
            f"link set vec{number} name {interface.name}",
            f"address add {interface.ipv4} dev {interface.name}",
            f"address add {interface.ipv6} dev {interface.name}",
            f"link set {interface.name} up",
        ]
    for gateway in (network.gateway4, network.gateway6):
        if gateway is not None:
            lines.append(f"route add default via {gateway}")
    lines += [f"route add {route.destination} via {route.via}" for route in network.routes]
    return "\n".join(lines) + "\n"
