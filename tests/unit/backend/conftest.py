"""A request like a lab's, of which nothing is booted."""

from __future__ import annotations

import os
import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from parley.backend.base import BootRequest, Nic
from parley.image.kernel import Kernel
from parley.image.rootfs import Image
from parley.lab.jail import Owner

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def pc_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[BootRequest]:
    """A Linux host with two lines and one card, for an emulated PC."""
    # Root would start it as nobody, who cannot reach pytest's directories.
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    (tmp_path / "share").mkdir()
    for name in ("linux", "initrd", "root.ext4", "modules.ext4"):
        (tmp_path / name).touch()
    kernel = Kernel(
        "pc",
        "6.12",
        tmp_path / "linux",
        tmp_path / "modules.ext4",
        "k",
        frozenset(),
        None,
        tmp_path / "initrd",
    )
    with ExitStack() as stack:
        lines = tuple(stack.enter_context(end) for end in socket.socketpair())
        wires = [stack.enter_context(end) for end in socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)]
        yield BootRequest(
            host="east",
            kernel=kernel,
            image=Image("libreswan", tmp_path / "root.ext4", {}, "i"),
            share=tmp_path / "share",
            owner=Owner(os.getuid(), os.getgid()),
            boot_script="east/boot.sh",
            lines=lines,
            nics=(Nic("eth0", "12:00:00:dc:bc:ff", wires[0]),),
            kernel_log=tmp_path / "east.kernel.log",
        )
