from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ike_messages import (
    AUTH,
    GcmKeys,
    auth_payloads,
    fragments,
    from_west,
    init_payloads,
    message,
    write_case,
)
from parley.wire.assemble import Assembler
from parley.wire.datagrams import Sighting, parse_header, read_sightings
from parley.wire.frame import Traffic
from parley.wire.tshark import Dissection
from wire_frames import EAST, WEST, esp, ethernet, ike, ipv4, ipv6, ipv6_fragment, udp

if TYPE_CHECKING:
    from pathlib import Path

PORT = "internet/west.eth1"
SENT = message(init_payloads(), spi_r=bytes(8))


def sightings(tmp_path: Path, *frames: bytes) -> list[Sighting]:
    layout = write_case(tmp_path / "case", [(PORT, frame) for frame in frames])
    return list(read_sightings(layout.capture))


@pytest.mark.parametrize(("source", "destination"), [(500, 500), (500, 4500), (4500, 500), (40000, 500)])
def test_ike_at_port_500_has_no_marker(tmp_path: Path, source: int, destination: int) -> None:
    [seen] = sightings(tmp_path, ethernet(ipv4(WEST, EAST, 17, udp(source, destination, SENT))))
    assert (seen.kind, seen.data, seen.host) == (Traffic.IKE, SENT, "west")


@pytest.mark.parametrize(("source", "destination"), [(4500, 4500), (4500, 40000), (1025, 4500)])
def test_ike_at_port_4500_loses_its_marker(tmp_path: Path, source: int, destination: int) -> None:
    datagram = udp(source, destination, bytes(4) + SENT)
    [seen] = sightings(tmp_path, ethernet(ipv4(WEST, EAST, 17, datagram)))
    assert (seen.data, seen.size) == (SENT, len(datagram))


def test_protected_packets_have_their_spi(tmp_path: Path) -> None:
    found = sightings(
        tmp_path,
        ethernet(ipv4(WEST, EAST, 50, esp(0x1001))),
        ethernet(ipv4(WEST, EAST, 51, bytes(4) + esp(0x2002))),
        ethernet(ipv4(WEST, EAST, 17, udp(4500, 4500, esp(0x3003)))),
        ethernet(ipv4(WEST, EAST, 17, udp(4500, 4500, b"\xff"))),
        ethernet(ipv4(WEST, EAST, 50, b"x")),
        ethernet(ipv4(WEST, EAST, 50, esp(0x9999), offset=800)),
        ethernet(ipv4(WEST, EAST, 17, udp(53, 53, ike()))),
        b"too short",
    )
    assert [(one.number, one.kind.value, one.spi) for one in found] == [
        (1, "ESP", 0x1001),
        (2, "AH", 0x2002),
        (3, "ESP-in-UDP", 0x3003),
        (4, "ESP-in-UDP", 0),
        (5, "ESP", 0),
    ]
    assert [one.seconds for one in found] == [0.0, 0.1, 0.2, 0.3, 0.4]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 1, 2)])
def test_fragments_of_ip_are_put_together_in_any_order(tmp_path: Path, order: tuple[int, ...]) -> None:
    sent = message([*init_payloads(), (43, b"v" * 2000)], spi_r=bytes(8))
    datagram = udp(500, 500, sent)
    cuts = [(0, 800), (800, 1600), (1600, len(datagram))]
    parts = [
        ethernet(ipv4(WEST, EAST, 17, datagram[start:end], offset=start, more=end < len(datagram)))
        for start, end in cuts
    ]
    [seen] = sightings(tmp_path, *(parts[index] for index in order))
    assert seen.data == sent
    assert seen.number == len(order)


def test_fragments_of_ipv6_are_put_together(tmp_path: Path) -> None:
    datagram = udp(500, 500, SENT)
    ends = "2001:db8:1:2::45", "2001:db8:1:2::23"
    parts = [
        ethernet(ipv6(*ends, 44, ipv6_fragment(17, datagram[:64], more=True)), ethertype=0x86DD),
        ethernet(ipv6(*ends, 44, ipv6_fragment(17, datagram[64:], offset=64)), ethertype=0x86DD),
    ]
    [seen] = sightings(tmp_path, *parts)
    assert seen.data == SENT


def test_fragments_without_end_are_forgotten(tmp_path: Path) -> None:
    datagram = udp(500, 500, SENT)
    first = [
        ethernet(ipv4(WEST, EAST, 17, datagram[:64], more=True, identification=number))
        for number in range(200)
    ]
    rest = [
        ethernet(ipv4(WEST, EAST, 17, datagram[64:], offset=64, identification=number)) for number in (0, 199)
    ]
    assert [seen.number for seen in sightings(tmp_path, *first, *rest)] == [202]


def test_the_header_of_a_fragment_tells_its_number() -> None:
    parts = fragments(auth_payloads(), GcmKeys(), 2, exchange=AUTH, message_id=1)
    assert [(one.fragment, one.fragments) for one in map(parse_header, parts)] == [(1, 2), (2, 2)]
    whole = parse_header(SENT)
    assert (whole.fragment, whole.fragments, whole.version, whole.exchange) == (0, 0, 2, 34)


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=120),
            st.builds(
                lambda source, destination, data: ethernet(
                    ipv4(WEST, EAST, 17, udp(source, destination, data))
                ),
                st.sampled_from([500, 4500, 40000]),
                st.sampled_from([500, 4500]),
                st.one_of(
                    st.binary(max_size=80),
                    st.builds(
                        lambda head, tail: head + tail,
                        st.sampled_from([SENT, ike(28), bytes(4)]),
                        st.binary(max_size=9),
                    ),
                ),
            ),
            st.builds(
                lambda protocol, data, offset, more: ethernet(
                    ipv4(WEST, EAST, protocol, data, offset=8 * offset, more=more)
                ),
                st.sampled_from([17, 50, 51]),
                st.binary(max_size=60),
                st.integers(0, 8000),
                st.booleans(),
            ),
        ),
        max_size=12,
    )
)
def test_nothing_that_a_guest_sends_breaks_a_ladder(
    tmp_path_factory: pytest.TempPathFactory, frames: list[bytes]
) -> None:
    layout = write_case(tmp_path_factory.mktemp("case") / "case", [(PORT, frame) for frame in frames])
    assembler = Assembler()
    for sighting in read_sightings(layout.capture):
        assembler.add(sighting)
    messages = assembler.messages(lambda feed: [Dissection()] * len(feed))
    assert len(messages) <= len(frames)
    assert sum(packets.there + packets.back for packets in assembler.packets()) <= len(frames)


def test_an_interface_without_a_hosts_name_is_shown_as_it_is(tmp_path: Path) -> None:
    _, frame = from_west(SENT)
    [seen] = read_sightings(write_case(tmp_path / "case", [("any", frame)]).capture)
    assert seen.host == "any"
