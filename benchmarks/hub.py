"""How fast the hub is, as a ratio to a bare socket pair: `python benchmarks/hub.py [FRAMES]`.

The guests are processes of their own, as in a lab. Absolute figures depend on the machine, ratios hold.
"""

from __future__ import annotations

import multiprocessing
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from parley.wire.hub import Hub
from parley.wire.impair import parse_impairment
from parley.wire.pcapng import PcapngWriter

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

EAST, WEST = bytes.fromhex("120000646423"), bytes.fromhex("120000646445")
SMALL, LARGE = 98, 1514
SINK_PATIENCE = 1.0
DEFAULT_FRAMES = 20_000
Guest = Callable[[socket.socket, int, int, "Connection"], None]
# Guests are forked, so that they have their sockets without further ado.
FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True, slots=True)
class Wires:
    """Two guests' sockets, and what to call once the guests run."""

    west: socket.socket
    east: socket.socket
    start: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Figures:
    """Round trips in seconds; frames per second."""

    median: float
    p99: float
    small: float
    large: float


def direct(stack: ExitStack) -> Wires:
    """Two guests on one socket pair."""
    west, east = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    stack.enter_context(west)
    stack.enter_context(east)
    return Wires(west, east, lambda: None)


def through_hub(*impairments: str, capture: bool) -> Callable[[ExitStack], Wires]:
    """Two guests on a hub."""

    def make(stack: ExitStack) -> Wires:
        writer = None
        if capture:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            writer = stack.enter_context(PcapngWriter.create(directory / "capture.pcapng"))
        hub = Hub(writer, impairments=[parse_impairment(text) for text in impairments])
        stack.callback(hub.stop)
        west = stack.enter_context(hub.port("internet", "west", "eth1"))
        east = stack.enter_context(hub.port("internet", "east", "eth1"))
        return Wires(west, east, hub.start)

    return make


def frame(source: bytes, destination: bytes, size: int) -> bytes:
    """A frame of `size` bytes, of the ethertype for experiments."""
    return (destination + source + b"\x88\xb5").ljust(size, b"x")


def echo(wire: socket.socket, count: int, _size: int, _report: Connection) -> None:
    """Answer `count` frames."""
    answer = frame(EAST, WEST, SMALL)
    for _ in range(count):
        wire.recv(LARGE)
        wire.send(answer)


def ping(wire: socket.socket, count: int, size: int, report: Connection) -> None:
    """Report the times of `count` round trips."""
    request = frame(WEST, EAST, size)
    times = []
    for _ in range(count):
        start = time.perf_counter()
        wire.send(request)
        wire.recv(LARGE)
        times.append(time.perf_counter() - start)
    report.send(times)


def send(wire: socket.socket, count: int, size: int, _report: Connection) -> None:
    """Send `count` frames as fast as the wire takes them."""
    data = frame(WEST, EAST, size)
    for _ in range(count):
        wire.send(data)


def sink(wire: socket.socket, count: int, _size: int, report: Connection) -> None:
    """Report how many frames arrived in a second."""
    wire.settimeout(SINK_PATIENCE)
    received, start, end = 0, 0.0, 0.0
    with suppress(TimeoutError):
        while received < count:
            wire.recv(LARGE)
            end = time.perf_counter()
            start = start or end
            received += 1
    report.send([received / (end - start)])


def run(make: Callable[[ExitStack], Wires], west: Guest, east: Guest, count: int, size: int) -> list[float]:
    """Run two guests to their end; return what one of them reports."""
    with ExitStack() as stack:
        wires = make(stack)
        receiver, sender = FORK.Pipe(duplex=False)
        stack.callback(receiver.close)
        stack.callback(sender.close)
        guests = [
            FORK.Process(target=target, args=(wire, count, size, sender))
            for target, wire in ((west, wires.west), (east, wires.east))
        ]
        for guest in guests:
            guest.start()
        wires.start()
        figures: list[float] = receiver.recv()
        for guest in guests:
            guest.join()
        return figures


def measure(make: Callable[[ExitStack], Wires], count: int) -> Figures:
    """All figures of one arrangement."""
    times = sorted(run(make, ping, echo, count // 4, SMALL))
    return Figures(
        median=statistics.median(times),
        p99=times[len(times) * 99 // 100],
        small=run(make, send, sink, count, SMALL)[0],
        large=run(make, send, sink, count, LARGE)[0],
    )


def main() -> None:
    """Print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_FRAMES
    arrangements = {
        "bare socket pair": direct,
        "hub": through_hub(capture=False),
        "hub, capture": through_hub(capture=True),
        "hub, capture, impaired": through_hub("internet:loss=0%,jitter=0ms", capture=True),
    }
    print(f"{count} frames of {SMALL} and {LARGE} bytes; (ratio to the bare pair)")
    print(f"{'':24}{'RTT median':>20}{'RTT p99':>12}{f'{SMALL} B':>20}{f'{LARGE} B':>20}")
    base: Figures | None = None
    for name, make in arrangements.items():
        figures = measure(make, count)
        base = base or figures
        cells = (
            f"{figures.median * 1e6:.0f} µs ({figures.median / base.median:.1f})",
            f"{figures.small:,.0f}/s ({figures.small / base.small:.2f})",
            f"{figures.large:,.0f}/s ({figures.large / base.large:.2f})",
        )
        print(f"{name:24}{cells[0]:>20}{f'{figures.p99 * 1e6:.0f} µs':>12}{cells[1]:>20}{cells[2]:>20}")


if __name__ == "__main__":
    main()
