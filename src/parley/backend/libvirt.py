"""Hosts as domains of libvirt, so that virsh and virt-manager see and reach them (docs/how-to/libvirt.md).

Domains are transient and end with the connection that started them, however it ends (libvirt's
VIR_DOMAIN_START_AUTODESTROY). Which daemon: LIBVIRT_DEFAULT_URI, else the system's for root and the
session's for others.
"""

from __future__ import annotations

import os
import re
import secrets
import socket
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from parley.backend.accel import accelerator
from parley.backend.base import Backend, BootRequest, Machine
from parley.backend.libvirt_console import ConsoleRelay, LogRelay, event_loop
from parley.backend.libvirt_domain import Place, describe, line_names
from parley.backend.libvirt_relay import CableRelay
from parley.backend.qemu import from_disk
from parley.backend.qemu_machine import cold_order
from parley.errors import BootError, MissingError, UnsupportedError
from parley.image.pc_kernel import ensure_pc_kernel
from parley.image.store import Store

if TYPE_CHECKING:
    from types import ModuleType

    from parley.backend.libvirt_console import EventLoop
    from parley.image.kernel import Kernel
    from parley.image.store import Progress

_EXTRA = "pip install 'parley-ike[libvirt]' (or apt-get install python3-libvirt)"
# The third line is a shell's, which libvirt's users may want for themselves.
_SHELL_LINE = 2


class LibvirtMachine(Machine):
    """A running domain, and all that connects the lab to it."""

    def __init__(self, domain: Any, module: ModuleType, stack: ExitStack) -> None:
        self._domain = domain
        self._module = module
        self._stack = stack

    @property
    def name(self) -> str:
        """What virsh calls it."""
        return str(self._domain.name())

    def exited(self) -> int | None:
        """0 once the domain is gone, else None."""
        try:
            return None if self._domain.isActive() else 0
        except self._module.libvirtError:
            return 0

    def kill(self) -> None:
        """Destroy the domain and hang up."""
        with suppress(self._module.libvirtError):
            self._domain.destroy()
        self._stack.close()

    def stop(self, limit: float) -> bool:
        """Press the power button, wait up to `limit` seconds, then destroy the domain."""
        with suppress(self._module.libvirtError):
            self._domain.shutdown()
        deadline = time.monotonic() + limit
        while self.exited() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        went = self.exited() is not None
        self.kill()
        return went


class LibvirtBackend(Backend):
    """Boots hosts as transient domains of the libvirt daemon at `uri`."""

    name = "libvirt"

    def __init__(self, uri: str = "") -> None:
        default = "qemu:///system" if os.geteuid() == 0 else "qemu:///session"
        self.uri = uri or os.environ.get("LIBVIRT_DEFAULT_URI") or default

    @property
    def label(self) -> str:
        """The name, the daemon, and what runs the guests' instructions."""
        return f"{self.name} ({self.uri}, {accelerator().name})"

    @property
    def slowness(self) -> float:
        """What runs the guests' instructions decides it."""
        return accelerator().slowness

    def kernel_for_linux(self, kernel: Kernel, progress: Progress) -> Kernel:  # noqa: ARG002 -- UML's
        """Debian's own kernel, as any PC boots it."""
        return ensure_pc_kernel(Store.default(), progress)

    def boot(self, request: BootRequest) -> Machine:
        """Define and start a domain.

        Raises MissingError without libvirt, UnsupportedError for what its domains cannot do, BootError
        when the daemon refuses.
        """
        if request.further_images or request.virtual_start is not None or request.state is not None:
            raise UnsupportedError(
                f"{request.host}: domains have no virtual time and boot from cold", hint="--backend uml, qemu"
            )
        _check_share(request)
        module = load_libvirt()
        loop = event_loop(module)
        with ExitStack() as stack:
            connection = self._connect(module)
            stack.callback(connection.close)
            cables = CableRelay()
            stack.callback(cables.close)
            ends = tuple(cables.plug(nic.wire.dup()) for nic in request.nics)
            place = _place(connection, request)
            xml = describe(_domain_name(request), request, ends, place)
            try:
                domain = connection.createXML(xml, module.VIR_DOMAIN_START_AUTODESTROY)
                stack.callback(_destroy, domain, module)
                cables.start()
                _connect_consoles(stack, _Opener(module, connection, domain), loop, request)
            except module.libvirtError as error:
                raise BootError(
                    f"libvirt: {error}", host=request.host, hint=f"virsh -c {self.uri}"
                ) from error
            return LibvirtMachine(domain, module, stack.pop_all())

    def daemon(self) -> str:
        """Where the daemon is and which version it has. Raises MissingError if none answers."""
        connection = self._connect(load_libvirt())
        try:
            number = int(connection.getLibVersion())
        finally:
            connection.close()
        return f"{self.uri} answers, version {number // 1000000}.{number // 1000 % 1000}.{number % 1000}"

    def _connect(self, module: ModuleType) -> Any:
        try:
            return module.open(self.uri)
        except module.libvirtError as error:
            raise MissingError(
                f"no libvirt daemon answers at {self.uri}: {error}",
                hint="apt-get install libvirt-daemon-system, or LIBVIRT_DEFAULT_URI=URI",
            ) from error


class LibvirtDiskBackend(LibvirtBackend):
    """Boots hosts as domains that start from a disk of their own, by themselves."""

    name = "libvirt-disk"

    def boot(self, request: BootRequest) -> Machine:
        """Clone the host's disk and start the domain."""
        with from_disk(request, Store.default()) as booted:
            return super().boot(booted)


def load_libvirt() -> ModuleType:
    """The Python module of libvirt, told not to print. Raises MissingError."""
    try:
        module = import_module("libvirt")
    except ImportError as error:
        raise MissingError("libvirt's Python module is not installed", hint=_EXTRA) from error
    module.registerErrorHandler(_hear_nothing, None)
    return module


def _hear_nothing(_context: object, _error: object) -> None:
    """Leave it to the exception, which says the same."""


def _domain_name(request: BootRequest) -> str:
    case = re.sub(r"[^\w.+-]", "-", request.kernel_log.parent.name)
    return f"parley-{case}-{request.host}-{secrets.token_hex(2)}"


def _place(connection: Any, request: BootRequest) -> Place:
    capabilities = ET.fromstring(connection.getCapabilities())  # noqa: S314 -- the daemon is trusted
    guards = tuple(
        model.text for model in capabilities.iterfind("./host/secmodel/model") if model.text is not None
    )
    owner = request.owner if os.geteuid() == 0 else None
    return Place(accelerator().name, guards, owner)


def _check_share(request: BootRequest) -> None:
    """Raise BootError unless the guest's user can walk to its files, which libvirt knows by name only."""
    if os.geteuid() != 0:
        return
    for path in filter(None, (request.share, *(disk.path for disk in request.disks))):
        closed = next((each for each in path.resolve().parents if not each.stat().st_mode & 0o001), None)
        if closed is not None:
            raise BootError(
                f"{closed}: others may not walk through it, and domains started by root run as nobody",
                host=request.host,
                hint="--output in another directory, such as /var/tmp/run",
            )


@dataclass(frozen=True, slots=True)
class _Opener:
    """Opens the consoles of a domain. Raises libvirtError."""

    module: ModuleType
    connection: Any
    domain: Any

    def open(self, name: str) -> Any:
        stream = self.connection.newStream(self.module.VIR_STREAM_NONBLOCK)
        self.domain.openConsole(name, stream, 0)
        return stream


def _connect_consoles(stack: ExitStack, opener: _Opener, loop: EventLoop, request: BootRequest) -> None:
    def relay(name: str, wire: socket.socket, *, at_once: bool = True) -> None:
        # What cannot be opened at once is told as a failure to boot.
        stream = opener.open(name) if at_once else None
        carrier = ConsoleRelay(loop, wire, lambda: stream or opener.open(name), at_once=at_once)
        stack.callback(carrier.close)

    names = line_names(request)
    for number, (name, line) in enumerate(zip(names, request.lines, strict=False)):
        relay(name, line.dup(), at_once=request.share is None or number != _SHELL_LINE)
    if request.share is None:
        return
    desk, guests = socket.socketpair()
    stack.enter_context(desk)
    relay(names[-2], guests)
    desk.sendall(cold_order(request))
    log = opener.open(names[-1])
    stack.callback(LogRelay(loop, lambda: log, request.kernel_log).close)


def _destroy(domain: Any, module: ModuleType) -> None:
    with suppress(module.libvirtError):
        domain.destroy()
