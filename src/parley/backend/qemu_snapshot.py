"""Linux guests saved at the point up to which they are all alike, and gone on from for each case."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from parley.backend.accel import QEMU, accelerator
from parley.backend.base import Nic
from parley.backend.qemu_command import KERNEL_PARAMETERS
from parley.backend.qemu_machine import READY, QemuMachine, start
from parley.errors import BootError, ImageError
from parley.image.snapshot import KIND, ensure_snapshot

if TYPE_CHECKING:
    from parley.backend.base import BootRequest
    from parley.image.store import Store

# How long a guest may take from power on to being ready to be saved (seconds): 4 under emulation.
_LIMIT = 120.0
# Raise it when the devices of a guest change: all are then saved anew.
_FORMAT = 1


def saved_state(store: Store, request: BootRequest) -> Path | None:
    """The state from which a guest like that of `request` goes on, saved now if it never was.

    None if it cannot be saved; then it can still boot.
    """

    def save(state: Path, _disk: Path) -> None:
        _save(request, state)
        _remove_older(store, _name(request))

    try:
        return ensure_snapshot(store, _name(request), _recipe(request), save).state
    except (BootError, ImageError):
        return None


def _remove_older(store: Store, name: str) -> None:
    """Remove what an older kernel, image or emulator had saved: 100 MB that nobody asks for any more."""
    for entry in store.entries(KIND):
        if entry.key.name == name:
            with suppress(ImageError):  # another user's, or in use
                store.remove(entry)


def emulator() -> str:
    """What a saved state hangs on besides its guest: QEMU's version, and what runs the instructions."""
    return f"{_version()}; {_processor()}"


def _name(request: BootRequest) -> str:
    image = request.image.name if request.image else ""
    return f"{image}-{len(request.nics)}-cards-{request.memory}"


def _recipe(request: BootRequest) -> str:
    """All that a saved state depends on."""
    if request.kernel is None or request.image is None:
        raise BootError("only guests that boot from a kernel of the store are saved here", host=request.host)
    facts = {
        "format": _FORMAT,
        "kernel": request.kernel.digest,
        "image": f"{request.image.name} {request.image.digest}",
        "cards": len(request.nics),
        "lines": len(request.lines),
        "memory": request.memory,
        "hardware": request.hardware,
        "parameters": KERNEL_PARAMETERS,
        "emulator": _version(),
        "processor": _processor(),
    }
    return "".join(f"{name} {value}\n" for name, value in facts.items())


def _save(request: BootRequest, state: Path) -> None:
    with ExitStack() as stack:
        template = _template(request, stack, state.parent)
        started = start(template, None, b"")
        machine = QemuMachine(request.host, started)
        stack.callback(machine.kill)
        if not started.hear(READY, _LIMIT):
            console = template.kernel_log.read_text(encoding="utf-8", errors="backslashreplace")
            raise BootError(f"not ready to be saved in {_LIMIT:g} s: {console[-500:]}", host=request.host)
        machine.save(state)


def _template(request: BootRequest, stack: ExitStack, parent: Path) -> BootRequest:
    """The same guest with nothing at the other ends of its lines and cables, and an empty share.

    What it needs lies below `parent`, in the store, where whoever comes next clears what a kill left.
    """
    place = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=parent)))
    share = place / "share"
    share.mkdir()
    os.chown(share, request.owner.uid, request.owner.gid)

    def end(kind: socket.SocketKind) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, kind)
        stack.enter_context(ours)
        return stack.enter_context(theirs)

    return replace(
        request,
        lines=tuple(end(socket.SOCK_STREAM) for _ in request.lines),
        nics=tuple(Nic(nic.name, nic.mac, end(socket.SOCK_DGRAM)) for nic in request.nics),
        share=share,
        kernel_log=place / "kernel.log",
    )


@cache
def _version() -> str:
    run = subprocess.run([QEMU, "--version"], capture_output=True, text=True, check=False)
    return run.stdout.partition("\n")[0]


def _processor() -> str:
    """What a guest sees of this machine's processor: nothing, when it is emulated."""
    chosen = accelerator()
    if chosen.name == "tcg":
        return chosen.name
    wanted = ("model name", "flags", "microcode")
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").partition("\n\n")[0].splitlines()
    return " ".join([chosen.name, *(line for line in lines if line.startswith(wanted))])
