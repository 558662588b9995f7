"""IKE messages and protected packets in a capture, each with the host that let it pass.

Whole datagrams: IP fragments of UDP are put together again (RFC 791 section 3.2, RFC 8200 section 4.5).
"""

from __future__ import annotations

import struct
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from parley.wire.capture import PcapngReader
from parley.wire.frame import IKE_PORT, UDP, Packet, Traffic, classify, decode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from parley.wire.capture import CapturedFrame

_UDP_HEADER = 8
_NON_ESP_MARKER = 4
_SPI = 4
_HEADER = struct.Struct("!8s8sBBBBII")
_GENERIC_HEADER = 4
_SKF = 53
_RESPONSE, _INITIATOR = 0x20, 0x08
# Datagrams of which fragments are still to come: more than this at once is hostile.
_PENDING_LIMIT = 64
_DATAGRAM_LIMIT = 65535


@dataclass(frozen=True, slots=True)
class Sighting:
    """Something that came in at `interface` as frame `number` (from 1), `seconds` after the first frame.

    `data` is an IKE message without its non-ESP marker, and empty for anything else; `spi` is that of a
    protected packet, 0 for a NAT keepalive. `size` is the IP payload's, in bytes.
    """

    number: int
    seconds: float
    interface: str
    comment: str
    kind: Traffic
    source: bytes
    destination: bytes
    destination_mac: str
    size: int
    spi: int = 0
    data: bytes = b""

    @property
    def host(self) -> str:
        """The host that sent it here, from the interface's name (``SEGMENT/HOST.NIC``)."""
        return self.interface.rpartition("/")[2].partition(".")[0]


@dataclass(frozen=True, slots=True)
class IkeHeader:
    """RFC 7296 section 3.1. SPIs are hex; `fragment` and `fragments` are 0 unless RFC 7383 applies."""

    initiator_spi: str
    responder_spi: str
    version: int
    exchange: int
    message_id: int
    is_response: bool
    by_initiator: bool
    fragment: int = 0
    fragments: int = 0


def parse_header(message: bytes) -> IkeHeader:
    """Decode the header of an IKE message, which must be whole (see parley.wire.frame)."""
    spi_i, spi_r, payload, version, exchange, flags, message_id, _ = _HEADER.unpack_from(message)
    fragment, fragments = 0, 0
    numbers = _HEADER.size + _GENERIC_HEADER
    if payload == _SKF and len(message) >= numbers + 4:
        fragment, fragments = struct.unpack_from("!HH", message, numbers)
    return IkeHeader(
        initiator_spi=spi_i.hex(),
        responder_spi=spi_r.hex(),
        version=version >> 4,
        exchange=exchange,
        message_id=message_id,
        is_response=bool(flags & _RESPONSE),
        by_initiator=bool(flags & _INITIATOR),
        fragment=fragment,
        fragments=fragments,
    )


def read_sightings(path: Path) -> Iterator[Sighting]:
    """IKE messages and protected packets in the order of the capture; everything else is left out.

    Raises OSError, and InputError if the capture is damaged before its end.
    """
    fragments = _Fragments()
    began: int | None = None
    for number, frame in enumerate(PcapngReader(path), 1):
        began = frame.time_ns if began is None else began
        packet = decode(frame.data)
        if packet is None:
            continue
        if packet.is_fragment and packet.protocol == UDP:
            packet = fragments.add(frame.interface, packet)
        if packet is None or packet.offset:
            continue
        kind = classify(packet)
        if kind not in {Traffic.CLEAR, Traffic.LINK}:
            yield _sighting(frame, packet, kind, number=number, seconds=(frame.time_ns - began) / 1e9)


def _sighting(
    frame: CapturedFrame, packet: Packet, kind: Traffic, *, number: int, seconds: float
) -> Sighting:
    data, spi = b"", 0
    payload = packet.payload
    if kind is Traffic.IKE:
        # RFC 3948 section 2.2; with port 500 at either end there is none.
        marker = 0 if IKE_PORT in (packet.ports or ()) else _NON_ESP_MARKER
        data = bytes(payload[_UDP_HEADER + marker :])
    else:
        # RFC 4302 section 2, RFC 4303 section 2, RFC 3948 section 2.1.
        start = {Traffic.ESP: 0, Traffic.AH: 4, Traffic.ESP_IN_UDP: _UDP_HEADER}[kind]
        spi = int.from_bytes(payload[start : start + _SPI]) if len(payload) >= start + _SPI else 0
    return Sighting(
        number=number,
        seconds=round(seconds, 6),
        interface=frame.interface,
        comment=frame.comment,
        kind=kind,
        source=packet.source,
        destination=packet.destination,
        destination_mac=frame.data[:6].hex(":"),
        size=len(payload),
        spi=spi,
        data=data,
    )


class _Fragments:
    """Puts fragments together; what stays incomplete is forgotten."""

    def __init__(self) -> None:
        self._pending: OrderedDict[tuple[str, bytes, bytes, int], dict[int, Packet]] = OrderedDict()

    def add(self, interface: str, packet: Packet) -> Packet | None:
        """The whole packet once its last fragment came in, else None."""
        key = (interface, packet.source, packet.destination, packet.identification)
        parts = self._pending.setdefault(key, {})
        parts.setdefault(packet.offset, packet)
        whole = _whole(parts)
        if whole is not None:
            del self._pending[key]
        elif len(self._pending) > _PENDING_LIMIT:
            self._pending.popitem(last=False)
        return whole


def _whole(parts: dict[int, Packet]) -> Packet | None:
    data = bytearray()
    for offset, part in sorted(parts.items()):
        if offset != len(data) or len(data) + len(part.payload) > _DATAGRAM_LIMIT:
            return None
        data += part.payload
    if 0 not in parts or _more_to_come(data):
        return None
    return replace(parts[0], payload=memoryview(bytes(data)), is_fragment=False)


def _more_to_come(data: bytearray) -> bool:
    # UDP says how long it is, so no fragment's flag is needed.
    return len(data) < _UDP_HEADER or int.from_bytes(data[4:6]) > len(data)
