"""Carries bytes between a lab and the consoles of a domain, in libvirt's own event loop.

Streams that block, with a thread for each, stop for good now and then (seen with libvirt 9.0 on a loaded
machine: a thread in virDomainOpenConsole, the others of the same connection in virStreamRecv, for minutes).
So streams never block here, and one thread alone touches them.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

_CHUNK = 4096
# How much may wait on its way before the end that it comes from has to wait (bytes).
_WAITING = 64 * 1024
_WOULD_BLOCK = -2
# How long the end of a console may take to arrive (seconds).
_LAST_WORDS = 2.0


class EventLoop:
    """libvirt's event loop, in a thread of this process. Connections must be opened after it."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module
        module.virEventRegisterDefaultImpl()
        threading.Thread(target=self._run, name="parley-libvirt", daemon=True).start()

    def soon(self, action: Callable[[], None]) -> None:
        """Have the loop's thread do something."""

        def do(timer: int, _: None) -> None:
            self.module.virEventRemoveTimeout(timer)
            action()

        self.module.virEventAddTimeout(0, do, None)

    def _run(self) -> None:
        while True:
            self.module.virEventRunDefaultImpl()


def event_loop(module: ModuleType) -> EventLoop:
    """The loop of this process; a child needs one of its own, because threads stay behind."""
    return _event_loop(module, os.getpid())


@cache
def _event_loop(module: ModuleType, process: int) -> EventLoop:  # noqa: ARG001 -- the cache's key
    return EventLoop(module)


class _Console:
    """A stream that never blocks. Everything but `over.wait` happens in the loop's thread.

    `hear` gets what the guest says; `moved` is called whenever bytes moved or the stream ended.
    """

    def __init__(
        self, loop: EventLoop, open_stream: Callable[[], Any], hear: Callable[[bytes], None]
    ) -> None:
        self.over = threading.Event()
        self.moved: Callable[[], None] = lambda: None
        self._vir = loop.module
        self._open = open_stream
        self._hear = hear
        self._stream: Any = None
        self._waiting = b""

    @property
    def is_busy(self) -> bool:
        """So much waits for the guest to read it that no more should come."""
        return len(self._waiting) >= _WAITING

    def open(self) -> None:
        """Begin to hear the guest."""
        try:
            self._stream = self._open()
            self._stream.eventAddCallback(self._events(is_heard=True), self._on_event, None)
        except self._vir.libvirtError:
            self.close()

    def say(self, data: bytes) -> None:
        """Send bytes to the guest; opens the console first where that was not done."""
        self._waiting += data
        if self._stream is None and not self.over.is_set():
            self.open()

    def listen(self, *, is_heard: bool) -> None:
        """Wait for the guest's words, or not; its end is noticed in any case."""
        if self._stream is not None:
            self._stream.eventUpdateCallback(self._events(is_heard=is_heard))

    def close(self) -> None:
        """Hang up."""
        stream, self._stream = self._stream, None
        if stream is not None:
            with suppress(self._vir.libvirtError):
                stream.eventRemoveCallback()
            with suppress(self._vir.libvirtError):
                stream.abort()
        self.over.set()
        self.moved()

    def _events(self, *, is_heard: bool) -> int:
        vir = self._vir
        wanted = vir.VIR_STREAM_EVENT_ERROR | vir.VIR_STREAM_EVENT_HANGUP
        wanted |= vir.VIR_STREAM_EVENT_READABLE if is_heard else 0
        return int(wanted | (vir.VIR_STREAM_EVENT_WRITABLE if self._waiting else 0))

    def _on_event(self, _stream: object, events: int, _: None) -> None:
        if self._stream is None:
            return
        vir = self._vir
        ends = events & (vir.VIR_STREAM_EVENT_ERROR | vir.VIR_STREAM_EVENT_HANGUP)
        try:
            if events & vir.VIR_STREAM_EVENT_WRITABLE:
                self._send()
            # Nothing is read that nobody wants to hear yet, but for a guest's last words.
            if events & vir.VIR_STREAM_EVENT_READABLE or ends:
                while self._receive() and ends:
                    pass
        except (vir.libvirtError, OSError):
            ends = True
        if ends:
            self.close()
        self.moved()

    def _receive(self) -> bool:
        """Take what is there; false when that is nothing, or the end."""
        data = self._stream.recv(_CHUNK)
        if data == _WOULD_BLOCK:
            return False
        if not data:
            self.close()
            return False
        self._hear(data)
        return True

    def _send(self) -> None:
        sent = self._stream.send(self._waiting)
        if sent > 0:
            self._waiting = self._waiting[sent:]


class ConsoleRelay:
    """One console and the lab's socket of it.

    The console is opened by the first byte that the lab sends, unless it is opened at once: until then it
    is free for others (virsh console).
    """

    def __init__(
        self, loop: EventLoop, wire: socket.socket, open_stream: Callable[[], Any], *, at_once: bool
    ) -> None:
        self._loop = loop
        self._vir = loop.module
        self._wire = wire
        self._console = _Console(loop, open_stream, self._hear)
        self._waiting = b""
        self._watch = -1
        self._is_ending = False
        self._closed = threading.Event()
        wire.setblocking(False)
        loop.soon(lambda: self._begin(at_once=at_once))

    def close(self) -> None:
        """Hang up; the lab's end sees that the guest is gone."""
        self._loop.soon(self._hang_up)
        self._closed.wait(_LAST_WORDS)

    def _begin(self, *, at_once: bool) -> None:
        self._watch = self._vir.virEventAddHandle(self._wire.fileno(), 0, self._on_wire, None)
        self._console.moved = self._moved
        if at_once:
            self._console.open()
        self._moved()

    def _hear(self, data: bytes) -> None:
        self._waiting += data

    def _moved(self) -> None:
        """Decide what to wait for next; end once the guest is gone and its last words are passed on."""
        if self._is_ending:
            return
        if self._console.over.is_set() and not self._waiting:
            self._hang_up()
            return
        events = 0 if self._console.is_busy else self._vir.VIR_EVENT_HANDLE_READABLE
        events |= self._vir.VIR_EVENT_HANDLE_WRITABLE if self._waiting else 0
        self._vir.virEventUpdateHandle(self._watch, events)
        self._console.listen(is_heard=len(self._waiting) < _WAITING)

    def _on_wire(self, _watch: int, _file: int, events: int, _: None) -> None:
        try:
            if events & self._vir.VIR_EVENT_HANDLE_WRITABLE:
                self._waiting = self._waiting[self._wire.send(self._waiting) :]
            if events & ~self._vir.VIR_EVENT_HANDLE_WRITABLE:
                data = self._wire.recv(_CHUNK)
                if not data:
                    self._hang_up()
                    return
                self._console.say(data)
        except BlockingIOError:
            pass
        except OSError:
            self._hang_up()
            return
        self._moved()

    def _hang_up(self) -> None:
        if self._is_ending:
            return
        self._is_ending = True
        if self._watch >= 0:
            self._vir.virEventRemoveHandle(self._watch)
        self._console.close()
        self._wire.close()
        # Only now: whoever waits for it closes the connection next.
        self._closed.set()


class LogRelay:
    """Writes what a console says to a file, as it comes."""

    def __init__(self, loop: EventLoop, open_stream: Callable[[], Any], path: Path) -> None:
        self._loop = loop
        self._file = path.open("ab", buffering=0)
        self._console = _Console(loop, open_stream, self._hear)
        loop.soon(self._console.open)

    def close(self) -> None:
        """Wait for the last words; the domain is gone already."""
        self._console.over.wait(_LAST_WORDS)
        self._loop.soon(self._console.close)
        self._loop.soon(self._file.close)

    def _hear(self, data: bytes) -> None:
        self._file.write(data)
