"""Kept labs: the hosts live on after the last step, and `parley shell` reaches them.

The way in is an abstract UNIX socket (unix(7)) per host: it has no file that a killed run could leave
behind. Who connects is checked by the kernel's word on the peer's user.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
import struct
from contextlib import suppress
from typing import TYPE_CHECKING

from parley.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from parley.lab.host import Host
    from parley.lab.lab import Lab

_CHUNK = 65536

# How the phase of a case begins that says that its lab is kept.
KEPT = "kept"


class _EndOfHoldError(Exception):
    """SIGTERM came: whoever kept the lab wants it to end."""


def address(case: str, host: str) -> str:
    """The abstract socket of a kept host; one user's labs do not meet another's."""
    return f"\0parley/{os.getuid()}/{case}/{host}"


class Keeper:
    """Holds one case's lab until SIGTERM."""

    def __init__(self, case: str) -> None:
        self.case = case

    def hold(self, lab: Lab, progress: Callable[[str], None]) -> None:
        """Serve shells on every host until the process is told to end."""
        progress(f"{KEPT}: parley shell {'|'.join(lab.hosts)} in another terminal; Ctrl-C here ends it")
        before = signal.signal(signal.SIGTERM, _end)
        try:
            self._serve(lab)
        except _EndOfHoldError:
            pass
        finally:
            signal.signal(signal.SIGTERM, before)

    def _serve(self, lab: Lab) -> None:
        with selectors.DefaultSelector() as selector:
            for host in lab.hosts.values():
                listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                listener.bind(address(self.case, host.name))
                listener.listen(1)
                host.open_shell()
                selector.register(listener, selectors.EVENT_READ, _Door(selector, host))
            while True:
                for key, _ in selector.select():
                    door: _Door = key.data
                    door.ready(key.fileobj)


class _Door:
    """One host's listener, its present visitor, and its serial line."""

    def __init__(self, selector: selectors.BaseSelector, host: Host) -> None:
        self._selector = selector
        self._line = host.shell_line
        self._visitor: socket.socket | None = None
        selector.register(self._line, selectors.EVENT_READ, self)

    def ready(self, source: object) -> None:
        """Handle one readable socket: the listener, the visitor, or the guest's line."""
        if self._visitor is not None and source is self._visitor:
            self._pass(self._visitor, self._line)
        elif source is self._line:
            self._pass(self._line, self._visitor)
        elif isinstance(source, socket.socket):
            self._let_in(source)

    def _let_in(self, listener: socket.socket) -> None:
        visitor, _ = listener.accept()
        if self._visitor is not None or not _may_enter(visitor):
            visitor.close()
            return
        self._visitor = visitor
        self._selector.register(visitor, selectors.EVENT_READ, self)

    def _pass(self, source: socket.socket, target: socket.socket | None) -> None:
        data = b""
        with suppress(ConnectionError):
            data = source.recv(_CHUNK)
        if not data:
            self._selector.unregister(source)
            if source is self._visitor:
                source.close()
                self._visitor = None
        elif target is not None:
            with suppress(ConnectionError):
                target.sendall(data)


def _may_enter(visitor: socket.socket) -> bool:
    credentials = visitor.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _pid, uid, _gid = struct.unpack("3i", credentials)
    return uid in {0, os.getuid()}


def _end(_signal: int, _frame: FrameType | None) -> None:
    raise _EndOfHoldError


def connect(host: str, case: str | None) -> socket.socket:
    """A connection to the shell of a kept host.

    `case` may be None when only one kept lab has a host of that name. Raises UsageError otherwise.
    """
    kept = [(name, machine) for name, machine in kept_hosts() if case in {None, name}]
    found = [name for name, machine in kept if machine == host]
    if len(found) != 1:
        words = ", ".join(f"{machine} of {name}" for name, machine in kept) or "none"
        problem = f"no kept lab has a host {host}" if not found else f"several kept labs have a host {host}"
        raise UsageError(f"{problem}; kept: {words}", hint="parley run CASE --keep, then parley shell HOST")
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(address(found[0], host))
    except OSError as error:
        connection.close()
        raise UsageError(f"the lab of {found[0]} is gone: {error.strerror}") from error
    return connection


def kept_hosts() -> list[tuple[str, str]]:
    """(case, host) of every kept lab of this user (proc(5), /proc/net/unix)."""
    prefix = f"@parley/{os.getuid()}/"
    found: set[tuple[str, str]] = set()
    with open("/proc/net/unix", encoding="utf-8", errors="replace") as table:  # noqa: PTH123 -- no real file
        for line in table:
            name = line.rstrip("\n").rpartition(" ")[2]
            if name.startswith(prefix):
                case, _, host = name.removeprefix(prefix).rpartition("/")
                found.add((case, host))
    return sorted(found)
