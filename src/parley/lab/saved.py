"""Hosts behind a console saved once, at their shell, and gone on from for every case.

A saved machine has the cards that it was saved with, MACs included, so each host of the test network is
saved for itself. It knows nothing of any case: the agent comes to it afterwards, on new drives.
"""

from __future__ import annotations

import socket
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from parley.backend.qemu_snapshot import emulator
from parley.errors import ImageError, LabError, UnsupportedError
from parley.image.snapshot import ensure_snapshot
from parley.lab.jail import Jail
from parley.record.layout import CaseLayout

if TYPE_CHECKING:
    from parley.image.snapshot import Snapshot
    from parley.image.store import Store
    from parley.lab.console_host import Seat
    from parley.lab.topology import Interface

# Raise it when what a guest is saved with changes: drives, devices, the way to its shell.
_FORMAT = 1


def saved_host(store: Store, seat: Seat, system: str, limit: float) -> Snapshot | None:
    """The saved machine of a host, saved now if it never was, within `limit` seconds.

    `system` is the digest of what it boots. None if it cannot be saved; then it can still boot.
    """
    name = f"{seat.platform.name}-{seat.spec.name}"
    try:
        return ensure_snapshot(
            store, name, _recipe(seat, system), lambda state, disk: save_host(seat, state, disk, limit)
        )
    except (LabError, ImageError, UnsupportedError):
        return None


def save_host(seat: Seat, state: Path, disk: Path, limit: float) -> None:
    """Boot a host with nothing at the other ends of its cables, up to its shell, and save it there.

    `disk` gets what it has written to its system's disk, where it has one. Raises LabError, and
    UnsupportedError where machines cannot be saved.
    """
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="parley-save-")))

        def plug(_interface: Interface) -> socket.socket:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
            stack.enter_context(ours)
            return theirs

        layout = CaseLayout(place)
        alone = replace(seat, layout=layout, jail=Jail(layout.share, seat.jail.owner), plug=plug)
        machine, link = alone.boot()
        stack.callback(machine.kill)
        stack.callback(link.close)
        machine.settle()
        link.reach_shell(limit)
        machine.save(state)
        written = alone.place / SYSTEM_DISK
        if written.exists():
            disk.write_bytes(written.read_bytes())


# What a host's clone is called in its place.
SYSTEM_DISK = "system.qcow2"


def _recipe(seat: Seat, system: str) -> str:
    """All that a saved machine depends on."""
    facts = {
        "format": _FORMAT,
        "platform": seat.platform.name,
        "system": system,
        "cards": " ".join(f"{each.name}={each.mac}" for each in seat.network.interfaces),
        "memory": seat.media.memory,
        "hardware": seat.media.hardware,
        "emulator": emulator(),
    }
    return "".join(f"{name} {value}\n" for name, value in facts.items())
