"""Commands that the lab itself runs on the hosts of a cell."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Both halves of a kernel's view, in one command: each costs a process and a round trip.
KERNEL = "ip -s xfrm state; echo ==== policy ====; ip xfrm policy list nosock"
POLICY_MARK = "==== policy ====\n"

# Wait until the kernel holds no SA with a key, up to five seconds; a delete takes a round trip to reach the
# peer. A reserved SPI (RFC 2367 section 3.1.1) is no SA, and would stay for half a minute.
GONE = (
    "tries=100; while ip xfrm state | grep -qE '^\\s(enc|aead|auth|auth-trunc|comp) '; do "
    "tries=$((tries - 1)); [ $tries -gt 0 ] || exit 1; sleep 0.05; done"
)

# Bytes of ICMP payload: small, just below what fits a tunnel unfragmented, beyond it.
SIZES = (56, 1300, 3000)

# How long the last echo of a flow may be on its way (seconds).
_LINGER = 3.0

# A guard's policies yield to any daemon's.
_GUARD_PRIORITY = 4000000000

# Where NAT maps to and from, in the test network: nic's two legs.
_NIC_INTERNET, _NIC_INSIDE = "192.1.2.254", "192.1.3.254"


def guard(pairs: Iterable[tuple[Network, Network]]) -> str:
    """Block echo in clear between protected networks, whatever comes through a tunnel excepted.

    Only echo requests and replies: those are what a cell sends, neighbour discovery must go on, and no
    daemon has a policy with the very same selector that it would replace.
    """
    lines = []
    for one, other in pairs:
        for source, destination in ((one, other), (other, one)):
            for protocol in _echo(source):
                lines += [
                    f"xfrm policy add src {source} dst {destination} {protocol} dir {direction} "
                    f"priority {_GUARD_PRIORITY} action block"
                    for direction in ("in", "out", "fwd")
                ]
    return _batch(lines)


def unguard() -> str:
    """Take the guard's policies away again, and only those."""
    return (
        "ip xfrm policy list nosock | awk '"
        "/^src/ { selector = $0; next } "
        f'/action block priority {_GUARD_PRIORITY} / {{ print "xfrm policy delete", selector, "dir", $2 }}'
        "' | ip -batch -"
    )


def _echo(network: Network) -> tuple[str, ...]:
    if network.version == 4:  # noqa: PLR2004 -- the IP version
        return ("proto icmp",)
    return ("proto ipv6-icmp type 128", "proto ipv6-icmp type 129")


def add_addresses(addresses: Iterable[Address], interface: str) -> str:
    """Give a host further addresses of its own."""
    return _batch(f"address add {ip_network(address)} dev {interface}" for address in addresses)


def ping(pairs: Iterable[tuple[str, str]], *, seconds: float, sizes: Iterable[int] = SIZES) -> str:
    """Ping from each source (empty: the host's choice) to its destination, once in each size, all at once.

    Prints `SOURCE DESTINATION SIZE up` or `... down`; a source that the host chose is printed as `-`.
    """
    lines = ["one() {", '    if [ "$1" = - ]; then set -- \'\' "$2" "$3"; fi']
    lines += [
        f'    if ping -n -q -c 1 -W {seconds:g} -s "$3" ${{1:+-I "$1"}} "$2" >/dev/null 2>&1; then',
        '        echo "${1:--} $2 $3 up"',
        "    else",
        '        echo "${1:--} $2 $3 down"',
        "    fi",
        "}",
    ]
    for source, destination in pairs:
        lines += [f"one {source or '-'} {destination} {size} &" for size in sizes]
    return "\n".join([*lines, "wait"])


def flow(pairs: Iterable[tuple[str, str]], *, seconds: float, every: float, size: int) -> str:
    """Ping from each source (empty: the host's choice) to its destination, for `seconds`, all at once.

    Prints `SOURCE DESTINATION sent N received M`, and before it each echo that had no answer when the next
    one was sent, with its time.
    """
    count = max(1, round(seconds / every))
    ping_command = f"ping -n -O -D -c {count} -i {every:g} -W {_LINGER:g} -s {size}"
    lines = ["flow() {", "    from=$1", '    if [ "$1" = - ]; then set -- \'\' "$2"; fi']
    numbers = "\\([0-9]*\\) packets transmitted, \\([0-9]*\\) received"
    lines += [
        f'    {ping_command} ${{1:+-I "$1"}} "$2" 2>&1 |',
        '        sed -n "s/^\\(\\[[0-9.]*\\]\\) no answer yet for icmp_seq=/\\1 $2 unanswered: /p',
        f'            s/^{numbers}.*/$from $2 sent \\1 received \\2/p"',
        "}",
    ]
    lines += [f"flow {source or '-'} {destination} &" for source, destination in pairs]
    return "\n".join([*lines, "wait"])


def set_clock(shift: float) -> str:
    """Set a host's clock forward by `shift` seconds, or back."""
    return f"date -s @$(($(date +%s) + {round(shift)})) >/dev/null"


def map_ports(timeout: int) -> str:
    """Have nic be the NAT that people have at home: it maps ports, and forgets a silent one (RFC 4787).

    Nothing comes in that nobody inside has asked for. A mapping lives `timeout` seconds longer than its
    last packet.
    """
    rules = (
        "table ip parley {",
        "chain out { type nat hook postrouting priority srcnat; oifname eth1 masquerade fully-random; }",
        "chain in { type filter hook forward priority filter; iifname eth1 ct state new drop; }",
        "}",
    )
    return "\n".join(
        [
            "nft -f - <<'END' || exit",
            *rules,
            "END",
            f"for file in /proc/sys/net/netfilter/nf_conntrack_udp_timeout*; do echo {timeout} >$file; done",
        ]
    )


# A masquerading NAT forgets what it mapped to the address of an interface that went down.
FORGET_MAPPINGS = "ip link set eth1 down && ip link set eth1 up"


def translate(inside: str, *, both: bool) -> str:
    """Have nic translate the address of the host `inside` on its way out (RFC 3022, static, by tc-nat).

    With `both`, the peer is behind the translation too: it is reached at nic's inner address.
    """
    east = "192.1.2.23"
    lines = [
        "qdisc add dev eth1 clsact",
        _rewrite("eth1 egress", f"src_ip {inside}", f"egress {inside}/32 {_NIC_INTERNET}"),
        _rewrite(
            "eth1 ingress", f"dst_ip {_NIC_INTERNET} src_ip {east}", f"ingress {_NIC_INTERNET}/32 {inside}"
        ),
    ]
    if both:
        lines += [
            "qdisc add dev eth2 clsact",
            _rewrite(
                "eth2 ingress", f"dst_ip {_NIC_INSIDE} src_ip {inside}", f"ingress {_NIC_INSIDE}/32 {east}"
            ),
            _rewrite("eth2 egress", f"src_ip {east} dst_ip {inside}", f"egress {east}/32 {_NIC_INSIDE}"),
        ]
    return _batch(lines, tool="tc")


def _rewrite(where: str, match: str, action: str) -> str:
    return f"filter add dev {where} protocol ip flower {match} action nat {action}"


def _batch(lines: Iterable[str], *, tool: str = "ip") -> str:
    return f"{tool} -batch - <<'END'\n" + "\n".join(lines) + "\nEND"
