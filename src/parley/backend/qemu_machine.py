"""A running QEMU: started from a request, watched until it goes on, stopped and saved."""

from __future__ import annotations

import os
import socket
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from parley.backend.accel import accelerator
from parley.backend.process import FILE_LIMIT, ProcessMachine, spawn
from parley.backend.qemu_command import Command
from parley.backend.qemu_monitor import Monitor
from parley.errors import BootError

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from parley.backend.base import BootRequest

# Limits in seconds.
_RESTORE_LIMIT = 15.0
_SAVE_LIMIT = 60.0
# Of a disk image, where that of a share would be too little (bytes).
_DISK_LIMIT = 64 * 1024**3
# A guest gets its cards' true addresses at the desk: up to then all guests that are saved have the same.
_PLACEHOLDER = "52:54:00:00:00:{:02x}"
READY = b"ready"
GOING = b"going"


@dataclass(frozen=True, slots=True)
class Started:
    """A QEMU process, our ends of its monitor and of its desk."""

    process: subprocess.Popen[bytes]
    monitor: Monitor
    desk: socket.socket

    def hear(self, word: bytes, limit: float) -> bool:
        """Whether the guest says `word` at its desk within `limit` seconds."""
        heard = b""
        deadline = time.monotonic() + limit
        try:
            while word not in heard:
                self.desk.settimeout(max(0.0, deadline - time.monotonic()))
                data = self.desk.recv(256)
                if not data:
                    return False
                heard = heard[-256:] + data
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Hang up; the process is the caller's."""
        self.monitor.close()
        self.desk.close()


class QemuMachine(ProcessMachine):
    """An emulated PC. One that `goes_on` from a saved state is started anew, by `again`, if it does not."""

    def __init__(
        self,
        host: str,
        started: Started,
        *,
        goes_on: bool = False,
        again: Callable[[], Started] | None = None,
        spare: ExitStack | None = None,
    ) -> None:
        super().__init__(started.process)
        self._host = host
        self._started = started
        self._goes_on = goes_on
        self._again = again
        self._spare = spare or ExitStack()

    def settle(self) -> None:
        """Wait until a restored guest goes on; a Linux guest that does not is booted from cold.

        Raises BootError for another guest that does not.
        """
        if self._again is not None and not self._started.hear(GOING, _RESTORE_LIMIT):
            super().kill()
            self._started.close()
            self._started = self._again()
            self._process = self._started.process
        elif self._goes_on:
            self._started.monitor.wait_until_running(_RESTORE_LIMIT)
        self._again, self._goes_on = None, False
        self._spare.close()

    def kill(self) -> None:
        """End it at once."""
        super().kill()
        self._started.close()
        self._spare.close()

    def stop(self, limit: float) -> bool:
        """Press the power button, wait up to `limit` seconds, then end it at once."""
        try:
            self._started.monitor.execute("system_powerdown")
        except BootError:
            limit = 0.0  # it listens no more, or went by itself
        deadline = time.monotonic() + limit
        while self.exited() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        went = self.exited() is not None
        self.kill()
        return went

    def save(self, state: Path) -> None:
        """Stop it for good and write its memory and devices to the file `state`."""
        with state.open("wb") as file:
            self._started.monitor.migrate(file.fileno(), _SAVE_LIMIT)
        self.kill()


def boot_cold(request: BootRequest) -> Started:
    """Start from the kernel or the disks."""
    return start(request, None, cold_order(request))


def resume(request: BootRequest, state: Path) -> Started:
    """Start by going on from a saved state."""
    return start(request, state, _order("resume", request))


def start(request: BootRequest, state: Path | None, order: bytes) -> Started:
    """Start QEMU, going on from `state` if there is one; a guest with a desk finds `order` there."""
    with ExitStack() as stack:
        log = os.open(request.kernel_log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        stack.callback(os.close, log)
        (monitor, theirs), (desk, guests) = socket.socketpair(), socket.socketpair()
        for end in (monitor, theirs, desk, guests):
            stack.enter_context(end)
        desk.sendall(order)
        command = Command(stack, request, accelerator())
        command.monitor(theirs)
        _describe(command, request, guests, log)
        if state is not None:
            command.resume(state)
        limit = _DISK_LIMIT if request.disks else FILE_LIMIT
        process = spawn(command.words, command.descriptors, log, request, file_limit=limit)
        return Started(process, Monitor(request.host, monitor.dup()), desk.dup())


def kept_open(request: BootRequest, stack: ExitStack) -> BootRequest:
    """The same request with sockets that stay open when the caller closes theirs, until `stack` is closed."""
    lines = tuple(stack.enter_context(line.dup()) for line in request.lines)
    nics = tuple(replace(nic, wire=stack.enter_context(nic.wire.dup())) for nic in request.nics)
    return replace(request, lines=lines, nics=nics)


def _describe(command: Command, request: BootRequest, desk: socket.socket, log: int) -> None:
    _describe_drives(command, request)
    if request.share is None:
        command.serial_ports(request.lines)
    else:
        command.log(log)
        command.consoles((*request.lines, desk))
        command.share(request.share)
    for number, nic in enumerate(request.nics):
        command.nic(number, nic, nic.mac if request.share is None else _PLACEHOLDER.format(number))


def _describe_drives(command: Command, request: BootRequest) -> None:
    if request.kernel is not None and request.image is not None:
        if request.kernel.initrd is None:
            raise BootError(f"kernel {request.kernel.name} is for no emulated PC", host=request.host)
        command.linux(request.kernel.binary, request.kernel.initrd)
        command.image("root", request.image.path)
        if request.kernel.modules is not None:
            command.image("modules", request.kernel.modules)
    for number, disk in enumerate(request.disks):
        command.disk(f"disk{number}", disk, number + request.boots_from_cdrom)
    if request.cdrom is not None:
        command.cdrom(request.cdrom, 0 if request.boots_from_cdrom else len(request.disks))


def cold_order(request: BootRequest) -> bytes:
    """What a Linux guest that boots from cold is to hear at its desk."""
    return _order("go", request)


def _order(word: str, request: BootRequest) -> bytes:
    if request.share is None:
        return b""
    macs = " ".join(nic.mac for nic in request.nics)
    return f"{word} {request.boot_script} {int(time.time())} {macs}\n".encode()
