"""From a capture that was made inside a kernel to the one that the hub would have made.

tcpdump there writes the old format (draft-ietf-opsawg-pcap), with all cards in one; who sent a frame
tells its source address.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from parley.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from parley.lab.topology import Interface
    from parley.wire.pcapng import PcapngWriter

_MAGIC_NANOSECONDS = 0xA1B23C4D
_HEADER = struct.Struct("<IHHiIII")
_PACKET = struct.Struct("<IIII")
_SECOND = 10**9
_ETHERNET = 1
_SOURCE = slice(6, 12)


def frames(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Time (nanoseconds since 1970) and content of each frame; ends where the data break off.

    Raises LabError if it is no such capture.
    """
    if not data:
        return
    if len(data) < _HEADER.size or _HEADER.unpack_from(data)[0] != _MAGIC_NANOSECONDS:
        raise LabError("the capture from inside the kernel is damaged: no pcap with nanoseconds")
    if _HEADER.unpack_from(data)[6] != _ETHERNET:
        raise LabError("the capture from inside the kernel is damaged: not of Ethernet")
    position = _HEADER.size
    while position + _PACKET.size <= len(data):
        seconds, nanoseconds, size, _ = _PACKET.unpack_from(data, position)
        position += _PACKET.size
        if position + size > len(data):
            return
        yield seconds * _SECOND + nanoseconds, data[position : position + size]
        position += size


def convert(data: bytes, capture: PcapngWriter, interfaces: Iterable[Interface]) -> None:
    """Write what tcpdump captured as frames of the interfaces that sent them.

    Of an address that nobody has, the frame comes from `unknown/ADDRESS`, which checks treat as public.
    """
    numbers: dict[bytes, int] = {}
    for each in interfaces:
        name = f"{each.segment}/{each.host}.{each.name}"
        address = bytes.fromhex(each.mac.replace(":", ""))
        numbers[address] = capture.add_interface(name, f"sent by {each.host} on {each.segment}")
    for time_ns, frame in frames(data):
        source = frame[_SOURCE]
        if source not in numbers:
            numbers[source] = capture.add_interface(f"unknown/{source.hex(':')}")
        capture.write(numbers[source], time_ns, frame)
