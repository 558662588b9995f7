from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

import pytest

from parley.errors import InputError
from parley.wire.leak import (
    Leak,
    SegmentSummary,
    SelectorPair,
    find_leaks,
    inspect_wire,
    protected_pairs,
)
from parley.wire.pcapng import PcapngWriter
from wire_frames import (
    EAST,
    EASTNET,
    ECHO,
    WEST,
    WESTNET,
    esp,
    ethernet,
    ike,
    ipv4,
    ipv6,
    ipv6_fragment,
    udp,
)

if TYPE_CHECKING:
    from pathlib import Path

    from parley.wire.leak import WireReport

INTERNET, NICNET, EASTSIDE = "internet/west.eth1", "nicnet/nic.eth2", "eastnet/rise.eth1"
EASTNET6, WESTNET6 = "2001:db8:0:2::254", "2001:db8:0:1::254"
EAST6, WEST6 = "2001:db8:1:2::23", "2001:db8:1:2::45"
V6 = 0x86DD

Frames = list[tuple[str, bytes]]


@pytest.fixture(name="path")
def capture_path(tmp_path: Path) -> Path:
    return tmp_path / "capture.pcapng"


def capture(path: Path, frames: Frames) -> Path:
    with PcapngWriter.create(path) as writer:
        numbers = {name: writer.add_interface(name) for name in dict.fromkeys(name for name, _ in frames)}
        for time, (name, frame) in enumerate(frames):
            writer.write(numbers[name], time, frame)
    return path


def inspect(path: Path, frames: Frames) -> WireReport:
    return inspect_wire(capture(path, frames))


def clear(protocol: int = 1, payload: bytes = ECHO, **fragment: int) -> bytes:
    more = bool(fragment.pop("more", 0))
    return ethernet(ipv4(WESTNET, EASTNET, protocol, payload, more=more, **fragment))  # type: ignore[arg-type]  # identification, offset


LEAKS = {
    "ping": clear(),
    "reverse": ethernet(ipv4(EASTNET, WESTNET, 1, ECHO)),
    "tcp": clear(6, bytes(20)),
    "ipv6": ethernet(ipv6(WESTNET6, EASTNET6, 58, b"\x80" + bytes(7)), ethertype=V6),
    "other pair": ethernet(ipv4("198.18.66.90", "198.18.1.12", 1, ECHO)),
    "later fragment": clear(1, b"p" * 40, offset=1480),
    "later fragment of UDP": clear(17, b"p" * 40, offset=1480),
    "ipv6 fragment": ethernet(ipv6(WESTNET6, EASTNET6, 44, ipv6_fragment(58, b"p", offset=8)), ethertype=V6),
    "IPv4 in IPv4": ethernet(ipv4(WEST, EAST, 4, ipv4(WESTNET, EASTNET, 1, ECHO))),
    "IPv4 in IPv6": ethernet(ipv6(WEST6, EAST6, 4, ipv4(WESTNET, EASTNET, 1, ECHO)), ethertype=V6),
    "IPv6 in IPv4": ethernet(ipv4(WEST, EAST, 41, ipv6(WESTNET6, EASTNET6, 58, b"\x80"))),
    "port 4500": clear(17, udp(9, 4500, b"\0\0\0\1 no ESP")),
    "port 500": clear(17, udp(500, 500, b"this is no IKE message, only pretending to be")),
}


@pytest.mark.parametrize("name", LEAKS)
@pytest.mark.parametrize("interface", [INTERNET, NICNET, "unheard-of/x.eth0", "interface 0"])
def test_protected_traffic_in_clear_is_found(path: Path, name: str, interface: str) -> None:
    report = inspect(path, [(INTERNET, ethernet(ipv4(WEST, EAST, 50, esp()))), (interface, LEAKS[name])])
    assert [(leak.time, leak.interface) for leak in report.leaks] == [(1, interface)]
    assert sum(segment.clear for segment in report.summary.segments) == 1


QUOTE = b"\x03\x04" + bytes(6) + ipv4(WESTNET, EASTNET, 1, ECHO)
HARMLESS = {
    "esp": ethernet(ipv4(WEST, EAST, 50, esp())),
    "esp between protected hosts": clear(50, esp()),
    "esp in udp between protected hosts": clear(17, udp(4500, 4500, esp())),
    "ah in tunnel mode": ethernet(ipv4(WEST, EAST, 51, b"\x04\x04" + bytes(22))),
    "ike between protected hosts": clear(17, udp(500, 500, ike())),
    "gateways' own traffic": ethernet(ipv4(WEST, EAST, 1, ECHO)),
    "one protected end": ethernet(ipv4(WESTNET, EAST, 1, ECHO)),
    "same network": ethernet(ipv4("192.0.1.15", WESTNET, 1, ECHO)),
    "arp": ethernet(b"\0\1\x08\0", ethertype=0x0806),
    "esp in an ip tunnel": ethernet(ipv4(WEST, EAST, 4, ipv4(WESTNET, EASTNET, 50, esp()))),
    "quoted in an error": ethernet(
        ipv4(EAST, WEST, 1, b"\x03\x04" + bytes(6) + ipv4(WESTNET, EASTNET, 1, ECHO))
    ),
    "too short": b"runt",
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_no_leak(path: Path, name: str) -> None:
    assert find_leaks(capture(path, [(INTERNET, HARMLESS[name])])) == []


def test_protected_segments_are_not_checked(path: Path) -> None:
    report = inspect(path, [(EASTSIDE, LEAKS["ping"])])
    assert report.leaks == ()
    assert report.summary.segments == (SegmentSummary("eastnet", frames=1, other=1),)


def fragments(message: bytes) -> tuple[bytes, bytes]:
    first = clear(17, message[:1480], more=1)
    return first, clear(17, message[1480:], offset=1480)


@pytest.mark.parametrize("in_order", [True, False])
def test_fragments_of_ike_are_ike(path: Path, *, in_order: bool) -> None:
    frames = fragments(udp(500, 500, ike(size=2000)))
    report = inspect(path, [(INTERNET, frame) for frame in (frames if in_order else frames[::-1])])
    assert report.leaks == ()
    assert report.summary.segments == (SegmentSummary("internet", frames=2, ike=2),)


@pytest.mark.parametrize("in_order", [True, False])
def test_fragments_of_clear_text_are_leaks_in_order_of_time(path: Path, *, in_order: bool) -> None:
    frames = fragments(udp(9, 9, bytes(2000)))
    report = inspect(path, [(INTERNET, frame) for frame in (frames if in_order else frames[::-1])])
    assert [leak.time for leak in report.leaks] == [0, 1]
    assert report.summary.segments == (SegmentSummary("internet", frames=2, clear=2),)


def test_fragments_on_another_segment_prove_nothing(path: Path) -> None:
    first, later = fragments(udp(500, 500, ike(size=2000)))
    report = inspect(path, [(NICNET, first), (INTERNET, later)])
    assert [leak.interface for leak in report.leaks] == [INTERNET]


def test_selectors_replace_the_protected_networks(path: Path) -> None:
    pair = SelectorPair(ip_network("192.1.2.45/32"), ip_network("192.1.2.23/32"))
    clear_transport = ethernet(ipv4(EAST, WEST, 1, ECHO))
    capture(path, [(INTERNET, clear_transport), (INTERNET, LEAKS["ping"]), (INTERNET, HARMLESS["esp"])])
    assert find_leaks(path, selectors=[pair]) == [Leak(0, INTERNET, f"{EAST} > {WEST} ICMP")]
    assert find_leaks(path, selectors=[]) == []


def test_selectors_leave_neighbour_discovery_alone(path: Path) -> None:
    pair = SelectorPair(ip_network("2001:db8:1:2::/64"), ip_network("2001:db8:1:2::/64"))
    solicitation = ethernet(ipv6(WEST6, EAST6, 58, b"\x87" + bytes(23)), ethertype=V6)
    echo = ethernet(ipv6(WEST6, EAST6, 58, b"\x80" + bytes(23)), ethertype=V6)
    capture(path, [(INTERNET, solicitation), (INTERNET, echo)])
    assert [leak.time for leak in find_leaks(path, selectors=[pair])] == [1]


def test_summary_counts_every_kind(path: Path) -> None:
    names = ("esp", "esp", "ah in tunnel mode", "ike between protected hosts", "arp")
    udp_esp = ethernet(ipv4(WEST, EAST, 17, udp(4500, 4500, esp())))
    frames = [(INTERNET, HARMLESS[name]) for name in names] + [(NICNET, udp_esp), (INTERNET, LEAKS["ping"])]
    report = inspect(path, frames)
    assert report.summary.segments == (
        SegmentSummary("internet", frames=6, ike=1, esp=2, ah=1, clear=1, other=1),
        SegmentSummary("nicnet", frames=1, esp_in_udp=1),
    )
    assert report.summary.frames == 7
    assert not report.summary.is_truncated


def test_a_truncated_capture_says_so(path: Path) -> None:
    capture(path, [(INTERNET, LEAKS["ping"]), (INTERNET, LEAKS["ping"])])
    path.write_bytes(path.read_bytes()[:-10])
    report = inspect_wire(path)
    assert len(report.leaks) == 1
    assert report.summary.is_truncated


def test_a_damaged_capture_is_no_clean_bill(path: Path) -> None:
    path.write_bytes(b"no capture")
    with pytest.raises(InputError):
        find_leaks(path)
    with pytest.raises(FileNotFoundError):
        find_leaks(path.with_name("missing"))


def test_protected_pairs_are_every_two_networks_in_both_versions() -> None:
    pairs = protected_pairs()
    assert len(pairs) == 12
    assert SelectorPair(ip_network("192.0.2.0/24"), ip_network("192.0.1.0/24")) in pairs
    assert all(pair.left != pair.right for pair in pairs)
