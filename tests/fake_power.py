"""Switches on a fake machine (fake_openbsd.py, fake_freebsd.py) in place of an emulated PC."""

from __future__ import annotations

import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from parley.install.console import Console

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parley.install.machine import Power, PowerOn


def fake_power(fault: str = "", *, system: str = "openbsd") -> Power:
    """A Power whose machines have one fault, if any."""
    program = Path(__file__).parent / f"fake_{system}.py"

    @contextmanager
    def power(what: PowerOn) -> Iterator[Console]:
        ours, theirs = socket.socketpair()
        with ours:
            words = [str(theirs.fileno()), str(what.disk), str(what.cdrom or ""), fault]
            words.append("yes" if what.boots_cdrom else "")
            with theirs:
                process = subprocess.Popen([sys.executable, program, *words], pass_fds=[theirs.fileno()])
            console = Console(ours, what.log, host=what.name)
            try:
                yield console
            finally:
                console.close()
                ours.close()
                process.wait()

    return power
