"""The seam between a lab and whatever boots its hosts.

A backend knows how to start a kernel with network cards and serial lines; it knows nothing of IKE, of
what is in the image, or of tests. Third parties add one by an entry point in the group `parley.backends`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.errors import UnsupportedError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path
    from socket import socket

    from parley.image.kernel import Kernel
    from parley.image.rootfs import Image
    from parley.image.store import Progress
    from parley.lab.jail import Owner


@dataclass(frozen=True, slots=True)
class Nic:
    """A network card: the guest's end of a datagram socket pair that carries Ethernet frames."""

    name: str
    mac: str
    wire: socket


@dataclass(frozen=True, slots=True)
class Disk:
    """A drive of an emulated PC, a file in `format`: raw or qcow2.

    `backing` is the disk of which a qcow2 overlay holds the changes; only the overlay is written to.
    """

    path: Path
    format: str = "raw"
    is_read_only: bool = False
    backing: Disk | None = None


@dataclass(frozen=True, slots=True)
class Hardware:
    """What an emulated PC is made of, in QEMU's words: a system older than virtio wants e1000 and ide-hd."""

    machine: str = "q35"
    nic: str = "virtio-net-pci"
    disk: str = "virtio-blk-pci"


PC = Hardware()


@dataclass(frozen=True, slots=True, kw_only=True)
class BootRequest:
    """All that a backend needs to start one host; it boots in one of two ways.

    From `kernel` and `image`: `share` is the only host directory that the guest may see, as `owner`, and
    `boot_script`, a path inside it, is run as the first process. `lines` are the guest's ends of its
    serial lines, first to last, /dev/ttyS0 and up; the kernel's own words go to `kernel_log`.

    From `disks` (or from `cdrom`, when `boots_from_cdrom`), where there is no kernel: `lines` are the
    serial ports of `hardware`, of which the first is the console (com0). There is no share, and
    `kernel_log` holds what the emulator itself complains of. `state` is a saved guest that goes on instead
    of booting: what `Machine.save` wrote, of a machine with the same disks, cards and memory.

    `further_images` are the roots of more hosts in the same kernel (drives after the first two). With
    `virtual_start`, in nanoseconds since 1970, its clock starts there and skips what nobody waits through;
    all random numbers in it then follow from `seed`, one word, if that is not empty.

    `memory` is in MiB.
    """

    host: str
    owner: Owner
    lines: tuple[socket, ...]
    nics: tuple[Nic, ...]
    kernel_log: Path
    kernel: Kernel | None = None
    image: Image | None = None
    further_images: tuple[Image, ...] = ()
    virtual_start: int | None = None
    seed: str = ""
    share: Path | None = None
    boot_script: str = ""
    disks: tuple[Disk, ...] = ()
    cdrom: Path | None = None
    boots_from_cdrom: bool = False
    hardware: Hardware = PC
    state: Path | None = None
    memory: int = 512


def linux_parts(request: BootRequest) -> tuple[Kernel, Image, Path]:
    """Kernel, image and share of a request. Raises UnsupportedError for one that boots from disks."""
    if request.kernel is None or request.image is None or request.share is None:
        raise UnsupportedError(
            f"{request.host} boots from a disk, which only an emulated PC does", hint="--backend qemu"
        )
    return request.kernel, request.image, request.share


class Machine(ABC):
    """One started kernel. Whatever happens, `kill` leaves no process behind."""

    def settle(self) -> None:  # noqa: B027 -- most start in one go
        """Finish what `boot` began, where that takes a while and others can be booted meanwhile.

        Raises BootError if the machine cannot be started after all.
        """

    @abstractmethod
    def exited(self) -> int | None:
        """The exit status once the kernel is gone, else None."""

    def stop(self, limit: float) -> bool:  # noqa: ARG002 -- for those that have a power button
        """Ask it to power off and wait up to `limit` seconds; then end it at once.

        Returns whether it went by itself.
        """
        self.kill()
        return False

    def hold(self) -> AbstractContextManager[None]:
        """While this lasts the guest does nothing, and hears all at once after, where that can be had."""
        return nullcontext()

    def save(self, state: Path) -> None:
        """Stop it for good and write its memory and devices to the file `state`.

        Raises UnsupportedError where machines cannot be saved, BootError if it fails.
        """
        raise UnsupportedError(f"a {type(self).__name__} cannot be saved to {state}")

    @abstractmethod
    def kill(self) -> None:
        """End it at once, with every process it started; harmless when it is gone already."""


class Backend(ABC):
    """A way to boot hosts."""

    name: str

    @property
    def label(self) -> str:
        """The name, for a record; with more words where the same name can mean different things."""
        return self.name

    @property
    def slowness(self) -> float:
        """How many times slower than this machine's own processes its hosts are; time limits grow by it."""
        return 1.0

    def remarks(self) -> tuple[str, ...]:
        """What a user should know before this backend boots hosts, a sentence each."""
        return ()

    def kernel_for_linux(self, kernel: Kernel, progress: Progress) -> Kernel:  # noqa: ARG002 -- for others
        """The kernel that this backend boots Linux hosts with, made if need be.

        `kernel` is what a run was given for User-mode Linux. Raises MissingError or ImageError.
        """
        return kernel

    @abstractmethod
    def boot(self, request: BootRequest) -> Machine:
        """Start a host without waiting for it.

        The caller keeps and closes its own copies of the sockets. Raises BootError if nothing started.
        """
