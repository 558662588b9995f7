from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.errors import LabError
from parley.lab.topology import NETWORK
from parley.wire.capture import PcapngReader
from parley.wire.pcap import convert, frames
from parley.wire.pcapng import PcapngWriter

if TYPE_CHECKING:
    from pathlib import Path

HEADER = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1)
WEST = bytes.fromhex("120000646445")


def packet(second: int, nanosecond: int, frame: bytes) -> bytes:
    return struct.pack("<IIII", second, nanosecond, len(frame), len(frame)) + frame


def frame(source: bytes, size: int = 60) -> bytes:
    return b"\xff" * 6 + source + bytes(size - 12)


def test_frames_come_from_whoever_has_their_source_address(tmp_path: Path) -> None:
    data = HEADER + packet(5, 7, frame(WEST)) + packet(6, 0, frame(b"\x02\0\0\0\0\1"))
    path = tmp_path / "capture.pcapng"
    with PcapngWriter.create(path) as capture:
        convert(data, capture, NETWORK.host("west").interfaces)
    captured = list(PcapngReader(path))
    assert [(each.interface, each.time_ns) for each in captured] == [
        ("internet/west.eth1", 5_000_000_007),
        ("unknown/02:00:00:00:00:01", 6_000_000_000),
    ]
    assert captured[0].data == frame(WEST)


def test_an_empty_file_is_a_capture_without_frames() -> None:
    assert list(frames(b"")) == []


@pytest.mark.parametrize("data", [b"\0" * 24, HEADER[:10], HEADER[:20] + b"\x71\0\0\0"])
def test_what_is_no_capture_of_ethernet_is_one_error(data: bytes) -> None:
    with pytest.raises(LabError, match="capture from inside the kernel is damaged"):
        list(frames(data))


@given(st.integers(0, 200))
def test_frames_end_where_the_file_breaks_off(cut: int) -> None:
    data = HEADER + packet(1, 0, frame(WEST)) + packet(2, 0, frame(WEST))
    kept = data[: len(HEADER) + min(cut, len(data) - len(HEADER))]
    assert len(list(frames(kept))) == (len(kept) - len(HEADER)) // 76
