from __future__ import annotations

import json
import os
import shutil
import signal
import struct
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.errors import InputError, LabError
from parley.wire.capture import CapturedFrame, PcapngReader
from parley.wire.pcapng import SECRETS_TLS, PcapngWriter
from wire_frames import EAST, ECHO, WEST, ethernet, ipv4

needs_tshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")

FRAME = ethernet(ipv4(WEST, EAST, 1, ECHO))
INTERFACES = ("internet/east.eth1", "nicnet/road.eth0")
# Later times do not fit into 64 bits of nanoseconds.
TIMES = st.integers(min_value=0, max_value=2**64 - 1)
COMMENTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)


def write(path: Path, frames: list[tuple[int, int, bytes, str]]) -> None:
    with PcapngWriter.create(path) as writer:
        for name in INTERFACES:
            writer.add_interface(name, f"sent by somebody on {name}")
        for interface, time, data, comment in frames:
            writer.write(interface, time, data, comment)


@pytest.fixture(name="path")
def capture_path(tmp_path: Path) -> Path:
    return tmp_path / "capture.pcapng"


@given(frames=st.lists(st.tuples(st.integers(0, 1), TIMES, st.binary(max_size=2000), COMMENTS), max_size=8))
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, frames: list[tuple[int, int, bytes, str]]
) -> None:
    path = tmp_path_factory.mktemp("wire") / "capture.pcapng"
    write(path, frames)
    reader = PcapngReader(path)
    assert list(reader) == [
        CapturedFrame(INTERFACES[interface], time, data, len(data), comment)
        for interface, time, data, comment in frames
    ]
    assert not reader.is_truncated


def test_a_file_cut_anywhere_gives_the_whole_frames_before_the_cut(path: Path) -> None:
    write(path, [(0, 1, FRAME, ""), (1, 2, FRAME, "dropped by impairment: loss")])
    whole = path.read_bytes()
    first_block = int.from_bytes(whole[4:8], "little")
    complete = list(PcapngReader(path))
    seen = set()
    for size in range(first_block, len(whole)):
        path.write_bytes(whole[:size])
        reader = PcapngReader(path)
        frames = list(reader)
        assert frames == complete[: len(frames)]
        assert reader.is_truncated or len(frames) < len(complete)
        seen.add((len(frames), reader.is_truncated))
    assert seen == {(0, True), (0, False), (1, True), (1, False)}


@given(data=st.binary(max_size=300), keep=st.integers(0, 400))
def test_garbage_is_refused_or_read_but_never_breaks_the_reader(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, keep: int
) -> None:
    path = tmp_path_factory.mktemp("wire") / "capture.pcapng"
    write(path, [(0, 1, FRAME, "comment")])
    path.write_bytes(path.read_bytes()[:keep] + data)
    with suppress(InputError):
        list(PcapngReader(path))


@given(position=st.integers(0, 400), value=st.integers(0, 255))
def test_a_flipped_byte_never_breaks_the_reader(
    tmp_path_factory: pytest.TempPathFactory, position: int, value: int
) -> None:
    path = tmp_path_factory.mktemp("wire") / "capture.pcapng"
    write(path, [(0, 1, FRAME, "comment"), (1, 2, FRAME, "")])
    content = bytearray(path.read_bytes())
    content[position % len(content)] = value
    path.write_bytes(content)
    with suppress(InputError):
        list(PcapngReader(path))


def block(order: str, kind: int, body: bytes) -> bytes:
    size = len(body) + 12
    return struct.pack(order + "II", kind, size) + body + struct.pack(order + "I", size)


def section(order: str) -> bytes:
    return block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))


@pytest.mark.parametrize("order", ["<", ">"])
def test_files_of_other_programs(path: Path, order: str) -> None:
    coarse = block(order, 1, struct.pack(order + "HHI", 1, 0, 96))
    binary = block(
        order,
        1,
        struct.pack(order + "HHI", 1, 0, 0)
        + struct.pack(order + "HHB3x", 9, 1, 0x80 | 10)
        + struct.pack(order + "HHq", 14, 8, 5),
    )
    unknown = block(order, 0x0BAD, b"whatever")
    packets = [
        block(order, 6, struct.pack(order + "IIIII", 0, 0, 3, 4, 1500) + b"abcd"),
        block(order, 6, struct.pack(order + "IIIII", 1, 0, 1024, 1, 1) + b"x\0\0\0"),
    ]
    path.write_bytes(section(order) + coarse + binary + unknown + b"".join(packets))
    assert list(PcapngReader(path)) == [
        CapturedFrame("interface 0", 3_000, b"abcd", 1500),
        CapturedFrame("interface 1", 6_000_000_000, b"x", 1),
    ]


def test_each_section_has_interfaces_of_its_own(path: Path) -> None:
    names = [struct.pack("<HHIHH", 1, 0, 0, 2, 4) + name for name in (b"east", b"west")]
    packet = block("<", 6, struct.pack("<IIIII", 0, 0, 0, 0, 0))
    path.write_bytes(b"".join(section("<") + block("<", 1, name) + packet for name in names))
    assert [frame.interface for frame in PcapngReader(path)] == ["east", "west"]


def test_a_burst_does_not_stay_in_memory(path: Path) -> None:
    with PcapngWriter.create(path) as writer:
        number = writer.add_interface("internet/east.eth1")
        for _ in range(200):
            writer.write(number, 0, bytes(1514))
        assert len(list(PcapngReader(path))) > 100


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no capture was begun"),
        (b"\xd4\xc3\xb2\xa1" + bytes(20), "not a pcapng file"),
        (section("<")[:20], "breaks off inside its first block"),
        (section("<") + block("<", 3, bytes(4)), "damaged at byte 28: holds simple packets"),
        (section("<") + block("<", 1, struct.pack("<HHI", 101, 0, 0)), "link type 101"),
        (section("<") + block("<", 6, struct.pack("<IIIII", 0, 0, 0, 0, 0)), "from interface 0"),
        (
            section("<")
            + block("<", 1, struct.pack("<HHI", 1, 0, 0))
            + block("<", 6, struct.pack("<5I", 0, 0, 0, 9, 9)),
            "a packet of 9 bytes",
        ),
        (section("<") + struct.pack("<III", 1, 4, 4), "a block of 4 bytes"),
        (section("<") + struct.pack("<III", 1, 12, 16), "two lengths differ"),
        (section("<") + block("<", 1, b"\1\0"), "too short|a block of"),
    ],
)
def test_what_cannot_be_read_in_full_is_refused(path: Path, content: bytes, message: str) -> None:
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        list(PcapngReader(path))


def test_a_frame_needs_an_announced_interface(path: Path) -> None:
    with PcapngWriter.create(path) as writer, pytest.raises(ValueError, match="interface 0 was never added"):
        writer.write(0, 0, b"frame")


def test_a_disk_that_is_full_breaks_the_capture_once_and_not_its_owner() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    with pytest.raises(LabError, match=r"/dev/full: the capture cannot be written: No space left"):
        PcapngWriter.create(full)


def test_a_capture_that_cannot_be_made_is_a_lab_error(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="cannot be made: No such file"):
        PcapngWriter.create(tmp_path / "missing" / "capture.pcapng")


def test_what_was_flushed_survives_sigkill(path: Path) -> None:
    script = (
        "import os, pathlib, signal, sys\n"
        "from parley.wire.pcapng import PcapngWriter\n"
        "writer = PcapngWriter.create(pathlib.Path(sys.argv[1]))\n"
        "writer.add_interface('internet/east.eth1')\n"
        "writer.write(0, 1, b'flushed')\n"
        "writer.flush()\n"
        "writer.write(0, 2, b'not yet')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    process = subprocess.run([sys.executable, "-c", script, os.fspath(path)], check=False)
    assert process.returncode == -signal.SIGKILL
    assert [frame.data for frame in PcapngReader(path)] == [b"flushed"]


def tshark(path: Path, *options: str) -> str:
    process = subprocess.run(
        ["tshark", "-r", os.fspath(path), *options], capture_output=True, text=True, check=True
    )
    complaints = [line for line in process.stderr.splitlines() if "Running as user" not in line]
    assert complaints == []
    return process.stdout


@needs_tshark
def test_tshark_reads_interfaces_times_and_comments(path: Path) -> None:
    with PcapngWriter.create(path) as writer:
        writer.add_interface("internet/east.eth1", "sent by east on internet")
        writer.write_secrets(SECRETS_TLS, b"CLIENT_RANDOM 00 00\n")
        writer.write(0, 1_700_000_000_123_456_789, FRAME)
        # Interfaces may come late: a host that boots later.
        writer.add_interface("nicnet/road.eth0")
        writer.write(1, 1_700_000_001_000_000_001, FRAME[:-1], "dropped by impairment: loss")
    packets: list[dict[str, Any]] = json.loads(tshark(path, "-T", "json"))
    frames = [packet["_source"]["layers"]["frame"] for packet in packets]
    assert [each["frame.interface_id_tree"]["frame.interface_name"] for each in frames] == list(INTERFACES)
    description = frames[0]["frame.interface_id_tree"]["frame.interface_description"]
    assert description == "sent by east on internet"
    assert [each["frame.time_epoch"] for each in frames] == ["1700000000.123456789", "1700000001.000000001"]
    assert packets[0]["_source"]["layers"]["icmp"]["icmp.type"] == "8"
    assert "dropped by impairment: loss" in json.dumps(packets[1])
