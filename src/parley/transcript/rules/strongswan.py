"""What swanctl(8) prints, charon's log lines among it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from parley.transcript.registry import sanitizer
from parley.transcript.rules.commands import STRONGSWAN

if TYPE_CHECKING:
    from parley.transcript.symbols import Naming

_SPI = re.compile(r"(?<![0-9a-f])(?P<spi>[0-9a-f]{8})(?P<side>_[io]\b)")
_LISTED_SPI = re.compile(
    r"(?P<before>^[ ]+(?:in  |out ))(?P<spi>[0-9a-f]{8})(?:/(?P<cpi>[0-9a-f]{4}))?\b", re.MULTILINE
)
_NAMED_SPI = re.compile(r"(?P<before>\bSPI |\bspi-(?:in|out)=)(?P<spi>[0-9a-f]{8})\b")
_RAW_CPI = re.compile(r"(?P<before>\bcpi-(?:in|out)=)(?P<cpi>[0-9a-f]{4})\b")
_IKE_SPI = re.compile(r"(?<![0-9a-f])(?P<spi>[0-9a-f]{16})(?P<side>_[ir]\b)")
_RAW_IKE_SPI = re.compile(r"(?P<before>\b(?:initiator|responder)-spi=)(?P<spi>[0-9a-f]{16})\b")
_USED_AGO = re.compile(r", +\d+s ago$", re.MULTILINE)
_AGO = re.compile(r"\b(?P<what>established|installed) \d+s ago\b")
_DUE = re.compile(r"\b(?P<what>rekeying|reauth|reauthentication|expires|scheduled) in (?P<sign>-?)\d+s\b")
_LIFE = re.compile(r"\b(?P<what>maximum IKE_SA lifetime|received AUTH_LIFETIME of) \d+s\b")
_RAW_TIME = re.compile(r"\b(?P<what>established|(?:rekey|reauth|life|install)-time|use-(?:in|out))=\d+\b")
_UPTIME = re.compile(r"^(?P<what> *uptime: )\d+ \w+, since .*$", re.MULTILINE)
_WORKERS = re.compile(r"(?P<what>worker threads: \d+ total, )\d+ idle, working: [\d/]+")
_JOBS = re.compile(r"^(?P<what> *(?:job queues|jobs scheduled): )[\d/]+$", re.MULTILINE)
_MEMORY = re.compile(r"\b(?P<what>sbrk|mmap|used|free) \d+")


@sanitizer(STRONGSWAN)
def charon_spis(output: str, naming: Naming) -> str:
    """Hides the random numbers of SPIs and CPIs; equal ones stay equal on all hosts."""

    def listed(match: re.Match[str]) -> str:
        cpi = f"/{naming.cpi(match['cpi'])}" if match["cpi"] else ""
        return f"{match['before']}{naming.spi(match['spi'])}{cpi}"

    output = _SPI.sub(lambda match: naming.spi(match["spi"]) + match["side"], output)
    output = _NAMED_SPI.sub(lambda match: match["before"] + naming.spi(match["spi"]), output)
    output = _RAW_CPI.sub(lambda match: match["before"] + naming.cpi(match["cpi"]), output)
    return _LISTED_SPI.sub(listed, output)


@sanitizer(STRONGSWAN)
def charon_ike_spis(output: str, naming: Naming) -> str:
    """Hides the random numbers of IKE SPIs; equal ones stay equal on all hosts, 0 stays."""
    output = _IKE_SPI.sub(lambda match: naming.ike_spi(match["spi"]) + match["side"], output)
    return _RAW_IKE_SPI.sub(lambda match: match["before"] + naming.ike_spi(match["spi"]), output)


@sanitizer(STRONGSWAN)
def charon_times(output: str, _naming: Naming) -> str:
    """Hides ages and due times, which charon makes random; configured times (`every`) stay."""
    # A use in the machine's first second is none to charon, whose clock is then at 0: it is left out.
    output = _USED_AGO.sub("", output)
    output = _AGO.sub(r"\g<what> Ns ago", output)
    output = _DUE.sub(r"\g<what> in \g<sign>Ns", output)
    output = _LIFE.sub(r"\g<what> Ns", output)
    return _RAW_TIME.sub(r"\g<what>=N", output)


@sanitizer(r"\bswanctl\s.*(--stats|-S\b)|\bstatusall\b")
def charon_statistics(output: str, _naming: Naming) -> str:
    """Hides uptime, memory use and what the worker threads are at; SA counts and plugins stay."""
    output = _UPTIME.sub(r"\g<what>TIME", output)
    output = _WORKERS.sub(r"\g<what>N idle, working: N", output)
    output = _JOBS.sub(r"\g<what>N", output)
    line = re.compile(r"^.*\b(?:mallinfo|malloc): .*$", re.MULTILINE)
    return line.sub(lambda found: _MEMORY.sub(r"\g<what> N", found[0]), output)
