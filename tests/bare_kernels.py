"""Kernels booted with nothing but a script as their first process."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from parley.backend.base import BootRequest
from parley.backend.uml import UmlBackend
from parley.lab.jail import Jail

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from parley.image.kernel import Kernel
    from parley.image.rootfs import Image

_PREPARE = """
mount -t proc proc /proc
mount -t ext4 -o ro /dev/ubdb /usr/lib/modules
exec >/dev/console 2>&1"""


def boot(
    kernel: Kernel, image: Image, script: str, directory: Path, *, virtual_start: int | None = None
) -> list[str]:
    """Run a script as the first process of a kernel on an image; return the lines on its console."""
    jail = Jail(directory / "share")
    jail.create()
    jail.write("boot.sh", f"{_PREPARE}\n{script}\necho o >/proc/sysrq-trigger\nsleep 60\n".encode())
    request = BootRequest(
        host="east",
        kernel=kernel,
        image=image,
        share=jail.root,
        owner=jail.owner,
        boot_script="boot.sh",
        lines=(),
        nics=(),
        kernel_log=directory / "console",
        virtual_start=virtual_start,
    )
    machine = UmlBackend().boot(request)
    try:
        wait_for(lambda: machine.exited() is not None, "the kernel to power off")
    finally:
        machine.kill()
    return request.kernel_log.read_text(errors="replace").replace("\r", "").splitlines()


def wait_for(condition: Callable[[], object], what: str) -> None:
    """Wait a minute for something to become true."""
    for _ in range(600):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError(f"waited in vain for {what}")
