"""Just enough of Ethernet and IP for the hub and for the leak check.

Payloads are views into the frame, nothing is copied. Dissection for people is tshark's job.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address

ETHERNET_HEADER = 14
_ETHERTYPE_IPV4 = b"\x08\x00"
_ETHERTYPE_IPV6 = b"\x86\xdd"

# Protocol numbers (IANA).
ICMP = 1
IPV4 = 4
TCP = 6
UDP = 17
IPV6 = 41
ESP = 50
AH = 51
ICMPV6 = 58
_NAMES = {ICMP: "ICMP", TCP: "TCP", UDP: "UDP", ESP: "ESP", AH: "AH", ICMPV6: "ICMPv6"}

_IPV4_HEADER = 20
_IPV6_HEADER = 40
_IPV6_FRAGMENT = 44
# Hop-by-hop options, routing, destination options: each says its length in units of eight bytes.
_IPV6_EXTENSIONS = frozenset({0, 43, 60})
# A chain longer than this is hostile.
_EXTENSION_LIMIT = 16

IKE_PORT = 500
NATT_PORT = 4500
_UDP_HEADER = 8
_IKE_HEADER = 28
_ESP_HEADER = 8
_NON_ESP_MARKER = bytes(4)
_NAT_KEEPALIVE = 0xFF
# SPI values 0 to 255 are reserved (RFC 4303 section 2.1).
_LOWEST_SPI = 256
# ICMPv6 that never leaves its link: multicast listeners (RFC 3810) and neighbour discovery (RFC 4861).
_LINK_TYPES = frozenset({130, 131, 132, 133, 134, 135, 136, 137, 143})


class Traffic(StrEnum):
    """What a packet is to an eavesdropper."""

    IKE = "IKE"
    ESP = "ESP"
    AH = "AH"
    ESP_IN_UDP = "ESP-in-UDP"
    LINK = "link signalling"
    CLEAR = "clear"


@dataclass(frozen=True, slots=True)
class Packet:
    """An IPv4 (RFC 791) or IPv6 (RFC 8200) packet.

    `protocol` and `payload` are those behind any IPv6 extension headers; AH counts as a protocol.
    `offset` is the fragment's, in bytes; `is_fragment` holds for the first fragment too.
    """

    source: bytes
    destination: bytes
    protocol: int
    payload: memoryview
    is_fragment: bool = False
    offset: int = 0
    identification: int = 0

    @property
    def ports(self) -> tuple[int, int] | None:
        """Source and destination port of UDP or TCP; None where there are none, or in a later fragment."""
        if self.offset or self.protocol not in {UDP, TCP} or len(self.payload) < 4:  # noqa: PLR2004 -- two ports
            return None
        return int.from_bytes(self.payload[:2]), int.from_bytes(self.payload[2:4])

    @property
    def inner(self) -> Packet | None:
        """The packet in a packet (RFC 2003, RFC 2473, RFC 4213), or None."""
        if self.offset:
            return None
        if self.protocol == IPV4:
            return _decode_ipv4(self.payload)
        return _decode_ipv6(self.payload) if self.protocol == IPV6 else None

    def __str__(self) -> str:
        source, destination = _address(self.source), _address(self.destination)
        name = _NAMES.get(self.protocol, f"protocol {self.protocol}")
        ports = self.ports
        if ports:
            name = f"{name} {ports[0]} > {ports[1]}"
        fragment = f", fragment at {self.offset}" if self.is_fragment else ""
        return f"{source} > {destination} {name}{fragment}"


def decode(frame: bytes | memoryview) -> Packet | None:
    """Decode an Ethernet frame; None if it carries no IP, or IP that makes no sense."""
    view = memoryview(frame)
    ethertype = view[12:ETHERNET_HEADER]
    if ethertype == _ETHERTYPE_IPV4:
        return _decode_ipv4(view[ETHERNET_HEADER:])
    return _decode_ipv6(view[ETHERNET_HEADER:]) if ethertype == _ETHERTYPE_IPV6 else None


def classify(packet: Packet) -> Traffic:
    """Say what a packet is. A later fragment of UDP cannot be told from clear text by itself."""
    if packet.protocol == ESP:
        return Traffic.ESP
    if packet.protocol == AH:
        return Traffic.AH
    if packet.protocol == UDP and not packet.offset:
        return _classify_udp(packet)
    if packet.protocol == ICMPV6 and not packet.offset and packet.payload[:1]:
        return Traffic.LINK if packet.payload[0] in _LINK_TYPES else Traffic.CLEAR
    return Traffic.CLEAR


def _classify_udp(packet: Packet) -> Traffic:
    ports = packet.ports or ()
    data = packet.payload[_UDP_HEADER:]
    if IKE_PORT in ports:
        return Traffic.IKE if _is_ike(data, packet) else Traffic.CLEAR
    if NATT_PORT not in ports:
        return Traffic.CLEAR
    if data[:4] == _NON_ESP_MARKER:
        return Traffic.IKE if _is_ike(data[4:], packet) else Traffic.CLEAR
    # Keepalives of a NAT mapping are part of the encapsulation (RFC 3948 section 2.3).
    is_keepalive = len(data) == 1 and data[0] == _NAT_KEEPALIVE
    is_esp = len(data) >= _ESP_HEADER and int.from_bytes(data[:4]) >= _LOWEST_SPI
    return Traffic.ESP_IN_UDP if is_keepalive or is_esp else Traffic.CLEAR


def _is_ike(message: memoryview, packet: Packet) -> bool:
    # RFC 7296 section 3.1. The port alone proves nothing: anyone may send clear text to port 500.
    if len(message) < _IKE_HEADER or message[17] >> 4 not in {1, 2}:
        return False
    return packet.is_fragment or int.from_bytes(message[24:28]) == len(message)


def _decode_ipv4(data: memoryview) -> Packet | None:
    if len(data) < _IPV4_HEADER or data[0] >> 4 != 4:  # noqa: PLR2004 -- IP version
        return None
    header = (data[0] & 15) * 4
    total, identification, fragment = struct.unpack_from("!HHH", data, 2)
    if not _IPV4_HEADER <= header <= len(data) or total < header:
        return None
    offset = (fragment & 0x1FFF) * 8
    return Packet(
        source=bytes(data[12:16]),
        destination=bytes(data[16:20]),
        protocol=data[9],
        # Ethernet pads short packets: what lies beyond the total length is no payload.
        payload=data[header:total],
        is_fragment=bool(offset or fragment & 0x2000),
        offset=offset,
        identification=identification,
    )


def _decode_ipv6(data: memoryview) -> Packet | None:
    if len(data) < _IPV6_HEADER or data[0] >> 4 != 6:  # noqa: PLR2004 -- IP version
        return None
    source, destination = bytes(data[8:24]), bytes(data[24:40])
    protocol = data[6]
    payload = data[_IPV6_HEADER : _IPV6_HEADER + int.from_bytes(data[4:6])]
    is_fragment, offset, identification = False, 0, 0
    for _ in range(_EXTENSION_LIMIT):
        if protocol == _IPV6_FRAGMENT and len(payload) >= 8 and not is_fragment:  # noqa: PLR2004 -- its size
            word, identification = struct.unpack_from("!HI", payload, 2)
            is_fragment, offset = bool(word & 0xFFF9), word & 0xFFF8
            size = 8
        elif protocol in _IPV6_EXTENSIONS and not offset and len(payload) > 1:
            size = (payload[1] + 1) * 8
        else:
            break
        protocol = payload[0]
        payload = payload[size:]
    return Packet(source, destination, protocol, payload, is_fragment, offset, identification)


def _address(packed: bytes) -> IPv4Address | IPv6Address:
    return ip_address(packed)
