"""Carries bytes between a lab's sockets and a domain of libvirt: consoles by streams, frames by UDP.

libvirt takes no open descriptors for either, so what QEMU is handed directly elsewhere is passed on here.
"""

from __future__ import annotations

import secrets
import socket
import threading
from contextlib import suppress
from selectors import EVENT_READ, DefaultSelector
from typing import TYPE_CHECKING, Protocol

from parley.backend.libvirt_domain import Cable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_CHUNK = 4096
_FRAME = 65536
# How long the end of a console may take to arrive (seconds).
_LAST_WORDS = 2.0


class Stream(Protocol):
    """libvirt's virStream, as far as it is used here."""

    def send(self, data: bytes) -> int:
        """Write some of `data`; returns how many bytes."""

    def recv(self, nbytes: int) -> bytes:
        """Read up to `nbytes`; nothing at the end."""


class ConsoleRelay:
    """One console and the lab's socket of it; `failures` are what a stream raises when its domain ends.

    The console is opened by the first byte that the lab sends, unless it is opened at once: until then it
    is free for others (virsh console).
    """

    def __init__(
        self,
        wire: socket.socket,
        open_stream: Callable[[], Stream],
        failures: tuple[type[Exception], ...],
        *,
        at_once: bool,
    ) -> None:
        self._wire = wire
        self._open = open_stream
        self._failures = failures
        self._stream = open_stream() if at_once else None
        threading.Thread(target=self._to_guest, daemon=True).start()
        if self._stream is not None:
            threading.Thread(target=self._from_guest, args=(self._stream,), daemon=True).start()

    def close(self) -> None:
        """Hang up; the lab's end sees that the guest is gone."""
        with suppress(OSError):
            self._wire.shutdown(socket.SHUT_RDWR)

    def _to_guest(self) -> None:
        with self._wire, suppress(OSError, *self._failures):
            while data := self._wire.recv(_CHUNK):
                if self._stream is None:
                    self._stream = self._open()
                    threading.Thread(target=self._from_guest, args=(self._stream,), daemon=True).start()
                while data:
                    data = data[self._stream.send(data) :]

    def _from_guest(self, stream: Stream) -> None:
        with suppress(OSError, *self._failures):
            while data := stream.recv(_CHUNK):
                self._wire.sendall(data)
        self.close()


class LogRelay:
    """Writes what a console says to a file, as it comes."""

    def __init__(self, stream: Stream, path: Path, failures: tuple[type[Exception], ...]) -> None:
        self._stream = stream
        self._failures = failures
        self._file = path.open("ab", buffering=0)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Wait for the last words; the domain is gone already."""
        self._thread.join(_LAST_WORDS)

    def _run(self) -> None:
        with self._file, suppress(OSError, *self._failures):
            while data := self._stream.recv(_CHUNK):
                self._file.write(data)


class CableRelay:
    """All network cards of one domain: a thread that passes frames on."""

    def __init__(self) -> None:
        self._selector = DefaultSelector()
        self._sockets: list[socket.socket] = []
        self._waker, self._sleeper = socket.socketpair()
        self._selector.register(self._sleeper, EVENT_READ)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def plug(self, wire: socket.socket) -> Cable:
        """Add a card, whose frames go through `wire`; returns where its ends are."""
        # Nobody else is at an address of 127.0.0.0/8 picked by chance.
        address = f"127.{secrets.randbelow(254) + 1}.{secrets.randbelow(256)}.{secrets.randbelow(254) + 1}"
        ours = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        ours.bind((address, 0))
        port = int(ours.getsockname()[1])
        guests = (address, port - 1)
        ours.connect(guests)
        wire.setblocking(False)
        ours.setblocking(False)
        self._sockets += [wire, ours]
        self._selector.register(wire, EVENT_READ, ours)
        self._selector.register(ours, EVENT_READ, wire)
        return Cable((address, port), guests)

    def start(self) -> None:
        """Begin to pass frames on."""
        self._thread.start()

    def close(self) -> None:
        """Pull all cables."""
        if self._thread.is_alive():
            self._waker.send(b"x")
            self._thread.join()
        for end in (*self._sockets, self._waker, self._sleeper):
            end.close()
        self._selector.close()

    def _run(self) -> None:
        while True:
            for key, _ in self._selector.select():
                source = key.fileobj
                if source is self._sleeper or not isinstance(source, socket.socket):
                    return
                # Lost like on any cable: the other end is gone, not there yet, or too slow.
                with suppress(OSError):
                    key.data.send(source.recv(_FRAME))
