"""Boots hosts that have no share: a clone of their disk, two drives, a serial console."""

from __future__ import annotations

import socket
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from parley.backend.base import PC, BootRequest, Disk, Nic
from parley.errors import AgentError, LabError, PanicError
from parley.image.clone import clone
from parley.image.tree import remove_tree
from parley.lab.console import ConsoleGuest, ConsoleLink, Drives
from parley.lab.drive import make_drive
from parley.lab.host import Host
from parley.lab.panic import last_line
from parley.lab.saved import SYSTEM_DISK

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from parley.backend.base import Backend, Hardware, Machine
    from parley.case.model import HostSpec
    from parley.image.snapshot import Snapshot
    from parley.lab.jail import Jail
    from parley.lab.topology import HostNetwork, Interface
    from parley.platform.bsd import Bsd
    from parley.record.layout import CaseLayout

# Firmware, a loader, probing for hardware and rc(8) take longer than a UML kernel's start.
SLOWER = 20.0


@dataclass(frozen=True, slots=True)
class Media:
    """What a machine boots from: its system's `disk`, or a `cdrom`, or both; and what it is made of."""

    disk: Disk | None
    cdrom: Path | None = None
    hardware: Hardware = PC
    memory: int = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A host's place in a lab, from which it can be booted again.

    `plug` gives a new cable for a card; `carries_case`: the case's directory goes by the drives as well.
    """

    spec: HostSpec
    platform: Bsd
    backend: Backend
    media: Media
    layout: CaseLayout
    jail: Jail
    plug: Callable[[Interface], socket.socket]
    network: HostNetwork
    directory: str
    saved: Snapshot | None = None
    carries_case: bool = True

    @property
    def place(self) -> Path:
        """Where the clone and the drives lie while the host lives."""
        return self.layout.root / "machines" / self.spec.name

    def boot(self, *, saved: Snapshot | None = None) -> tuple[Machine, ConsoleLink]:
        """Start the machine, or have a saved one go on, with everything in it new."""
        name = self.spec.name
        if self.place.exists():
            remove_tree(self.place)
        self.place.mkdir(parents=True)
        drives = Drives(self.place / "in", self.place / "out", self.platform.inbound, self.platform.outbound)
        for path in (drives.inbound, drives.outbound):
            make_drive(path)
        ours, theirs = socket.socketpair()
        with ExitStack() as ends:
            ends.enter_context(theirs)
            nics = tuple(
                Nic(each.name, each.mac, ends.enter_context(self.plug(each)))
                for each in self.network.interfaces
            )
            machine = self.backend.boot(
                BootRequest(
                    host=name,
                    owner=self.jail.owner,
                    lines=(theirs,),
                    nics=nics,
                    kernel_log=self.layout.emulator_log(name),
                    disks=(*self._system(saved), Disk(drives.inbound), Disk(drives.outbound)),
                    cdrom=self.media.cdrom,
                    boots_from_cdrom=self.media.disk is None,
                    hardware=self.media.hardware,
                    state=saved.state if saved else None,
                    memory=self.media.memory,
                )
            )
        log_in = self.platform.resume if saved else self.platform.log_in
        guest = ConsoleGuest(drives, log_in, self.directory, self.platform.root, self.carries_case)
        return machine, ConsoleLink(name, ours, guest, self.jail, log=self.layout.kernel_log(name))

    def _system(self, saved: Snapshot | None) -> tuple[Disk, ...]:
        """The clone; a saved machine goes on with what it had written."""
        base = self.media.disk
        if base is None:
            return ()
        if saved and saved.disk:
            base = Disk(saved.disk, "qcow2", backing=base)
        return (clone(base, self.place / SYSTEM_DISK),)


class ConsoleHost(Host):
    """A host behind a console. One that does not go on from where it was saved is booted from cold."""

    WITNESS: ClassVar[str] = "ps -axl; dmesg | tail -20"

    def __init__(self, seat: Seat) -> None:
        self._seat = seat
        self._saved = seat.saved
        machine, link = seat.boot(saved=seat.saved)
        log = seat.layout.kernel_log(seat.spec.name)
        super().__init__(seat.spec, machine, (link.wire, link.wire, link.wire), seat.jail, log)
        self._control, self._session = link.control, link.session

    def wait_until_ready(self, limit: float) -> None:
        """Wait for the shell at the console and put the agent there. Raises BootError or PanicError."""
        if self._saved is not None:
            try:
                super().wait_until_ready(limit)
            except LabError as error:
                if isinstance(error, PanicError):
                    raise
                self._boot_cold()
            else:
                return
        super().wait_until_ready(limit * SLOWER)

    def _boot_cold(self) -> None:
        super().close()
        self._saved = None
        self.machine, link = self._seat.boot()
        self._control, self._session, self.shell_line = link.control, link.session, link.wire

    def close(self) -> None:
        """End the host at once; its disks are gone with it."""
        super().close()
        if self._seat.place.exists():
            remove_tree(self._seat.place)
        with suppress(OSError):  # another host's lie there still
            self._seat.place.parent.rmdir()

    def _explain(self, error: AgentError) -> LabError:
        explained = super()._explain(error)
        emulator = self._seat.layout.emulator_log(self.name)
        said = last_line(emulator) if emulator.exists() else ""
        if said and isinstance(explained, AgentError):
            return AgentError(f"{explained.args[0]}; the emulator said: {said}", host=self.name)
        return explained
