"""One socket of the hub: the lab's end of a guest's network card."""

from __future__ import annotations

import errno
import socket
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.wire.shaper import ImpairmentCounters

if TYPE_CHECKING:
    from parley.wire.shaper import Shaper

# Asked for on both ends (bytes); the kernel grants up to net.core.wmem_max.
SOCKET_BUFFER = 1024 * 1024
# Frames kept for a guest whose queue is full; 512 full-sized ones are 6 ms of gigabit Ethernet.
BACKLOG_LIMIT = 512
_GONE = frozenset({errno.ECONNREFUSED, errno.ECONNRESET, errno.ENOTCONN, errno.EPIPE})


@dataclass(slots=True)
class PortCounters:
    """Frames and bytes since the port was made, as the hub sees them.

    `dropped_full`: the guest did not read fast enough; `dropped_gone`: it no longer exists;
    `runts`: received, but too short for Ethernet.
    """

    received: int = 0
    received_bytes: int = 0
    sent: int = 0
    sent_bytes: int = 0
    dropped_full: int = 0
    dropped_gone: int = 0
    runts: int = 0


class Port:
    """The hub's end of a socket pair, with a bounded backlog for a guest that does not keep up.

    `impaired` sums up what impairments did to the guest's frames so far; `is_watched` tells whether the
    hub waits for room in the guest's queue.
    """

    def __init__(self, segment: str, host: str, interface: str) -> None:
        self.segment = segment
        self.host = host
        self.interface = interface
        self.capture_id = -1
        self.is_watched = False
        self.counters = PortCounters()
        self.impaired = ImpairmentCounters()
        self.shaper: Shaper | None = None
        self.socket: socket.socket | None = None
        self.backlog: deque[bytes] = deque()

    @property
    def name(self) -> str:
        """`SEGMENT/HOST.INTERFACE`, its name in captures."""
        return f"{self.segment}/{self.host}.{self.interface}"

    def plug(self) -> tuple[socket.socket, socket.socket]:
        """Make a new cable; return our end, which is non-blocking, and the guest's."""
        ours, guests = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        for end in (ours, guests):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BUFFER)
        ours.setblocking(False)
        self.socket = ours
        return ours, guests

    def unplug(self) -> None:
        """Close our end, and forget what was still to be sent."""
        if self.socket is not None:
            self.socket.close()
        self.socket = None
        self.is_watched = False
        self.backlog.clear()

    def receive_into(self, buffer: bytearray) -> int:
        """Read one frame; return its size, or -1 when there is none."""
        if self.socket is None:
            return -1
        try:
            return self.socket.recv_into(buffer)
        except (BlockingIOError, ConnectionError):
            return -1

    def send(self, frame: bytes | memoryview) -> None:
        """Send a frame, or keep it while the guest's queue is full, or drop it when too many wait."""
        if self.backlog or not self._send_now(frame):
            if len(self.backlog) < BACKLOG_LIMIT:
                self.backlog.append(bytes(frame))
            else:
                self.counters.dropped_full += 1

    def drain(self) -> None:
        """Send what waits, as far as there is room."""
        while self.backlog and self._send_now(self.backlog[0]):
            self.backlog.popleft()

    def _send_now(self, frame: bytes | memoryview) -> bool:
        """Get rid of a frame: sent, or pointless to keep. False if the guest's queue is full."""
        if self.socket is None:
            self.counters.dropped_gone += 1
            return True
        try:
            self.socket.send(frame)
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno in _GONE:
                self.counters.dropped_gone += 1
            else:
                # The kernel has no memory for it (ENOBUFS): lost as on any busy network card.
                self.counters.dropped_full += 1
            return True
        self.counters.sent += 1
        self.counters.sent_bytes += len(frame)
        return True
