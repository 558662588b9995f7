"""How bytes are carried to and from a domain's consoles, in libvirt's own event loop."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from parley.backend.libvirt import load_libvirt
from parley.backend.libvirt_console import ConsoleRelay, EventLoop, LogRelay, event_loop

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

libvirt = pytest.importorskip("libvirt")


class FakeStream:
    """A stream that never blocks, as libvirt's loop sees one; its guest is at the other end of a socket."""

    def __init__(self) -> None:
        self._near, self.guest = socket.socketpair()
        self._near.setblocking(False)
        self._watch = -1

    def eventAddCallback(self, events: int, heard: Callable[..., None], _: None) -> None:  # noqa: N802
        def on_event(_watch: int, _file: int, events: int, _: None) -> None:
            heard(self, events, None)

        # VIR_STREAM_EVENT_* and VIR_EVENT_HANDLE_* are the same numbers.
        self._watch = libvirt.virEventAddHandle(self._near.fileno(), events, on_event, None)

    def eventUpdateCallback(self, events: int) -> None:  # noqa: N802
        libvirt.virEventUpdateHandle(self._watch, events)

    def eventRemoveCallback(self) -> None:  # noqa: N802
        libvirt.virEventRemoveHandle(self._watch)

    def send(self, data: bytes) -> int:
        try:
            return self._near.send(data[:2])
        except BlockingIOError:
            return -2

    def recv(self, nbytes: int) -> bytes | int:
        try:
            return self._near.recv(nbytes)
        except BlockingIOError:
            return -2

    def abort(self) -> None:
        self._near.close()


@pytest.fixture(scope="module")
def loop() -> EventLoop:
    return event_loop(load_libvirt())


def received(end: socket.socket, size: int) -> bytes:
    data = b""
    end.settimeout(30)
    while len(data) < size and (more := end.recv(size - len(data))):
        data += more
    return data


def test_a_console_is_carried_both_ways_and_ends_with_its_domain(loop: EventLoop) -> None:
    ours, theirs = socket.socketpair()
    stream = FakeStream()
    with ours:
        ConsoleRelay(loop, theirs, lambda: stream, at_once=True)
        ours.sendall(b"ping\n")
        assert received(stream.guest, 5) == b"ping\n"
        stream.guest.sendall(b"last words")
        stream.guest.close()
        assert received(ours, 100) == b"last words", "and then its end is seen"


def test_a_console_may_stay_free_until_it_is_wanted(loop: EventLoop) -> None:
    ours, theirs = socket.socketpair()
    opened: list[FakeStream] = []

    def begin() -> FakeStream:
        opened.append(FakeStream())
        return opened[-1]

    with ours:
        relay = ConsoleRelay(loop, theirs, begin, at_once=False)
        ours.sendall(b"\n")
        ours.settimeout(0.05)
        while not opened:
            with suppress(TimeoutError):
                ours.recv(1)
        assert received(opened[0].guest, 1) == b"\n"
        relay.close()
        assert received(opened[0].guest, 1) == b"", "hung up"
        assert received(ours, 1) == b""
    assert len(opened) == 1


def test_nothing_is_lost_and_nothing_piles_up_when_neither_end_reads(loop: EventLoop) -> None:
    ours, theirs = socket.socketpair()
    stream = FakeStream()
    words = b"0123456789abcdef" * 40_000
    with ours, ThreadPoolExecutor(2) as pool:
        relay = ConsoleRelay(loop, theirs, lambda: stream, at_once=True)
        sending = [pool.submit(end.sendall, words) for end in (ours, stream.guest)]
        assert received(ours, len(words)) == words
        assert received(stream.guest, len(words)) == words
        for each in sending:
            each.result()
        relay.close()


def test_a_console_that_cannot_be_opened_ends(loop: EventLoop) -> None:
    def refuse() -> FakeStream:
        raise libvirt.libvirtError("no such console")

    ours, theirs = socket.socketpair()
    with ours:
        ConsoleRelay(loop, theirs, refuse, at_once=False)
        ours.sendall(b"x")
        with suppress(ConnectionResetError):
            assert received(ours, 1) == b""


def test_a_log_is_written_as_it_comes(tmp_path: Path, loop: EventLoop) -> None:
    stream = FakeStream()
    words = b"Kernel panic\n" * 1000
    stream.guest.sendall(words)
    stream.guest.close()
    LogRelay(loop, lambda: stream, tmp_path / "log").close()
    assert (tmp_path / "log").read_bytes() == words
