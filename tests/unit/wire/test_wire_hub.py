from __future__ import annotations

import errno
import io
import os
import time
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from parley.errors import LabError
from parley.wire.capture import PcapngReader
from parley.wire.hub import Hub
from parley.wire.impair import parse_impairment
from parley.wire.pcapng import PcapngWriter
from parley.wire.port import BACKLOG_LIMIT
from wire_frames import BROADCAST, EAST_MAC, WEST_MAC, ethernet

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from parley.wire.impair import Impairment

NIC_MAC = bytes.fromhex("120000deadba")
PATIENCE = 20.0
HOUR = 3600.0


class Guest:
    """A guest's end of a port."""

    def __init__(self, wire: socket.socket, mac: bytes) -> None:
        self.wire = wire
        self.mac = mac
        wire.settimeout(PATIENCE)

    def send(self, destination: bytes, payload: bytes = b"x" * 46) -> bytes:
        frame = ethernet(payload, source=self.mac, destination=destination)
        self.wire.send(frame)
        return frame

    def receive(self) -> bytes:
        return self.wire.recv(65536)


class Clock:
    """A monotonic clock that stands still until told otherwise."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Lan:
    """A running hub with east, west and nic on one segment."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.east = Guest(hub.port("internet", "east", "eth1"), EAST_MAC)
        self.west = Guest(hub.port("internet", "west", "eth1"), WEST_MAC)
        self.nic = Guest(hub.port("internet", "nic", "eth1"), NIC_MAC)

    def introduce(self) -> None:
        """Let the switch learn where everybody is."""
        for guest in (self.east, self.west, self.nic):
            frame = guest.send(BROADCAST)
            assert [other.receive() for other in self.others(guest)] == [frame, frame]

    def others(self, guest: Guest) -> list[Guest]:
        return [other for other in (self.east, self.west, self.nic) if other is not guest]

    def close(self) -> None:
        for guest in (self.east, self.west, self.nic):
            guest.wire.close()


@contextmanager
def running(
    capture: PcapngWriter | None = None,
    *impairments: Impairment,
    monotonic: Callable[[], float] = time.monotonic,
    clock: Callable[[], int] = time.time_ns,
) -> Iterator[Lan]:
    with ExitStack() as stack:
        hub = stack.enter_context(Hub(capture, impairments=impairments, monotonic=monotonic, clock=clock))
        lan = Lan(hub)
        stack.callback(lan.close)
        yield lan


@pytest.fixture(name="lan")
def running_lan() -> Iterator[Lan]:
    with running() as lan:
        yield lan


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "the hub did not get there"
        time.sleep(0.001)


def test_unknown_broadcast_and_multicast_frames_are_flooded(lan: Lan) -> None:
    for destination in (WEST_MAC, BROADCAST, bytes.fromhex("333300000001")):
        frame = lan.east.send(destination)
        assert lan.west.receive() == frame
        assert lan.nic.receive() == frame


def test_known_addresses_get_their_frames_alone(lan: Lan) -> None:
    lan.introduce()
    private = lan.east.send(WEST_MAC)
    assert lan.west.receive() == private
    # Had the first frame been flooded, nic would see it before this one.
    public = lan.east.send(BROADCAST)
    assert lan.nic.receive() == public


def test_a_group_address_as_source_teaches_nothing(lan: Lan) -> None:
    lan.introduce()
    lan.west.mac = BROADCAST
    lan.west.send(EAST_MAC)
    lan.east.receive()
    frame = lan.east.send(BROADCAST)
    assert lan.nic.receive() == frame


def test_a_frame_never_comes_back_to_its_sender(lan: Lan) -> None:
    lan.introduce()
    lan.east.send(EAST_MAC)
    lan.east.send(BROADCAST)
    frame = lan.west.send(EAST_MAC)
    assert lan.east.receive() == frame


def test_a_host_that_moves_is_found_again(lan: Lan) -> None:
    lan.introduce()
    lan.nic.mac = EAST_MAC
    lan.nic.send(BROADCAST)
    lan.west.receive()
    lan.east.receive()
    frame = lan.west.send(EAST_MAC)
    assert lan.nic.receive() == frame


def test_segments_are_separate(lan: Lan) -> None:
    with lan.hub.port("nicnet", "road", "eth0") as wire, lan.hub.port("nicnet", "north", "eth1") as other:
        road, north = Guest(wire, EAST_MAC), Guest(other, WEST_MAC)
        lan.east.send(BROADCAST, b"internet")
        frame = north.send(BROADCAST, b"nicnet")
        assert road.receive() == frame
        answer = road.send(WEST_MAC)
        assert north.receive() == answer


def test_large_and_empty_and_short_frames(lan: Lan) -> None:
    lan.east.wire.send(b"")
    lan.east.wire.send(b"thirteen byte")
    frame = lan.east.send(BROADCAST, bytes(9000))
    assert lan.west.receive() == frame
    assert lan.hub.counters()["internet/east.eth1"].runts == 2


def test_counters(lan: Lan) -> None:
    lan.introduce()
    frame = lan.east.send(WEST_MAC)
    lan.west.receive()
    wait_for(lambda: lan.hub.counters()["internet/west.eth1"].sent == 3)
    east, west = (lan.hub.counters()[f"internet/{name}.eth1"] for name in ("east", "west"))
    assert (east.received, east.received_bytes) == (2, 2 * len(frame))
    assert (west.received, west.sent, west.sent_bytes) == (1, 3, 3 * len(frame))


def test_frames_sent_before_the_start_are_not_lost() -> None:
    hub = Hub()
    lan = Lan(hub)
    frame = lan.east.send(BROADCAST)
    with hub:
        assert lan.west.receive() == frame
    lan.close()


@pytest.fixture(name="path")
def capture_path(tmp_path: Path) -> Path:
    return tmp_path / "capture.pcapng"


def test_every_frame_is_captured_once_where_it_came_in(path: Path) -> None:
    ticks = count(1_700_000_000_000_000_000)
    with PcapngWriter.create(path) as capture, running(capture, clock=lambda: next(ticks)) as lan:
        lan.introduce()
        lan.east.send(WEST_MAC)
        lan.west.receive()
        lan.east.wire.send(b"runt")
    frames = list(PcapngReader(path))
    senders = ["east", "west", "nic", "east", "east"]
    assert [frame.interface for frame in frames] == [f"internet/{name}.eth1" for name in senders]
    assert [frame.time_ns - 1_700_000_000_000_000_000 for frame in frames] == [0, 1, 2, 3, 4]
    assert (frames[-1].data, frames[-1].comment) == (b"runt", "dropped by the hub: too short")


def test_what_guests_sent_last_is_captured(path: Path) -> None:
    with PcapngWriter.create(path) as capture:
        hub = Hub(capture)
        lan = Lan(hub)
        lan.east.send(BROADCAST)
        lan.close()
        hub.stop()
    (frame,) = PcapngReader(path)
    assert frame.comment == "not forwarded: unplugged"


def test_a_capture_is_on_disk_while_the_hub_runs(path: Path) -> None:
    with PcapngWriter.create(path) as capture, running(capture) as lan:
        lan.introduce()
        wait_for(lambda: len(list(PcapngReader(path))) == 3)


class FullDisk(io.RawIOBase):
    """A file on a disk without any room."""

    def write(self, _data: object, /) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_broken_capture_is_reported_at_the_end_and_guests_go_on() -> None:
    hub = Hub(PcapngWriter(Path("capture.pcapng"), FullDisk()))
    lan = Lan(hub)
    hub.start()
    lan.introduce()
    wait_for(lambda: hub._recorder.error is not None)
    lan.introduce()
    with pytest.raises(LabError, match=r"capture\.pcapng: the capture cannot be written: No space left"):
        hub.stop()
    hub.stop()
    lan.close()


def broken_clock() -> int:
    raise ZeroDivisionError("broken clock")


def lose_the_hub(error: Exception | None) -> None:
    with PcapngWriter.create(Path(os.devnull)) as capture, running(capture, clock=broken_clock) as lan:
        lan.east.send(BROADCAST)
        wait_for(lambda: lan.hub.counters()["internet/east.eth1"].received == 1)
        if error is not None:
            raise error


@pytest.mark.parametrize("error", [None, LabError("west: does not answer")])
def test_a_broken_hub_is_the_cause_of_lab_errors(error: LabError | None) -> None:
    with pytest.raises(LabError, match="the hub broke: ZeroDivisionError"):
        lose_the_hub(error)


def test_other_errors_are_not_hidden_by_a_broken_hub() -> None:
    with pytest.raises(KeyError) as caught:
        lose_the_hub(KeyError("first"))
    assert "the hub broke" in caught.value.__notes__[0]


def test_a_guest_that_does_not_read_costs_nothing_but_its_own_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley.wire.port.SOCKET_BUFFER", 8192)
    with running() as lan:
        lan.introduce()
        total = 3 * BACKLOG_LIMIT
        for number in range(total):
            lan.east.send(WEST_MAC, number.to_bytes(4))
        wait_for(lambda: lan.hub.counters()["internet/east.eth1"].received == total + 1)
        other = lan.east.send(NIC_MAC)
        assert lan.nic.receive() == other
        west = lan.hub.counters()["internet/west.eth1"]
        queued = west.sent - 2
        assert west.dropped_full == total - queued - BACKLOG_LIMIT > 0
        # Drop-tail: the oldest ones arrive, in order.
        numbers = [int.from_bytes(lan.west.receive()[14:]) for _ in range(queued + BACKLOG_LIMIT)]
        assert numbers == list(range(queued + BACKLOG_LIMIT))
        # A hub that went on asking for room would spin.
        wait_for(lambda: not lan.hub._ports["internet/west.eth1"].is_watched)
        frame = lan.east.send(WEST_MAC)
        assert lan.west.receive() == frame


def test_a_guest_that_went_away_disturbs_nobody(lan: Lan) -> None:
    lan.introduce()
    last = lan.west.send(BROADCAST, b"last words")
    lan.west.wire.close()
    assert lan.east.receive() == lan.nic.receive() == last
    for _ in range(3):
        lan.east.send(WEST_MAC)
    frame = lan.east.send(BROADCAST)
    assert lan.nic.receive() == frame
    wait_for(lambda: lan.hub.counters()["internet/west.eth1"].dropped_gone == 4)


def test_a_guest_that_goes_away_with_a_backlog(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley.wire.port.SOCKET_BUFFER", 8192)
    with running() as lan:
        lan.introduce()
        for _ in range(100):
            lan.east.send(WEST_MAC)
        wait_for(lambda: lan.hub.counters()["internet/east.eth1"].received == 101)
        sent = lan.hub.counters()["internet/west.eth1"].sent - 2
        assert sent < 100
        lan.west.wire.close()
        wait_for(lambda: lan.hub.counters()["internet/west.eth1"].dropped_gone == 100 - sent)


def test_a_host_that_boots_anew_gets_a_new_cable(path: Path) -> None:
    with PcapngWriter.create(path) as capture, running(capture) as lan:
        lan.introduce()
        lan.west.wire.close()
        lan.west = Guest(lan.hub.port("internet", "west", "eth1"), WEST_MAC)
        frame = lan.east.send(WEST_MAC)
        assert lan.west.receive() == frame
        lan.west.send(EAST_MAC)
        lan.east.receive()
    names = [frame.interface for frame in PcapngReader(path)]
    assert names.count("internet/west.eth1") == 2


def test_impaired_frames_are_dropped_counted_and_captured_with_the_reason(path: Path) -> None:
    impairment = parse_impairment("internet/east:loss=100%")
    with PcapngWriter.create(path) as capture, running(capture, impairment) as lan:
        lan.east.send(BROADCAST, b"lost")
        wait_for(lambda: lan.hub.counters()["internet/east.eth1"].received == 1)
        frame = lan.west.send(BROADCAST, b"arrives")
        assert lan.nic.receive() == lan.east.receive() == frame
        impaired = lan.hub.impairment_counters()
    assert list(impaired) == ["internet/east.eth1"]
    assert (impaired["internet/east.eth1"].matched, impaired["internet/east.eth1"].lost) == (1, 1)
    assert [frame.comment for frame in PcapngReader(path)] == ["dropped by impairment: loss", ""]


def test_a_hosts_own_impairment_goes_before_the_segments() -> None:
    both = parse_impairment("internet:loss=100%"), parse_impairment("internet/east:delay=0ms")
    with running(None, *both) as lan:
        lan.west.send(BROADCAST)
        frame = lan.east.send(BROADCAST)
        assert lan.nic.receive() == frame


def test_delayed_frames_wait_for_their_time() -> None:
    clock = Clock()
    with running(None, parse_impairment("internet/east:delay=60min"), monotonic=clock) as lan:
        late = lan.east.send(BROADCAST, b"late")
        wait_for(lambda: lan.hub.counters()["internet/east.eth1"].received == 1)
        early = lan.west.send(BROADCAST, b"early")
        assert lan.nic.receive() == early
        clock.now = HOUR
        # Any event lets the hub look at the clock; in life, its own timeout does.
        lan.west.send(BROADCAST)
        assert sorted((lan.nic.receive(), lan.nic.receive())) == sorted((late, early[:14] + b"x" * 46))


def test_a_delay_ends_by_itself() -> None:
    with running(None, parse_impairment("internet:delay=2ms,jitter=1ms,duplicate=100%")) as lan:
        frames = [lan.east.send(WEST_MAC, bytes([number])) for number in range(20)]
        assert [lan.west.receive() for _ in range(40)] == [frame for frame in frames for _ in range(2)]


def test_impairments_can_change_while_the_hub_runs() -> None:
    with running(None, parse_impairment("internet:delay=60min")) as lan:
        under_way = lan.east.send(WEST_MAC)
        wait_for(lambda: lan.hub.counters()["internet/east.eth1"].received == 1)
        lan.hub.impair(parse_impairment("internet/east:partition=60min"))
        assert lan.west.receive() == under_way
        lan.east.send(WEST_MAC)
        wait_for(lambda: lan.hub.impairment_counters()["internet/east.eth1"].partitioned == 1)
        lan.hub.impair(parse_impairment("internet/east:loss=0%"))
        frame = lan.east.send(WEST_MAC)
        assert lan.west.receive() == frame


def test_a_segments_new_impairment_leaves_a_hosts_own_one_alone() -> None:
    with running(None, parse_impairment("internet/east:delay=60min")) as lan:
        lan.east.send(BROADCAST, b"under way")
        wait_for(lambda: lan.hub.counters()["internet/east.eth1"].received == 1)
        lan.hub.impair(parse_impairment("internet:loss=0%"))
        frame = lan.west.send(BROADCAST)
        assert lan.nic.receive() == frame


def test_a_partition_counts_from_the_start_of_the_hub() -> None:
    clock = Clock()
    hub = Hub(impairments=[parse_impairment("internet:partition=10s")], monotonic=clock)
    lan = Lan(hub)
    clock.now = 100.0
    with hub:
        lan.east.send(BROADCAST)
        wait_for(lambda: hub.counters()["internet/east.eth1"].received == 1)
        clock.now = 110.0
        frame = lan.east.send(BROADCAST, b"after")
        assert lan.west.receive() == frame
    lan.close()


def open_descriptors() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir()}


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc to count descriptors")
@pytest.mark.parametrize("start", [True, False])
def test_no_descriptor_is_left(*, start: bool) -> None:
    before = open_descriptors()
    hub = Hub()
    lan = Lan(hub)
    lan.close()
    hub.port("internet", "west", "eth1").close()
    if start:
        hub.start()
    hub.stop()
    hub.stop()
    assert open_descriptors() == before


def test_children_do_not_inherit_ports(lan: Lan) -> None:
    assert not any(guest.wire.get_inheritable() for guest in (lan.east, lan.west, lan.nic))


def test_a_flood_of_invented_addresses_does_not_fill_the_memory(lan: Lan) -> None:
    lan.introduce()
    for number in range(3000):
        lan.east.mac = b"\x02\x00" + number.to_bytes(4)
        lan.east.send(WEST_MAC)
        lan.west.receive()
    assert len(lan.hub._addresses["internet"]) <= 1024
    private = lan.nic.send(WEST_MAC)
    assert lan.west.receive() == private
