"""How a kernel says that it died, on Linux and on the BSDs."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# How much of a console is looked at (bytes): a hostile one prints more than memory holds.
_TAIL = 64 * 1024

# Linux; panic(9) of both BSDs; a trap that OpenBSD's ddb(4) caught; FreeBSD's word for one.
_PANIC = re.compile(r"Kernel panic|^panic: |^fatal [a-z ]+ in (supervisor mode|kernel)|^Fatal trap \d+")
# ddb's word for where it stopped says something only where nothing better was said.
_STOPPED = re.compile(r"^(Stopped at|kernel: .* trap,) ")


def find_panic(console: Path) -> str:
    """The line with which a kernel said at the end of its console that it died; empty if it did not."""
    lines = _tail(console).splitlines()
    for pattern in (_PANIC, _STOPPED):
        found = next((line.strip() for line in lines if pattern.search(line)), "")
        if found:
            return found
    return ""


def last_line(log: Path) -> str:
    """The last thing said in a log; empty if nothing was."""
    return next((line.strip() for line in reversed(_tail(log).splitlines()) if line.strip()), "")


def _tail(console: Path) -> str:
    try:
        with console.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
            return file.read(_TAIL).decode("utf-8", "backslashreplace")
    except FileNotFoundError:
        return ""
