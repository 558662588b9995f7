"""What the lab runs on the hosts of a cell, in the words of each host's own system.

`ping` prints the same lines everywhere; what `kernel` prints, scenario.kernels parses into the same types.
"""

from __future__ import annotations

import shlex
from abc import ABC, abstractmethod
from ipaddress import ip_network
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from parley.cell import commands
from parley.cell.commands import POLICY_MARK, SIZES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from parley.cell.commands import Address, Network

# Where pf.conf(5)'s rules of a guard are, so that they and no others are taken away.
_ANCHOR = "parley"


class SystemWords(ABC):
    """The commands of one system."""

    # Both halves of a kernel's view; wait until the kernel holds no SA, up to five seconds.
    kernel: str
    gone: str
    # Print all addresses, each a word of its own.
    addresses: str

    @abstractmethod
    def guard(self, pairs: Iterable[tuple[Network, Network]]) -> str:
        """Block echo in clear between protected networks, whatever comes through a tunnel excepted."""

    @abstractmethod
    def unguard(self) -> str:
        """Take the guard away again, and only that."""

    @abstractmethod
    def add_addresses(self, addresses: Iterable[Address], interface: str) -> str:
        """Give a host further addresses of its own; `interface` is called as in the topology."""

    @abstractmethod
    def ping(self, pairs: Iterable[tuple[str, str]], *, seconds: float, sizes: Iterable[int] = SIZES) -> str:
        """As `parley.cell.commands.ping`."""

    def install(self, source: str, path: str, mode: int) -> str:
        """Put a file in its place, root's alone to write."""
        directory = shlex.quote(str(PurePosixPath(path).parent))
        target = shlex.quote(path)
        return f"mkdir -p {directory}; cp {shlex.quote(source)} {target}; chmod {mode:o} {target}"


class Linux(SystemWords):
    """ip-xfrm(8), ping(8) of iputils."""

    kernel = commands.KERNEL
    gone = commands.GONE
    addresses = "ip -o address"

    def install(self, source: str, path: str, mode: int) -> str:
        """In one process, by coreutils."""
        return f"install -D -m {mode:o} -o root -g root {source} {path}"

    def guard(self, pairs: Iterable[tuple[Network, Network]]) -> str:
        """Policies that yield to any daemon's."""
        return commands.guard(pairs)

    def unguard(self) -> str:
        """Those policies, and no others."""
        return commands.unguard()

    def add_addresses(self, addresses: Iterable[Address], interface: str) -> str:
        """ip-address(8)."""
        return commands.add_addresses(addresses, interface)

    def ping(self, pairs: Iterable[tuple[str, str]], *, seconds: float, sizes: Iterable[int] = SIZES) -> str:
        """All at once."""
        return commands.ping(pairs, seconds=seconds, sizes=sizes)


class _Bsd(SystemWords):
    """pf(4) and ifconfig(8), which both BSDs have."""

    prepare_guard = ""
    addresses = "ifconfig -a"

    def guard(self, pairs: Iterable[tuple[Network, Network]]) -> str:
        """Packet filter rules for every interface but enc(4), on which what left a tunnel appears."""
        rules = [f'anchor "{_ANCHOR}" {{']
        for one, other in pairs:
            for source, destination in ((one, other), (other, one)):
                rules += [
                    f"block drop quick on ! enc0 {protocol} from {source} to {destination}"
                    for protocol in _echo(source.version)
                ]
        lines = [self.prepare_guard, "pfctl -q -f - <<'END' || exit", *rules, "}", "END"]
        # It is an error to pfctl(8) to enable what is enabled.
        return "\n".join([*filter(None, lines), "pfctl -q -e || true"])

    def unguard(self) -> str:
        """Back to what pf.conf(5) says, which is nothing in a lab."""
        return f"pfctl -q -a {_ANCHOR} -F rules; pfctl -q -d || true"

    def add_addresses(self, addresses: Iterable[Address], interface: str) -> str:
        """ifconfig(8), with the card's name as the boot script found it out."""
        lines = [f"card=$(sed -n 's/^{interface} //p' /parley/cards)"]
        for address in addresses:
            length = ip_network(address).prefixlen
            lines.append(f"ifconfig $card {_family(address.version)} {address}/{length} alias || exit")
        return "\n".join(lines)

    def _ping(self, pairs: Iterable[tuple[str, str]], sizes: Iterable[int], four: str, six: str) -> str:
        """`four` and `six` are the tool with its options, for either version of IP."""
        lines = [
            "one() {",
            "    case $2 in",
            f'    *:*) tool="{six}" ;;',
            f'    *) tool="{four}" ;;',
            "    esac",
            '    if [ "$1" = - ]; then from=; else from="$(source_option "$1")"; fi',
            '    if $tool -s "$3" $from "$2" >/dev/null 2>&1; then',
            '        echo "$1 $2 $3 up"',
            "    else",
            '        echo "$1 $2 $3 down"',
            "    fi",
            "}",
        ]
        for source, destination in pairs:
            lines += [f"one {source or '-'} {destination} {size} &" for size in sizes]
        return "\n".join([*lines, "wait"])


class OpenBsdWords(_Bsd):
    """ipsecctl(8), and a ping(8) that waits for whole seconds."""

    kernel = f"ipsecctl -s sa -v -k; echo {POLICY_MARK.strip()}; ipsecctl -s flow"
    gone = (
        "tries=100; while ipsecctl -s sa | grep -qE '^(esp|ah) '; do "
        "tries=$((tries - 1)); [ $tries -gt 0 ] || exit 1; sleep 0.05; done"
    )

    def ping(self, pairs: Iterable[tuple[str, str]], *, seconds: float, sizes: Iterable[int] = SIZES) -> str:
        """`-w`: how long to wait for an answer."""
        options = f"-n -q -c 1 -w {max(1, round(seconds))}"
        functions = 'source_option() { echo "-I $1"; }\n'
        return functions + self._ping(pairs, sizes, f"ping {options}", f"ping6 {options}")


class FreeBsdWords(_Bsd):
    """setkey(8), and a ping(8) that counts its patience in milliseconds."""

    prepare_guard = "kldload -nq pf if_enc; ifconfig enc0 up"
    kernel = f"setkey -D; echo {POLICY_MARK.strip()}; setkey -DP"
    gone = (
        "tries=100; while setkey -D | grep -q 'state=mature'; do "
        "tries=$((tries - 1)); [ $tries -gt 0 ] || exit 1; sleep 0.05; done"
    )

    def ping(self, pairs: Iterable[tuple[str, str]], *, seconds: float, sizes: Iterable[int] = SIZES) -> str:
        """`-W` and, for IPv6, `-x`: how long to wait for an answer."""
        patience = max(1, round(seconds * 1000))
        functions = 'source_option() { echo "-S $1"; }\n'
        return functions + self._ping(
            pairs, sizes, f"ping -n -q -c 1 -W {patience}", f"ping6 -n -q -c 1 -x {patience}"
        )


def _echo(version: int) -> tuple[str, ...]:
    if version == 4:  # noqa: PLR2004 -- the IP version
        return ("inet proto icmp",)
    return ("inet6 proto icmp6 icmp6-type echoreq", "inet6 proto icmp6 icmp6-type echorep")


def _family(version: int) -> str:
    return "inet" if version == 4 else "inet6"  # noqa: PLR2004 -- the IP version


LINUX = Linux()
_SYSTEMS: dict[str, SystemWords] = {"openbsd": OpenBsdWords(), "freebsd": FreeBsdWords()}


def words_of(platform: str) -> SystemWords:
    """The commands of a platform's system; all but the BSDs run Linux."""
    return _SYSTEMS.get(platform, LINUX)
