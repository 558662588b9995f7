"""The emulated PC in which a system is installed: a CD, an empty disk, a serial console, and no network."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

from parley.backend.base import BootRequest, Disk
from parley.backend.qemu import QemuBackend
from parley.escape import visible
from parley.install.console import Console, ConsoleClosedError
from parley.lab.jail import Owner

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from parley.install.machine import PowerOn

_MEMORY = 1024  # MiB; base installs in half of it
_WORDS = 2000  # bytes of what QEMU says that go into a message


@contextmanager
def emulated_pc(what: PowerOn) -> Iterator[Console]:
    """A machine in QEMU, switched off at the end. Raises BootError, or MissingError without QEMU."""
    emulator_log = what.log.with_suffix(".qemu.log")
    emulator_log.unlink(missing_ok=True)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        request = BootRequest(
            host=what.name,
            owner=Owner.current(),
            lines=(theirs,),
            nics=(),
            kernel_log=emulator_log,
            disks=(Disk(what.disk, "qcow2"),),
            cdrom=what.cdrom,
            boots_from_cdrom=what.boots_cdrom,
            memory=_MEMORY,
        )
        machine = QemuBackend(restores=False).boot(request)
        try:
            theirs.close()
            console = Console(ours, what.log, host=what.name)
            try:
                yield console
            except ConsoleClosedError as error:
                raise _with_words(error, emulator_log) from error
            finally:
                console.close()
        finally:
            machine.kill()


def _with_words(error: ConsoleClosedError, log: Path) -> ConsoleClosedError:
    """The error of a machine that went away, with what QEMU itself said when it did."""
    words = visible(log.read_text(encoding="utf-8", errors="backslashreplace").strip()[-_WORDS:], keep="\n")
    if not words:
        return error
    return ConsoleClosedError(f"{error.args[0]}\n  QEMU said: {words}", hint=error.hint)
