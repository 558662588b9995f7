"""ping(8), tcpdump(8) and the addresses that interfaces give themselves."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from parley.transcript.registry import sanitizer

if TYPE_CHECKING:
    from parley.transcript.symbols import Naming

_PING = r"\bf?ping6?\b"
_REPLY_TIME = re.compile(r"\btime(?P<sign>[=<])[\d.]+ ?ms\b")
_TOTAL_TIME = re.compile(r", time \d+ms\b")
_ROUND_TRIP = re.compile(
    r"^(?P<what>(?:rtt|round-trip) [\w/-]+ = )[\d./]+ ms(?:, pipe \d+)?(?:, ipg/ewma [\d./]+ ms)?$",
    re.MULTILINE,
)
_CLOCK = re.compile(r"^(?:\d{4}-\d{2}-\d{2} )?\d{2}:\d{2}:\d{2}\.\d{6} ", re.MULTILINE)
_ECHO_ID = re.compile(r"(?P<before>\becho (?:request|reply), id )\d+\b")
_CAPTURED_SPI = re.compile(r"(?P<before>\bspi=)(?P<spi>0x[0-9a-f]{1,8})\b")
_COOKIES = re.compile(r"(?P<before>\bcookie )(?P<i>[0-9a-f]{16})->(?P<r>[0-9a-f]{16})\b")
_FILTERED = re.compile(r"^\d+ (?P<what>packets? received by filter)$", re.MULTILINE)
_MAC = re.compile(
    r"(?<![0-9a-f:])(?!ff:ff:ff:ff:ff:ff|00:00:00:00:00:00)(?:[0-9a-f]{2}:){5}[0-9a-f]{2}(?![0-9a-f:])"
)
_LINK_LOCAL = re.compile(r"(?<![0-9a-f:])fe80::[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){3}(?![0-9a-f:])")
_ADDRESSES = r"\bip\s+(-\S+\s+)*(a|addr|address|l|link|n|neigh|neighbour)\b|ip-addr|\bifconfig\b|\btcpdump\b"


@sanitizer(_PING)
def ping_times(output: str, _naming: Naming) -> str:
    """Hides how long replies took; their numbers, sizes, ttl and losses stay."""
    output = _REPLY_TIME.sub(r"time\g<sign>N ms", output)
    output = _TOTAL_TIME.sub(", time Nms", output)
    return _ROUND_TRIP.sub(r"\g<what>N ms", output)


@sanitizer(r"\btcpdump\b")
def tcpdump_times(output: str, _naming: Naming) -> str:
    """Hides when a packet was seen."""
    return _CLOCK.sub("TIME ", output)


@sanitizer(r"\btcpdump\b")
def tcpdump_numbers(output: str, naming: Naming) -> str:
    """Hides the random numbers of SPIs, IKE SPIs and echo ids; sequence numbers and lengths stay."""
    output = _CAPTURED_SPI.sub(lambda match: match["before"] + naming.spi(match["spi"]), output)
    output = _COOKIES.sub(
        lambda match: f"{match['before']}{naming.ike_spi(match['i'])}->{naming.ike_spi(match['r'])}", output
    )
    return _ECHO_ID.sub(r"\g<before>N", output)


@sanitizer(r"\btcpdump\b")
def tcpdump_filter_count(output: str, _naming: Naming) -> str:
    """Hides how many packets passed the filter, where packets after the last shown one count by chance."""
    return _FILTERED.sub(r"N \g<what>", output)


@sanitizer(_ADDRESSES)
def link_addresses(output: str, naming: Naming) -> str:
    """Hides random hardware addresses and the link-local ones made of them; equal ones stay equal."""
    output = _MAC.sub(lambda match: naming.name("MAC", match[0]), output)
    return _LINK_LOCAL.sub(lambda match: f"fe80::{naming.name('IID', match[0])}", output)
