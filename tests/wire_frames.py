"""Builds frames byte by byte, independently of the code under test."""

from __future__ import annotations

import struct
from ipaddress import ip_address

EAST_MAC = bytes.fromhex("120000646423")
WEST_MAC = bytes.fromhex("120000646445")
BROADCAST = b"\xff" * 6
EASTNET, WESTNET = "192.0.2.254", "192.0.1.254"
EAST, WEST = "192.1.2.23", "192.1.2.45"


def ethernet(
    payload: bytes, *, source: bytes = WEST_MAC, destination: bytes = EAST_MAC, ethertype: int = 0x0800
) -> bytes:
    return destination + source + struct.pack("!H", ethertype) + payload


def ipv4(
    source: str,
    destination: str,
    protocol: int,
    payload: bytes,
    *,
    identification: int = 1,
    offset: int = 0,
    more: bool = False,
    options: bytes = b"",
) -> bytes:
    """`offset` in bytes; the header checksum is left 0."""
    header = 20 + len(options)
    fragment = offset // 8 | (0x2000 if more else 0)
    return (
        struct.pack(
            "!BBHHHBBH",
            0x40 | header // 4,
            0,
            header + len(payload),
            identification,
            fragment,
            64,
            protocol,
            0,
        )
        + ip_address(source).packed
        + ip_address(destination).packed
        + options
        + payload
    )


def ipv6(source: str, destination: str, protocol: int, payload: bytes) -> bytes:
    addresses = ip_address(source).packed + ip_address(destination).packed
    return struct.pack("!IHBB", 6 << 28, len(payload), protocol, 64) + addresses + payload


def ipv6_fragment(protocol: int, payload: bytes, *, offset: int = 0, more: bool = False) -> bytes:
    """A fragment header (protocol 44) with what follows it; `offset` in bytes."""
    return struct.pack("!BBHI", protocol, 0, offset | more, 77) + payload


def udp(source_port: int, destination_port: int, payload: bytes) -> bytes:
    return struct.pack("!HHHH", source_port, destination_port, 8 + len(payload), 0) + payload


def ike(size: int = 100, *, claimed: int | None = None) -> bytes:
    """An IKE_SA_INIT message of `size` bytes that claims to have `claimed` ones."""
    header = struct.pack("!QQBBBBII", 1, 2, 33, 0x20, 34, 8, 0, size if claimed is None else claimed)
    return header + bytes(size - len(header))


def esp(spi: int = 0xC0FFEE) -> bytes:
    return struct.pack("!II", spi, 1) + b"e" * 64


ECHO = b"\x08\x00\xf7\xff\x00\x00\x00\x00" + b"p" * 56
