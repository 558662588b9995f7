"""The emulated PC in which a system is installed: a CD, an empty disk, a serial console, and no network."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

from parley.backend.base import BootRequest, Disk
from parley.backend.qemu import QemuBackend
from parley.install.console import Console
from parley.lab.jail import Owner

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parley.install.machine import PowerOn

_MEMORY = 1024  # MiB; base installs in half of it


@contextmanager
def emulated_pc(what: PowerOn) -> Iterator[Console]:
    """A machine in QEMU, switched off at the end. Raises BootError, or MissingError without QEMU."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        request = BootRequest(
            host=what.name,
            owner=Owner.current(),
            lines=(theirs,),
            nics=(),
            kernel_log=what.log.with_suffix(".qemu.log"),
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
            finally:
                console.close()
        finally:
            machine.kill()
