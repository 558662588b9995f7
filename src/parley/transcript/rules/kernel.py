"""`ip xfrm` (ip-xfrm(8)) and what the kernels' tools have in common."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from parley.transcript.registry import sanitizer
from parley.transcript.rules.commands import KERNEL, POLICIES, STATES

if TYPE_CHECKING:
    from parley.transcript.symbols import Naming

_SPI = re.compile(
    r"(?P<before>(?P<comp>\b(?:proto|protocol) comp )?\b(?:spi|SPI) )(?P<spi>0x[0-9a-f]{1,8})\b(?:\(\d+\))?"
)
_KEY = re.compile(r"(?P<before>^\s(?:auth|auth-trunc|enc|aead) \S+ )(?P<key>0x[0-9a-f]+)", re.MULTILINE)
_REQID = re.compile(r"\breqid (?P<id>\d+)(?P<hex>\(0x[0-9a-f]+\))?")
_HEX_REQID = re.compile(r"\breqid (?P<id>0x[0-9a-f]+)")
_STAMP = r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}"
_TIME = re.compile(rf"\b(?P<what>lastused|add|use) {_STAMP}")
_SOFT = re.compile(
    r"(?P<before>(?:limit|expire (?:add|use)): soft )(?!0\()\d+(?P<unit>\((?:bytes|packets|sec)\))"
)
_COUNTER = re.compile(r"\b(?P<name>o?seq) 0x(?!0+\b)[0-9a-f]+")
_BITMAP = re.compile(r"(?P<name>bitmap) 0x(?!0+\b)[0-9a-f]+")
_BITMAP_WORDS = re.compile(r"^\t (?:[0-9a-f]{8} )+$", re.MULTILINE)
_ENCAP = re.compile(r"(?P<before>\b(?:sport|dport) )(?P<port>\d+)\b")
_INDEX = re.compile(r"(?P<before> index )\d+(?P<after> priority )")

# Linux draws local ports from 32768 up (ip_local_port_range), NAT devices as a rule likewise.
_FIRST_EPHEMERAL = 32768


@sanitizer(KERNEL)
def kernel_spis(output: str, naming: Naming) -> str:
    """Hides the random numbers of SPIs and CPIs; equal ones stay equal on all hosts, 0 stays."""

    def symbol(match: re.Match[str]) -> str:
        name = naming.cpi if match["comp"] else naming.spi
        return match["before"] + name(match["spi"])

    return _SPI.sub(symbol, output)


@sanitizer(STATES)
def xfrm_keys(output: str, naming: Naming) -> str:
    """Hides keys; their lengths and which are equal stay."""
    return _KEY.sub(lambda match: match["before"] + naming.key(match["key"]), output)


@sanitizer(KERNEL)
def kernel_reqids(output: str, naming: Naming) -> str:
    """Hides request ids that a daemon chose by itself; configured ones (below 16384) stay."""

    def symbol(match: re.Match[str]) -> str:
        name = naming.reqid(match["id"])
        return f"reqid {name}{(match['hex'] or '') if name == match['id'] else ''}"

    output = _HEX_REQID.sub(lambda match: f"reqid {int(match['id'], 16)}", output)
    return _REQID.sub(symbol, output)


@sanitizer(KERNEL)
def xfrm_times(output: str, _naming: Naming) -> str:
    """Hides when states and policies were made and used; `use -` (never) stays."""
    return _TIME.sub(r"\g<what> TIME", output)


@sanitizer(KERNEL)
def xfrm_soft_limits(output: str, _naming: Naming) -> str:
    """Hides soft lifetimes, from which daemons subtract a random share; hard ones and (INF) stay."""
    return _SOFT.sub(r"\g<before>N\g<unit>", output)


@sanitizer(STATES)
def xfrm_replay_counters(output: str, _naming: Naming) -> str:
    """Hides how far sequence numbers and replay bitmaps have got; 0 (no packet) and the window stay."""
    output = _COUNTER.sub(r"\g<name> N", output)
    output = _BITMAP.sub(r"\g<name> N", output)
    return _BITMAP_WORDS.sub(lambda match: re.sub(r"(?!0{8})[0-9a-f]{8}", "NNNNNNNN", match[0]), output)


@sanitizer(STATES)
def xfrm_encap_ports(output: str, naming: Naming) -> str:
    """Hides ephemeral ports of UDP or TCP encapsulation (RFC 3948); low ones stay, equal ones stay equal."""

    def symbol(match: re.Match[str]) -> str:
        if int(match["port"]) < _FIRST_EPHEMERAL:
            return match[0]
        return match["before"] + naming.name("PORT", match["port"])

    return re.sub(
        r"^.*\bencap type .*$", lambda line: _ENCAP.sub(symbol, line[0]), output, flags=re.MULTILINE
    )


@sanitizer(POLICIES)
def xfrm_policy_index(output: str, _naming: Naming) -> str:
    """Hides the kernel's own number of a policy."""
    return _INDEX.sub(r"\g<before>N\g<after>", output)
