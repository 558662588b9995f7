"""User-mode Linux: one kernel per host, as an ordinary process (docs/explanation/uml.md).

Measured on a 2-core machine: 0.08 s to the first process, 0.3 s to a host with its modules loaded.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from parley.backend.base import Backend, BootRequest, Machine, Nic, linux_parts
from parley.backend.process import ProcessMachine, drop_privileges, open_file, spawn

if TYPE_CHECKING:
    from parley.image.kernel import Kernel
    from parley.image.rootfs import Image
    from parley.lab.jail import Owner

# The RAID benchmark and the delay calibration are 0.85 s and 0.17 s of every boot for nothing; a network
# card that the case did not ask for is noise in what its hosts print.
_PARAMETERS = (
    "quiet",
    "initcall_blacklist=raid6_init,raid6_select_algo",
    "lpj=14491648",
    "dummy.numdummies=0",
    "ifb.numifbs=0",
)


class UmlBackend(Backend):
    """Boots hosts as User-mode Linux processes."""

    name = "uml"

    def boot(self, request: BootRequest) -> Machine:
        """Start a kernel.

        Files are handed over as open descriptors (/proc/self/fd/N): the kernel runs as nobody when
        Parley runs as root, and nobody need not be able to walk the path to a run or an image.
        """
        kernel, root, directory = linux_parts(request)
        with ExitStack() as stack:
            share = open_file(stack, directory)
            umid = _removed_directory(stack, request.owner)
            drives = _drives(stack, kernel, (root, *request.further_images))
            log = stack.enter_context(request.kernel_log.open("wb"))
            sockets = [line.fileno() for line in request.lines] + [nic.wire.fileno() for nic in request.nics]
            command = [
                *drop_privileges(request.owner),
                str(kernel.binary),
                f"mem={request.memory}M",
                f"uml_dir=/proc/self/fd/{umid}/",
                *(f"ubd{number}r=/proc/self/fd/{drive}" for number, drive in drives.items()),
                *("root=/dev/ubda", "rootfstype=ext4", "ro"),
                f"hostfs=/proc/self/fd/{share}",
                *("con=null", "con0=null,fd:1", "seccomp=on"),
                *_PARAMETERS,
                *_clock(request.virtual_start, request.seed),
                *(f"ssl{number}=fd:{line.fileno()}" for number, line in enumerate(request.lines)),
                *(_vector(number, nic) for number, nic in enumerate(request.nics)),
                *_init(request.boot_script),
            ]
            descriptors = [*sockets, share, umid, *drives.values()]
            return ProcessMachine(spawn(command, descriptors, log.fileno(), request))


def _drives(stack: ExitStack, kernel: Kernel, images: tuple[Image, ...]) -> dict[int, int]:
    """Open what a kernel's drives hold, by number: the root, modules if there are any, further roots."""
    root, *further = images
    paths = {0: root.path} | {number: image.path for number, image in enumerate(further, start=2)}
    if kernel.modules:
        paths[1] = kernel.modules
    return {number: open_file(stack, path) for number, path in paths.items()}


def further_drive(number: int) -> str:
    """What a guest calls the drive of its `number`th further image, the first being 0."""
    return f"ubd{chr(ord('c') + number)}"


def _clock(virtual_start: int | None, seed: str) -> list[str]:
    if virtual_start is None:
        return []
    chance = [f"um_seed={seed}"] if seed else []
    return ["time-travel=inf-cpu", f"time-travel-start={virtual_start}", *chance]


def _removed_directory(stack: ExitStack, owner: Owner) -> int:
    """Open a directory that exists no more.

    UML wants a place for a management socket, which nobody uses here and which would survive a
    SIGKILL. In a directory that is gone it cannot make one, says so once, and boots.
    """
    path = tempfile.mkdtemp(prefix="parley-")
    os.chown(path, owner.uid, owner.gid)
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    stack.callback(os.close, descriptor)
    Path(path).rmdir()
    return descriptor


def _vector(number: int, nic: Nic) -> str:
    return f"vec{number}:transport=fd,fd={nic.wire.fileno()},mac={nic.mac}"


def _init(boot_script: str) -> list[str]:
    script = f"mount -t hostfs -o sync,hostfs=/ none /mnt && exec /bin/sh /mnt/{boot_script}"
    return ["init=/bin/sh", "--", "-c", f'"{script}"']
