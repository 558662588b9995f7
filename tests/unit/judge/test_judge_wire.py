from __future__ import annotations

from ipaddress import IPv4Network
from typing import TYPE_CHECKING

import pytest

from parley.judge.wire import check_wire
from parley.record.layout import CaseLayout
from parley.wire.leak import SelectorPair
from parley.wire.pcapng import PcapngWriter
from wire_frames import EAST, EASTNET, ECHO, WEST, WESTNET, esp, ethernet, ipv4

if TYPE_CHECKING:
    from pathlib import Path

SAFE = ethernet(ipv4(WEST, EAST, 50, esp()))
LEAK = ethernet(ipv4(WESTNET, EASTNET, 1, ECHO))


@pytest.fixture
def layout(tmp_path: Path) -> CaseLayout:
    return CaseLayout(tmp_path)


def capture(layout: CaseLayout, *frames: bytes) -> None:
    with PcapngWriter.create(layout.capture) as writer:
        number = writer.add_interface("internet/west.eth1")
        for time, frame in enumerate(frames):
            writer.write(number, time, frame)


def test_encrypted_packets_are_fine(layout: CaseLayout) -> None:
    capture(layout, SAFE)
    assert (check_wire(layout).state, check_wire(layout).detail) == ("ok", "")


def test_protected_packets_in_clear_are_counted_and_the_first_is_told(layout: CaseLayout) -> None:
    capture(layout, SAFE, LEAK, LEAK)
    check = check_wire(layout)
    assert (check.state, check.evidence) == ("failed", "capture.pcapng")
    assert check.detail.startswith("2 packets, first: ")
    assert check.detail.endswith(" on internet/west.eth1")
    assert WESTNET in check.detail


def test_selectors_say_what_is_protected(layout: CaseLayout) -> None:
    capture(layout, LEAK)
    elsewhere = SelectorPair(IPv4Network("10.0.0.0/8"), IPv4Network("10.0.0.0/8"))
    assert check_wire(layout, [elsewhere]).state == "ok"
    mine = SelectorPair(IPv4Network("192.0.1.0/24"), IPv4Network("192.0.2.0/24"))
    assert check_wire(layout, [elsewhere, mine]).state == "failed"


def test_a_capture_that_breaks_off_is_a_warning(layout: CaseLayout) -> None:
    capture(layout, SAFE, SAFE)
    layout.capture.write_bytes(layout.capture.read_bytes()[:-7])
    assert (check_wire(layout).state, check_wire(layout).detail) == ("warning", "the capture breaks off")


@pytest.mark.parametrize("data", [None, b"", b"no capture", b"\x0a\x0d\x0d\x0a" * 9])
def test_without_a_capture_nothing_is_proven(layout: CaseLayout, data: bytes | None) -> None:
    if data is not None:
        layout.capture.write_bytes(data)
    assert check_wire(layout).state in {"error", "warning"}
