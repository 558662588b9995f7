"""`ipsecctl -vk -sa` (ipsecctl(8)), which `ipsec _kernel state` runs on OpenBSD."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from parley.transcript.registry import sanitizer

if TYPE_CHECKING:
    from parley.transcript.symbols import Naming

_COMMANDS = r"\bipsecctl\b|\bipsec\s+_kernel\s+state"
_KEY = re.compile(r"(?P<before>\b(?:authkey|enckey) )(?P<key>0x[0-9a-f]+)")
_VERBOSE_KEY = re.compile(r"(?P<before>\bkey_(?:auth|encrypt): bits \d+: )(?P<key>[0-9a-f]+)\b")
_SINCE = re.compile(r"(?P<what>\b(?:add|first) )[1-9]\d*\b")
_LIMIT = re.compile(r"(?P<what>\b(?:alloc|bytes|add|first) )[1-9]\d*\b")


def _on_lines(label: str, pattern: re.Pattern[str], output: str) -> str:
    line = re.compile(rf"^.*\b{label}: .*$", re.MULTILINE)
    return line.sub(lambda found: pattern.sub(r"\g<what>N", found[0]), output)


@sanitizer(_COMMANDS)
def ipsecctl_keys(output: str, naming: Naming) -> str:
    """Hides keys; their lengths and which are equal stay."""
    for pattern in (_KEY, _VERBOSE_KEY):
        output = pattern.sub(lambda match: match["before"] + naming.key(match["key"]), output)
    return output


@sanitizer(_COMMANDS)
def ipsecctl_times(output: str, _naming: Naming) -> str:
    """Hides when states were made and used; 0 (never) and byte counts stay."""
    return _on_lines("lifetime_lastuse", _SINCE, _on_lines("lifetime_cur", _SINCE, output))


@sanitizer(_COMMANDS)
def ipsecctl_soft_limits(output: str, _naming: Naming) -> str:
    """Hides soft lifetimes, from which iked subtracts a random share; hard ones stay."""
    return _on_lines("lifetime_soft", _LIMIT, output)
