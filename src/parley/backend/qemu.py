"""Emulated PCs: QEMU, with the processor's help (KVM) where that is seen to work (docs/how-to/qemu.md).

A Linux guest is started from its kernel, by an initial file system (image/pc_init.sh) that makes the
machine look as User-mode Linux does. It has one line more than its host asks for, the desk: there it says
`ready` before anything of its case is known to it, and is told to go on. At that point it is saved once,
and restored for every case. Other guests boot from their disks.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from parley.backend.accel import accelerator
from parley.backend.base import Backend, BootRequest, Machine, linux_parts
from parley.backend.qemu_machine import QemuMachine, Started, boot_cold, kept_open, resume
from parley.backend.qemu_snapshot import saved_state
from parley.errors import UnsupportedError
from parley.image.clone import clone
from parley.image.disk import ensure_disk
from parley.image.pc_kernel import ensure_pc_kernel
from parley.image.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parley.image.kernel import Kernel
    from parley.image.store import Progress


class QemuBackend(Backend):
    """Boots hosts as emulated PCs; every one from cold, unless it `restores` those saved in `store`."""

    name = "qemu"

    def __init__(self, store: Store | None = None, *, restores: bool = True) -> None:
        self._store = (store or Store.default()) if restores else None

    @property
    def label(self) -> str:
        """The name, and what runs the guests' instructions."""
        return f"{self.name} ({accelerator().name})"

    @property
    def slowness(self) -> float:
        """What runs the guests' instructions decides it."""
        return accelerator().slowness

    def remarks(self) -> tuple[str, ...]:
        """Say so when guests run 10 to 20 times slower than they could."""
        chosen = accelerator()
        if chosen.name == "kvm":
            return ()
        return (f"{self.name}: the processor is emulated, for KVM does not work here: {chosen.reason}",)

    def kernel_for_linux(self, kernel: Kernel, progress: Progress) -> Kernel:  # noqa: ARG002 -- UML's
        """Debian's own kernel, as any PC boots it."""
        return ensure_pc_kernel(self._store or Store.default(), progress)

    def boot(self, request: BootRequest) -> Machine:
        """Start an emulated PC, or have a saved one go on.

        Raises UnsupportedError for what only User-mode Linux does, MissingError without QEMU.
        """
        if request.further_images or request.virtual_start is not None:
            raise UnsupportedError(f"{request.host}: emulated PCs have no virtual time", hint="--backend uml")
        if request.state is not None:
            return QemuMachine(request.host, resume(request, request.state), goes_on=True)
        state = saved_state(self._store, request) if self._store and request.kernel else None
        if state is None:
            return QemuMachine(request.host, boot_cold(request))
        spare = ExitStack()
        kept = kept_open(request, spare)
        return QemuMachine(
            request.host, resume(request, state), again=lambda: _boot_after_all(kept), spare=spare
        )


def _boot_after_all(request: BootRequest) -> Started:
    with request.kernel_log.open("a", encoding="utf-8") as log:
        log.write("parley: the saved guest did not go on; booting from cold\n")
    return boot_cold(request)


@contextmanager
def from_disk(request: BootRequest, store: Store) -> Iterator[BootRequest]:
    """The same host with a disk of its own, from which its firmware and boot loader start it.

    Within, a Linux host's disk is a clone beside its log; after that the clone has no name any more, only
    those who have opened it. A host that boots from disks anyway is left as it is.
    """
    if request.kernel is None:
        yield request
        return
    kernel, image, _ = linux_parts(request)
    place = request.kernel_log.with_suffix(".qcow2")
    disk = clone(ensure_disk(store, image, kernel), place, request.owner)
    try:
        yield replace(request, kernel=None, image=None, disks=(disk,))
    finally:
        place.unlink()


class QemuDiskBackend(QemuBackend):
    """Boots hosts as emulated PCs that start from a disk of their own, by themselves."""

    name = "qemu-disk"

    def boot(self, request: BootRequest) -> Machine:
        """Clone the host's disk and switch the PC on."""
        with from_disk(request, self._store or Store.default()) as booted:
            return super().boot(booted)
