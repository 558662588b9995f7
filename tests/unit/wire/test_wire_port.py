from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from parley.wire.port import Port

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator


@pytest.fixture(name="wired")
def wired_port(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Port, socket.socket]]:
    monkeypatch.setattr("parley.wire.port.SOCKET_BUFFER", 8192)
    port = Port("internet", "west", "eth1")
    _, guest = port.plug()
    guest.setblocking(False)
    with guest:
        yield port, guest
    port.unplug()


def read_all(guest: socket.socket) -> list[bytes]:
    frames = []
    try:
        while True:
            frames.append(guest.recv(2000))
    except BlockingIOError:
        return frames


def test_frames_queue_up_behind_a_backlog_though_there_is_room(
    wired: tuple[Port, socket.socket],
) -> None:
    port, guest = wired
    frames = [number.to_bytes(4) for number in range(100)]
    for frame in frames:
        port.send(frame)
    first = read_all(guest)
    assert 0 < len(first) < len(frames)
    port.send(b"last")
    assert read_all(guest) == []
    rest = []
    while port.backlog:
        port.drain()
        rest += read_all(guest)
    assert first + rest == [*frames, b"last"]


def test_a_kept_frame_is_a_copy(wired: tuple[Port, socket.socket]) -> None:
    port, _ = wired
    buffer = bytearray(b"before")
    while not port.backlog:
        port.send(memoryview(buffer))
    buffer[:] = b"after!"
    assert port.backlog == type(port.backlog)([b"before"])


def test_an_unplugged_port_takes_frames_nowhere() -> None:
    port = Port("internet", "west", "eth1")
    port.send(b"frame")
    assert (port.name, port.counters.dropped_gone, len(port.backlog)) == ("internet/west.eth1", 1, 0)
    assert port.receive_into(bytearray(100)) == -1
