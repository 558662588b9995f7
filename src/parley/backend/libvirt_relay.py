"""Carries frames between a lab's sockets and a domain of libvirt, by UDP.

libvirt takes no open descriptors for a network card, so what QEMU is handed directly elsewhere is passed on
here; consoles are in libvirt_console.
"""

from __future__ import annotations

import secrets
import socket
import threading
from contextlib import suppress
from selectors import EVENT_READ, DefaultSelector

from parley.backend.libvirt_domain import Cable

_FRAME = 65536


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
