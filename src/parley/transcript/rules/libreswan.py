"""What pluto, whack and `ipsec` print (ipsec(8), ipsec_whack(8)), and their log."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from parley.transcript.registry import sanitizer
from parley.transcript.rules.commands import LIBRESWAN

if TYPE_CHECKING:
    from parley.transcript.symbols import Naming

_LOG_SPIS = re.compile(
    r"(?P<proto>\b(?:ESP|AH|IPCOMP)(?:[a-zA-Z]|/ESN){0,12})"
    r"(?P<out>=>0x[0-9a-f]{1,8})? <0x(?P<inbound>[0-9a-f]{1,8})\b"
)
_STATUS_SPI = re.compile(r"(?P<before>\b(?P<proto>esp|ah|comp)[.:])(?P<spi>[0-9a-f]{1,8})@")
_NAMED_SPI = re.compile(r"(?P<before>\bSPI (?:0x)?)(?P<spi>[0-9a-f]{8})\b")
_IKE_SPI = re.compile(r"(?P<before>\b(?:SPI[ir]|[ir]SPI|[ir]?cookie)[=: ]+(?:0x)?)(?P<spi>[0-9a-f]{16})\b")
_REQID = re.compile(r"(?P<before>\breqid(?:=|: | )|\bpolicy_id )(?P<id>\d+)\b")
_ADD_TIME = re.compile(r"\badd_time=(?!0\b)\d+")
_TIMERS = re.compile(r"(?P<before>; (?:[A-Z][A-Z_0-9]* in |last_contact=|age=))-?[\d.]+(?P<unit>s\b)?")
_AGES = re.compile(r"(?P<before>\b(?:aged|used|expires-in:) )[\d.]+s\b")
_LAST_CONTACT = re.compile(r"\blast_contact=[\d.]+(?:->[\d.]+)?")
_RETRANSMITS = re.compile(
    r"^.*(?:retransmission; will wait|retransmitting [^;\n]{1,60}; will wait"
    r"|discarding packet received during|dropping \w{1,40} response with (?:duplicate|in-progress) ).*\n?",
    re.MULTILINE,
)


@sanitizer(LIBRESWAN)
def pluto_spis(output: str, naming: Naming) -> str:
    """Hides the random numbers of SPIs and CPIs; equal ones stay equal on all hosts."""

    def logged(match: re.Match[str]) -> str:
        name = naming.cpi if match["proto"] == "IPCOMP" else naming.spi
        out = f"=>{name(match['out'].removeprefix('=>'))}" if match["out"] else ""
        return f"{match['proto']}{out} <{name('0x' + match['inbound'])}"

    def listed(match: re.Match[str]) -> str:
        name = naming.cpi if match["proto"] == "comp" else naming.spi
        return f"{match['before']}{name(match['spi'])}@"

    output = _STATUS_SPI.sub(listed, _LOG_SPIS.sub(logged, output))
    return _NAMED_SPI.sub(lambda match: "SPI " + naming.spi(match["spi"]), output)


@sanitizer(LIBRESWAN)
def pluto_ike_spis(output: str, naming: Naming) -> str:
    """Hides the random numbers of IKE SPIs; equal ones stay equal on all hosts."""
    return _IKE_SPI.sub(
        lambda match: match["before"].removesuffix("0x") + naming.ike_spi(match["spi"]), output
    )


@sanitizer(LIBRESWAN)
def pluto_reqids(output: str, naming: Naming) -> str:
    """Hides request ids that pluto chose by itself; configured ones (below 16384) stay."""
    return _REQID.sub(lambda match: match["before"] + naming.reqid(match["id"]), output)


@sanitizer(LIBRESWAN)
def pluto_times(output: str, _naming: Naming) -> str:
    """Hides when SAs were made, their ages and when their next timer runs out; configured times stay."""
    output = _LAST_CONTACT.sub("last_contact=N", _ADD_TIME.sub("add_time=TIME", output))
    output = _TIMERS.sub(lambda match: f"{match['before']}N{match['unit'] or ''}", output)
    return _AGES.sub(r"\g<before>Ns", output)


@sanitizer(r"\bipsec\s+(auto\s+)?(--)?up\b|--(initiate|rekey|delete)|# sanitize-retransmits")
def pluto_retransmits(output: str, _naming: Naming) -> str:
    """Hides that a packet was repeated on the way to an outcome: on a slow machine that is chance."""
    return _RETRANSMITS.sub("", output)
