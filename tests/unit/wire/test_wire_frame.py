from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.wire.frame import Packet, Traffic, classify, decode
from wire_frames import EAST, ECHO, WEST, esp, ethernet, ike, ipv4, ipv6, ipv6_fragment, udp

EAST6, WEST6 = "2001:db8:1:2::23", "2001:db8:1:2::45"
V6 = 0x86DD


def packet(payload: bytes, ethertype: int = 0x0800) -> Packet:
    decoded = decode(ethernet(payload, ethertype=ethertype))
    assert decoded is not None
    return decoded


def test_ipv4_with_options_and_ethernet_padding() -> None:
    padded = ethernet(ipv4(WEST, EAST, 17, udp(5000, 7, b"hello"), options=b"\x01" * 8)) + bytes(18)
    decoded = decode(padded)
    assert decoded is not None
    assert (decoded.source, decoded.destination) == (ip_address(WEST).packed, ip_address(EAST).packed)
    assert decoded.ports == (5000, 7)
    assert bytes(decoded.payload) == udp(5000, 7, b"hello")
    assert str(decoded) == f"{WEST} > {EAST} UDP 5000 > 7"


def test_payload_is_a_view_of_the_frame() -> None:
    frame = bytearray(ethernet(ipv4(WEST, EAST, 1, ECHO)))
    decoded = decode(memoryview(frame))
    assert decoded is not None
    frame[34] = 0xAA
    assert decoded.payload[0] == 0xAA


def test_ipv4_fragments() -> None:
    first = packet(ipv4(WEST, EAST, 17, udp(1, 2, b"x" * 8), identification=9, more=True))
    assert (first.is_fragment, first.offset, first.identification, first.ports) == (True, 0, 9, (1, 2))
    later = packet(ipv4(WEST, EAST, 17, b"y" * 8, identification=9, offset=1480))
    assert (later.is_fragment, later.offset, later.ports) == (True, 1480, None)
    assert str(later).endswith("UDP, fragment at 1480")


def test_ipv6_extension_headers_are_stepped_over() -> None:
    destination_options = b"\x2c\x01" + bytes(14)
    hop_by_hop = b"\x3c\x00" + bytes(6)
    fragment = ipv6_fragment(17, udp(1, 2, b""), more=True)
    decoded = packet(ipv6(WEST6, EAST6, 0, hop_by_hop + destination_options + fragment), V6)
    assert (decoded.protocol, decoded.ports, decoded.is_fragment, decoded.identification) == (
        *(17, (1, 2)),
        *(True, 77),
    )
    later = packet(ipv6(WEST6, EAST6, 44, ipv6_fragment(50, b"secret", offset=1448)), V6)
    assert (later.protocol, later.offset, classify(later)) == (50, 1448, Traffic.ESP)


def test_a_later_fragment_has_no_headers_to_step_over() -> None:
    later = packet(ipv6(WEST6, EAST6, 44, ipv6_fragment(60, b"\x11\x00" + bytes(14), offset=8)), V6)
    assert (later.protocol, len(later.payload)) == (60, 16)


def test_an_endless_chain_of_extension_headers_ends() -> None:
    assert (
        packet(ipv6(WEST6, EAST6, 60, b"\x3c\x00" + bytes(6) + (b"\x3c\x00" + bytes(6)) * 50), V6).protocol
        == 60
    )


@pytest.mark.parametrize(
    ("protocol", "ethertype", "inner"),
    [(4, 0x0800, ipv4("10.0.0.1", "10.0.0.2", 1, ECHO)), (41, 0x0800, ipv6(WEST6, EAST6, 58, b"\x80"))],
)
def test_packets_in_packets(protocol: int, ethertype: int, inner: bytes) -> None:
    for outer in (ipv4(WEST, EAST, protocol, inner), ipv6(WEST6, EAST6, protocol, inner)):
        decoded = packet(outer, ethertype if outer[0] >> 4 == 4 else V6).inner
        assert decoded == packet(inner, ethertype if inner[0] >> 4 == 4 else V6)
    assert packet(ipv4(WEST, EAST, 1, ECHO)).inner is None
    assert packet(ipv4(WEST, EAST, 4, inner, offset=8)).inner is None


UDP_CASES = [
    (500, ike(), Traffic.IKE),
    (500, ike(size=28), Traffic.IKE),
    (500, b"clear text to port 500, long enough for a header", Traffic.CLEAR),
    (500, ike(claimed=99), Traffic.CLEAR),
    (500, ike()[:27], Traffic.CLEAR),
    (500, ike()[:17] + b"\x30" + ike()[18:], Traffic.CLEAR),
    (4500, bytes(4) + ike(), Traffic.IKE),
    (4500, bytes(4) + b"clear text behind a marker, long enough", Traffic.CLEAR),
    (4500, esp(), Traffic.ESP_IN_UDP),
    (4500, b"\xff", Traffic.ESP_IN_UDP),
    (4500, esp(spi=255), Traffic.CLEAR),
    (4500, b"\xff\xff", Traffic.CLEAR),
    (4500, b"", Traffic.CLEAR),
    (53, ike(), Traffic.CLEAR),
]


@pytest.mark.parametrize(("port", "payload", "traffic"), UDP_CASES)
def test_ike_and_esp_in_udp_are_known_by_their_form(port: int, payload: bytes, traffic: Traffic) -> None:
    # Behind a NAT only one of the ports is the well-known one.
    assert classify(packet(ipv4(WEST, EAST, 17, udp(40000, port, payload)))) is traffic
    assert classify(packet(ipv6(WEST6, EAST6, 17, udp(port, 40000, payload)), V6)) is traffic


def test_the_first_fragment_of_a_long_ike_message_is_ike() -> None:
    message = udp(500, 500, ike(size=3000))[:1480]
    assert classify(packet(ipv4(WEST, EAST, 17, message, more=True))) is Traffic.IKE


@pytest.mark.parametrize(
    ("protocol", "payload", "traffic"),
    [
        (50, esp(), Traffic.ESP),
        (51, b"\x04\x04" + bytes(22), Traffic.AH),
        (6, bytes(20), Traffic.CLEAR),
        (58, b"\x87" + bytes(23), Traffic.LINK),
        (58, b"\x8f" + bytes(23), Traffic.LINK),
        (58, b"\x80" + bytes(23), Traffic.CLEAR),
        (58, b"", Traffic.CLEAR),
    ],
)
def test_other_protocols(protocol: int, payload: bytes, traffic: Traffic) -> None:
    assert classify(packet(ipv6(WEST6, EAST6, protocol, payload), V6)) is traffic


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        bytes(13),
        ethernet(b""),
        ethernet(ipv4(WEST, EAST, 1, ECHO)[:19]),
        ethernet(b"\x44" + ipv4(WEST, EAST, 1, ECHO)[1:]),
        ethernet(b"\x4f" + ipv4(WEST, EAST, 1, b"")[1:]),
        ethernet(ipv4(WEST, EAST, 1, ECHO), ethertype=V6),
        ethernet(ipv6(WEST6, EAST6, 58, b"")[:39], ethertype=V6),
        ethernet(b"arp", ethertype=0x0806),
    ],
)
def test_what_is_no_ip_packet(frame: bytes) -> None:
    assert decode(frame) is None


@given(st.sampled_from([0x0800, V6]), st.integers(4, 6), st.binary(max_size=120))
def test_no_frame_breaks_the_decoder(ethertype: int, version: int, data: bytes) -> None:
    frame = ethernet(bytes([version << 4 | 5]) + data, ethertype=ethertype)
    decoded = decode(frame)
    if decoded is not None:
        assert str(decoded)
        assert classify(decoded) in Traffic
        assert decoded.inner is None or str(decoded.inner)
