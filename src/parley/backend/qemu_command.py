"""QEMU's command line for a host (qemu(1)).

Files and sockets are handed over as open descriptors, never by name: QEMU runs as nobody when Parley runs
as root, and nobody need not be able to walk the path to a run or an image.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from parley.backend.accel import QEMU
from parley.backend.process import drop_privileges, open_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import ExitStack
    from pathlib import Path
    from socket import socket

    from parley.backend.accel import Accelerator
    from parley.backend.base import BootRequest, Disk, Nic

# What a Linux guest's kernel is told. A panic ends the machine (it "reboots", and QEMU was told not to);
# the self-tests of algorithms take seconds under emulation. A guest that goes on from a saved state sees its
# clock leap, and an emulated one is slow: what a kernel complains of then is no fault of what it runs.
KERNEL_PARAMETERS = (
    "console=ttyS0 quiet panic=-1 8250.nr_uarts=1 cryptomgr.notests mitigations=off nokaslr audit=0"
    " rcupdate.rcu_cpu_stall_suppress=1 nowatchdog"
)

# A guest never starts programs on this machine, nor does QEMU for it (seccomp(2)).
_SANDBOX = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"
_QUIET = ("-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-sandbox", _SANDBOX)


class Command:
    """A command line in the making, and the descriptors that go with it; they are closed with `stack`."""

    def __init__(self, stack: ExitStack, request: BootRequest, accelerator: Accelerator) -> None:
        self.descriptors: list[int] = []
        self._stack = stack
        self._request = request
        self._words = [
            *drop_privileges(request.owner, accelerator.groups),
            *(QEMU, "-name", f"parley-{request.host}", *_QUIET, *accelerator.options),
            *("-machine", request.hardware.machine, "-m", str(request.memory), "-rtc", "base=utc"),
            *("-device", "virtio-rng-pci", "-device", "vmgenid,guid=auto"),
        ]

    @property
    def words(self) -> tuple[str, ...]:
        """The command."""
        return tuple(self._words)

    def add(self, *words: str) -> None:
        """Add options as they are."""
        self._words += words

    def monitor(self, end: socket) -> None:
        """Have QEMU speak QMP on a socket."""
        self.add("-chardev", self._wire("monitor", end), "-mon", "chardev=monitor,mode=control")

    def linux(self, kernel: Path, initrd: Path) -> None:
        """Boot a kernel without any firmware's help."""
        self.add("-kernel", self._path(kernel), "-initrd", self._path(initrd))
        self.add("-append", KERNEL_PARAMETERS)

    def image(self, name: str, path: Path) -> None:
        """Add a read-only drive that others use at the same time: /dev/vda, /dev/vdb, ... in this order."""
        self._blockdev({"driver": "raw", "node-name": name, "read-only": True, "file": self._file(path)})
        self.add("-device", f"virtio-blk-pci,drive={name}")

    def disk(self, name: str, disk: Disk, boot_index: int) -> None:
        """Add a drive with all that backs it."""
        self._blockdev(self._node(disk) | {"node-name": name})
        self.add("-device", f"{self._request.hardware.disk},drive={name},bootindex={boot_index}")

    def cdrom(self, path: Path, boot_index: int) -> None:
        """Add a CD drive with a CD in it."""
        node = {"driver": "raw", "node-name": "cdrom", "read-only": True, "file": self._file(path)}
        self._blockdev(node)
        self.add("-device", f"ide-cd,drive=cdrom,bootindex={boot_index}")

    def share(self, path: Path) -> None:
        """Show a directory to the guest (9p); it is all that the guest sees of this machine."""
        where = self._path(path)
        self.add("-fsdev", f"local,id=share,path={where},security_model=none,multidevs=remap")
        self.add("-device", "virtio-9p-pci,fsdev=share,mount_tag=share")

    def consoles(self, lines: tuple[socket, ...]) -> None:
        """Add lines that a Linux guest calls /dev/hvc0 and up; nothing sent to them early is lost."""
        self.add("-device", f"virtio-serial-pci,max_ports={len(lines)}")
        for number, line in enumerate(lines):
            self.add("-chardev", self._wire(f"line{number}", line))
            self.add("-device", f"virtconsole,chardev=line{number},nr={number}")

    def serial_ports(self, lines: tuple[socket, ...]) -> None:
        """Add a PC's serial ports, com0 first."""
        for number, line in enumerate(lines):
            self.add("-chardev", self._wire(f"line{number}", line))
            self.add("-device", f"isa-serial,chardev=line{number},index={number}")

    def log(self, descriptor: int) -> None:
        """Write what the guest prints on a serial port (after those that there are) to a file."""
        self.add("-chardev", f"file,id=log,path={self._set(descriptor)},append=on")
        self.add("-device", "isa-serial,chardev=log")

    def nic(self, number: int, nic: Nic, mac: str) -> None:
        """Plug in a network card, with one end of a pair of datagram sockets as its cable."""
        self.descriptors.append(nic.wire.fileno())
        self.add("-netdev", f"dgram,id=n{number},local.type=fd,local.str={nic.wire.fileno()}")
        self.add("-device", f"{self._request.hardware.nic},netdev=n{number},mac={mac},romfile=")

    def resume(self, state: Path) -> None:
        """Go on from a saved state."""
        descriptor = open_file(self._stack, state)
        self.descriptors.append(descriptor)
        self.add("-incoming", f"fd:{descriptor}")

    def _wire(self, name: str, end: socket) -> str:
        self.descriptors.append(end.fileno())
        return f"socket,id={name},fd={end.fileno()}"

    def _path(self, path: Path) -> str:
        """A name under which QEMU can open a file again, whoever may walk to it."""
        descriptor = open_file(self._stack, path)
        self.descriptors.append(descriptor)
        return f"/proc/self/fd/{descriptor}"

    def _set(self, descriptor: int) -> str:
        """A name under which QEMU uses an open descriptor with all its rights."""
        if descriptor not in self.descriptors:
            self.descriptors.append(descriptor)
        self.add("-add-fd", f"fd={descriptor},set={descriptor}")
        return f"/dev/fdset/{descriptor}"

    def _file(self, path: Path, *, is_written: bool = False) -> Mapping[str, object]:
        descriptor = open_file(self._stack, path, os.O_RDWR if is_written else os.O_RDONLY)
        # Other hosts read the same file, User-mode Linux with locks of its own kind.
        return {"driver": "file", "filename": self._set(descriptor), "locking": "off"}

    def _node(self, disk: Disk, *, is_backing: bool = False) -> dict[str, object]:
        is_written = not (disk.is_read_only or is_backing)
        node: dict[str, object] = {
            "driver": disk.format,
            "read-only": not is_written,
            "file": self._file(disk.path, is_written=is_written),
        }
        if disk.format == "qcow2":
            # Said in any case, so that a name inside the file is never followed.
            node["backing"] = self._node(disk.backing, is_backing=True) if disk.backing else None
        if is_written:
            # A case's disk is thrown away with it: nothing is gained by waiting for the real one.
            node["cache"] = {"no-flush": True}
        return node

    def _blockdev(self, node: Mapping[str, object]) -> None:
        self.add("-blockdev", json.dumps(node))
