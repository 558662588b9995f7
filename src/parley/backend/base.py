"""The seam between a lab and whatever boots its hosts.

A backend knows how to start a kernel with network cards and serial lines; it knows nothing of IKE, of
what is in the image, or of tests. Third parties add one by an entry point in the group `parley.backends`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from socket import socket

    from parley.image.kernel import Kernel
    from parley.image.rootfs import Image
    from parley.lab.jail import Owner


@dataclass(frozen=True, slots=True)
class Nic:
    """A network card: the guest's end of a datagram socket pair that carries Ethernet frames."""

    name: str
    mac: str
    wire: socket


@dataclass(frozen=True, slots=True)
class BootRequest:
    """All that a backend needs to start one host.

    `lines` are the guest's ends of its serial lines, first to last. `share` is the only host directory
    that the guest may see, as `owner`. `boot_script` is a path inside `share`, run as the first process.
    `memory` is in MiB.
    """

    host: str
    kernel: Kernel
    image: Image
    share: Path
    owner: Owner
    boot_script: str
    lines: tuple[socket, ...]
    nics: tuple[Nic, ...]
    kernel_log: Path
    memory: int = 512


class Machine(ABC):
    """One started kernel. Whatever happens, `kill` leaves no process behind."""

    @abstractmethod
    def exited(self) -> int | None:
        """The exit status once the kernel is gone, else None."""

    @abstractmethod
    def kill(self) -> None:
        """End it at once, with every process it started; harmless when it is gone already."""


class Backend(ABC):
    """A way to boot hosts."""

    name: str

    @abstractmethod
    def boot(self, request: BootRequest) -> Machine:
        """Start a host without waiting for it.

        The caller keeps and closes its own copies of the sockets. Raises BootError if nothing started.
        """
