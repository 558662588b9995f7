"""The switch between guests: forwards, captures and impairs Ethernet frames, with no help from them.

A port is one end of an AF_UNIX datagram socket pair that carries raw frames; the other end is given to
`vec0:transport=fd` of User-mode Linux or `-netdev dgram,local.type=fd` of QEMU.
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass, replace
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from typing import TYPE_CHECKING, Self

from parley.errors import LabError
from parley.wire.frame import ETHERNET_HEADER
from parley.wire.port import Port, PortCounters
from parley.wire.recorder import Recorder
from parley.wire.shaper import ImpairmentCounters, Shaper

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType

    from parley.wire.impair import Impairment
    from parley.wire.pcapng import PcapngWriter

_FRAME_LIMIT = 65536 + ETHERNET_HEADER
# Frames taken from one port before the others have their turn.
_BATCH = 64
# A guest may invent addresses, but not fill our memory with them.
_ADDRESS_LIMIT = 1024
# Frames of a guest that are still captured when it is unplugged; one that floods cannot hold the hub up.
_LAST_FRAMES = 1024


@dataclass(frozen=True, slots=True)
class _Active:
    impairment: Impairment
    since: float


class Hub:
    """Learning switches, one for each segment, in a thread of their own between `start` and `stop`.

    Every frame is written to `capture` once, where it comes in; the caller closes the capture after the
    hub. Times of frames come from `clock` (nanoseconds since 1970), those of impairments from
    `monotonic` (seconds). Methods may be called from any thread, before or after `start`.
    """

    def __init__(
        self,
        capture: PcapngWriter | None = None,
        *,
        impairments: Iterable[Impairment] = (),
        clock: Callable[[], int] = time.time_ns,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._recorder = Recorder(capture, clock, monotonic)
        self._monotonic = monotonic
        self._active = {each.target: _Active(each, monotonic()) for each in impairments}
        self._ports: dict[str, Port] = {}
        self._segments: dict[str, list[Port]] = {}
        self._addresses: dict[str, dict[bytes, Port]] = {}
        self._buffer = bytearray(_FRAME_LIMIT)
        self._view = memoryview(self._buffer)
        self._selector = DefaultSelector()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._waker: int | None = None
        self._is_stopping = False
        self._error: Exception | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.stop()
        except LabError as broken:
            # A broken hub is why hosts no longer answer; of anything else it is not the cause.
            if error is None or isinstance(error, LabError):
                raise
            error.add_note(str(broken))

    def port(self, segment: str, host: str, interface: str) -> socket.socket:
        """Plug a guest in; return its end, which the caller hands to the guest and closes.

        Asked again for the same interface (the host boots anew), it makes a new cable for the same port.
        """
        with self._lock:
            port = self._port(segment, host, interface)
            self._unplug(port)
            ours, guests = port.plug()
            self._selector.register(ours, EVENT_READ, port)
            return guests

    def impair(self, impairment: Impairment) -> None:
        """Replace what impairs that target from now on; frames under way arrive at once.

        An impairment without any knob ends what was there.
        """
        with self._lock:
            self._active[impairment.target] = _Active(impairment, self._monotonic())
            for port in self._segments.get(impairment.segment, ()):
                active = self._active_for(port)
                if active is not None and active.impairment is impairment:
                    self._apply_impairment(port)

    def counters(self) -> dict[str, PortCounters]:
        """What passed through each port, by its name (`internet/east.eth1`)."""
        with self._lock:
            return {name: replace(port.counters) for name, port in self._ports.items()}

    def impairment_counters(self) -> dict[str, ImpairmentCounters]:
        """What impairments did to the frames of each port that has or had one."""
        with self._lock:
            return {
                name: replace(port.impaired) for name, port in self._ports.items() if port.impaired.matched
            }

    def start(self) -> None:
        """Begin to forward. Times of impairments count from here."""
        with self._lock:
            self._waker = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
            self._selector.register(self._waker, EVENT_READ)
            now = self._monotonic()
            self._active = {target: _Active(each.impairment, now) for target, each in self._active.items()}
            for port in self._ports.values():
                self._apply_impairment(port)
        self._thread = threading.Thread(target=self._run, name="parley-hub", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Capture what guests have still sent, and close all ports; harmless when stopped already.

        Raises LabError if the hub or the capture broke meanwhile.
        """
        self._is_stopping = True
        if self._thread is not None and self._waker is not None:
            os.eventfd_write(self._waker, 1)
            self._thread.join()
            self._thread = None
        with self._lock:
            self._close()
        error, self._error = self._error, None
        if error is not None:
            raise LabError(f"the hub broke: {error!r}") from error
        error, self._recorder.error = self._recorder.error, None
        if error is not None:
            raise error

    def _close(self) -> None:
        for port in self._ports.values():
            self._unplug(port)
        self._recorder.flush()
        self._selector.close()
        if self._waker is not None:
            os.close(self._waker)
            self._waker = None

    def _unplug(self, port: Port) -> None:
        if port.socket is not None:
            for frame in self._frames(port, _LAST_FRAMES):
                self._recorder.record(port.capture_id, frame, "not forwarded: unplugged")
            self._selector.unregister(port.socket)
            port.unplug()

    def _port(self, segment: str, host: str, interface: str) -> Port:
        port = Port(segment, host, interface)
        if port.name in self._ports:
            return self._ports[port.name]
        port.capture_id = self._recorder.add_interface(port.name, f"sent by {host} on {segment}")
        self._ports[port.name] = port
        self._segments.setdefault(segment, []).append(port)
        self._addresses.setdefault(segment, {})
        self._apply_impairment(port)
        return port

    def _active_for(self, port: Port) -> _Active | None:
        return self._active.get(f"{port.segment}/{port.host}") or self._active.get(port.segment)

    def _apply_impairment(self, port: Port) -> None:
        active = self._active_for(port)
        if port.shaper is not None:
            for frame in port.shaper.due(float("inf")):
                self._forward(port, frame)
        port.shaper = Shaper(active.impairment, port.name, active.since, port.impaired) if active else None

    def _run(self) -> None:
        timeout = None
        try:
            while not self._is_stopping:
                ready = self._selector.select(timeout)
                with self._lock:
                    for key, events in ready:
                        if key.data is not None:
                            self._serve(key.data, events)
                    self._release()
                    self._recorder.flush_if_due()
                    timeout = self._timeout()
        except Exception as error:  # noqa: BLE001 -- a thread has nobody to raise to; stop() does it
            self._error = error

    def _timeout(self) -> float | None:
        times = [port.shaper.next_due for port in self._ports.values() if port.shaper]
        due = min((at for at in (*times, self._recorder.flush_at) if at is not None), default=None)
        return None if due is None else max(0.0, due - self._monotonic())

    def _serve(self, port: Port, events: int) -> None:
        if events & EVENT_WRITE:
            port.drain()
            self._watch(port)
        if events & EVENT_READ:
            for frame in self._frames(port, _BATCH):
                self._take(port, frame)

    def _frames(self, port: Port, limit: int) -> Iterator[memoryview]:
        """What a guest has sent; each view is valid until the next."""
        for _ in range(limit):
            size = port.receive_into(self._buffer)
            if size < 0:
                return
            port.counters.received += 1
            port.counters.received_bytes += size
            yield self._view[:size]

    def _take(self, port: Port, frame: memoryview) -> None:
        if len(frame) < ETHERNET_HEADER:
            port.counters.runts += 1
            self._recorder.record(port.capture_id, frame, "dropped by the hub: too short")
            return
        self._learn(port, frame)
        if port.shaper is None:
            self._recorder.record(port.capture_id, frame, "")
            self._forward(port, frame)
        else:
            comment = port.shaper.admit(bytes(frame), self._monotonic())
            self._recorder.record(port.capture_id, frame, comment)

    def _release(self) -> None:
        for port in self._ports.values():
            if port.shaper is not None and port.shaper.next_due is not None:
                for frame in port.shaper.due(self._monotonic()):
                    self._forward(port, frame)

    def _learn(self, port: Port, frame: memoryview) -> None:
        addresses = self._addresses[port.segment]
        source = bytes(frame[6:12])
        if not source[0] & 1 and (source in addresses or len(addresses) < _ADDRESS_LIMIT):
            addresses[source] = port

    def _forward(self, port: Port, frame: bytes | memoryview) -> None:
        target = self._addresses[port.segment].get(bytes(frame[:6]))
        targets = self._segments[port.segment] if target is None else (target,)
        for each in targets:
            if each is not port:
                each.send(frame)
                self._watch(each)

    def _watch(self, port: Port) -> None:
        """Ask to be told when a full queue has room again, and only then."""
        is_waiting = bool(port.backlog)
        if port.socket is not None and is_waiting != port.is_watched:
            port.is_watched = is_waiting
            self._selector.modify(port.socket, EVENT_READ | EVENT_WRITE if is_waiting else EVENT_READ, port)
