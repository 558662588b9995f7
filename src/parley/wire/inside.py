"""The same wires where hosts share a kernel: tc(8) there impairs what the hub would.

Differences to the hub: netem (tc-netem(8)) reorders by letting some frames overtake delayed ones, and its
jitter may reorder too. Its random decisions repeat with the seed as well.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from parley.platform.shared import port_name
from parley.wire.frame import ETHERNET_HEADER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from parley.lab.topology import Interface
    from parley.wire.impair import Impairment

# Frames that wait in a queue whose length nobody asked for.
_QUEUE = 10000
_FULL_FRAME = 1514
# What reordering needs where no delay was asked for: frames to overtake (seconds).
_OVERTAKING = 0.01


def impair_commands(impairment: Impairment, interfaces: Iterable[Interface]) -> str:
    """A shell command for the lab's agent that replaces what impairs the target from now on."""
    lines: list[str] = []
    for each in interfaces:
        is_target = each.segment == impairment.segment and impairment.sender in {"", each.host}
        if is_target:
            lines += _impair(impairment, each)
    return "\n".join(lines) or "true"


def _impair(impairment: Impairment, interface: Interface) -> list[str]:
    port = port_name(interface)
    line = f"i-{port}"
    normal = _discipline(impairment, f"{interface.segment}/{port}")
    redirect = f"tc filter add dev {port} ingress pref 2 matchall action mirred egress redirect dev {line}"
    commands = [
        f"new=; ip link add {line} type ifb 2>/dev/null && ip link set {line} up && new=1",
        f"tc qdisc delete dev {line} root 2>/dev/null",
        *_build(impairment, line, normal),
        # After the filter that copies frames for the capture (platform.shared).
        f'[ -z "$new" ] || {redirect} || exit',
    ]
    if impairment.partition:
        commands.append(_partition(impairment, line, normal))
    return commands


def _build(impairment: Impairment, line: str, normal: str) -> list[str]:
    """Band 1 passes everything, band 2 is impaired."""
    commands = [
        f"tc qdisc add dev {line} root handle 1: {_bands(2)} || exit",
        *(_size_limit(impairment.mtu, line) if impairment.mtu else ()),
        f"tc qdisc add dev {line} parent {_place(impairment)} handle 2: {normal} || exit",
    ]
    if impairment.only == "esp":
        for pref, match in enumerate(_matches("ike"), start=2):
            commands.append(f"tc filter add dev {line} parent 1: pref {pref} {match} flowid 1:1 || exit")
    for pref, match in enumerate(_matches(impairment.only), start=10):
        commands.append(f"tc filter add dev {line} parent 1: pref {pref} {match} flowid 1:2 || exit")
    return commands


def _size_limit(mtu: int, line: str) -> list[str]:
    """Of what is impaired, band 1 is what is not too large, and band 2 is dropped."""
    match = f'basic match "meta(pkt_len gt {mtu + ETHERNET_HEADER})"'
    return [
        f"tc qdisc add dev {line} parent 1:2 handle 3: {_bands(2)} || exit",
        f"tc qdisc add dev {line} parent 3:2 handle 4: netem loss 100% || exit",
        f"tc filter add dev {line} parent 3: pref 1 protocol all {match} flowid 3:2 || exit",
    ]


def _place(impairment: Impairment) -> str:
    """Where the discipline is that delays and loses."""
    return "3:1" if impairment.mtu else "1:2"


def _bands(count: int) -> str:
    """A queue for each of several bands; the first gets what no filter sends elsewhere."""
    return f"prio bands {count} priomap {' '.join('0' * 16)}"


def _matches(only: str) -> tuple[str, ...]:
    """Filters for what `only` means (wire.impair.CLASSES)."""
    udp = "match ip protocol 17 0xff"
    udp6 = "match ip6 protocol 17 0xff"
    encapsulated = f"{udp} match ip dport 4500 0xffff"
    encapsulated6 = f"{udp6} match ip6 dport 4500 0xffff"
    marker, marker6 = "match u32 0 0xffffffff at 28", "match u32 0 0xffffffff at 48"
    return {
        "": ("protocol all matchall",),
        "ip": ("protocol ip matchall", "protocol ipv6 matchall"),
        "ike": (
            f"protocol ip u32 {udp} match ip dport 500 0xffff",
            f"protocol ip u32 {encapsulated} {marker}",
            f"protocol ipv6 u32 {udp6} match ip6 dport 500 0xffff",
            f"protocol ipv6 u32 {encapsulated6} {marker6}",
        ),
        # IKE has a marker of four zero octets there (RFC 3948, 2.2); what comes first takes it away.
        "esp": (
            *(f"protocol ip u32 match ip protocol {number} 0xff" for number in (50, 51)),
            *(f"protocol ipv6 u32 match ip6 protocol {number} 0xff" for number in (50, 51)),
            f"protocol ip u32 {encapsulated}",
            f"protocol ipv6 u32 {encapsulated6}",
        ),
    }[only]


def _discipline(impairment: Impairment, name: str) -> str:
    words = ["netem", "limit", str(impairment.queue // _FULL_FRAME if impairment.rate else _QUEUE)]
    delay = impairment.delay or (_OVERTAKING if impairment.reorder else 0.0)
    if delay:
        words += ["delay", f"{delay * 1e6:.0f}us"]
        words += [f"{impairment.jitter * 1e6:.0f}us"] if impairment.jitter else []
    for knob, share in (
        ("loss", impairment.loss),
        ("duplicate", impairment.duplicate),
        ("reorder", impairment.reorder),
    ):
        words += [knob, f"{share * 100:g}%"] if share else []
    if impairment.rate:
        words += ["rate", f"{impairment.rate:.0f}bit"]
    return " ".join([*words, "seed", str(zlib.crc32(f"{name}/{impairment.seed}".encode()))])


def _partition(impairment: Impairment, line: str, normal: str) -> str:
    """Cut it in time; the timer runs on its own, so that no order is under way meanwhile."""
    change = f"tc qdisc replace dev {line} parent {_place(impairment)} handle 2:"
    cut = f"{change} netem loss 100%; sleep {impairment.partition:g}; {change} {normal}"
    wait = f"sleep {impairment.partition_start:g}; " if impairment.partition_start else ""
    return f"({wait}{cut}) </dev/null >/dev/null 2>&1 &"
