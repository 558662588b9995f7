"""`setkey -D` (setkey(8)), which `ipsec _kernel state` runs on FreeBSD and NetBSD."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from parley.transcript.registry import sanitizer

if TYPE_CHECKING:
    from parley.transcript.symbols import Naming

_COMMANDS = r"\bsetkey\b|\bipsec\s+_kernel\s"
_NUMBERS = re.compile(r"\bspi=(?P<spi>\d+)\(0x[0-9a-f]+\)")
_REQID = re.compile(r"\breqid=(?P<id>\d+)(?P<hex>\(0x[0-9a-f]+\))?")
_KEY = re.compile(
    r"(?P<before>^[ \t]+[AE]: \S+[ \t]+)(?P<key>[0-9a-f]{8}(?: ?[0-9a-f]{1,8})*)[ \t]*$", re.MULTILINE
)
_DATE = r"[A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}"
_TIMES = re.compile(rf"\b(?P<what>created|current|last): {_DATE}")
_AGE = re.compile(r"\bdiff: \d+\(s\)")
_SOFT = re.compile(r"\bsoft: (?!0\(|0$)\d+(?P<unit>\((?:s|bytes)\))?", re.MULTILINE)
_PROCESS = re.compile(r"\b(?P<what>pid|sadb_seq|refcnt)=\d+")


@sanitizer(_COMMANDS)
def setkey_spis(output: str, naming: Naming) -> str:
    """Hides the random numbers of SPIs; equal ones stay equal on all hosts."""
    return _NUMBERS.sub(lambda match: "spi=" + naming.spi(f"{int(match['spi']):x}"), output)


@sanitizer(_COMMANDS)
def setkey_reqids(output: str, naming: Naming) -> str:
    """Hides request ids that a daemon chose by itself; configured ones (below 16384) stay."""

    def symbol(match: re.Match[str]) -> str:
        name = naming.reqid(match["id"])
        return match[0] if name == match["id"] else f"reqid={name}"

    return _REQID.sub(symbol, output)


@sanitizer(_COMMANDS)
def setkey_keys(output: str, naming: Naming) -> str:
    """Hides keys; their lengths and which are equal stay."""
    return _KEY.sub(lambda match: match["before"] + naming.key(match["key"]), output)


@sanitizer(_COMMANDS)
def setkey_times(output: str, _naming: Naming) -> str:
    """Hides when states were made and used, and how old they are."""
    return _AGE.sub("diff: N(s)", _TIMES.sub(r"\g<what>: TIME", output))


@sanitizer(_COMMANDS)
def setkey_soft_limits(output: str, _naming: Naming) -> str:
    """Hides soft lifetimes, from which daemons subtract a random share; hard ones stay."""
    return _SOFT.sub(lambda match: f"soft: N{match['unit'] or ''}", output)


@sanitizer(_COMMANDS)
def setkey_bookkeeping(output: str, _naming: Naming) -> str:
    """Hides the process id, the dump's countdown and the kernel's reference counts."""
    return _PROCESS.sub(r"\g<what>=N", output)
