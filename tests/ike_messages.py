"""Builds IKE messages (RFC 7296 section 3), protects them with known keys, and writes cases around them."""

from __future__ import annotations

import hmac
import struct
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from parley.record.layout import CaseLayout
from parley.wire.pcapng import PcapngWriter
from wire_frames import EAST, WEST, ethernet, ipv4, udp

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Payload = tuple[int, bytes]

SPI_I, SPI_R = bytes.fromhex("92e7933bf2654894"), bytes.fromhex("5170d45f013298a9")
INIT, AUTH, CHILD, INFORMATIONAL = 34, 35, 36, 37
SA, KE, IDI, IDR, AUTHP, NONCE, NOTIFY, DELETE, TSI, TSR, SK, SKF = (
    33,
    34,
    35,
    36,
    39,
    40,
    41,
    42,
    44,
    45,
    46,
    53,
)
WEST_PORT, EAST_PORT = "internet/west.eth1", "internet/east.eth1"

# Accept ENCR_AES_CBC-256 with one proposal: what an SA payload holds at the least.
_PROPOSAL = bytes.fromhex("00000014 01010001 0000000c 0100000c 800e0100")
_TS = bytes.fromhex("01000000 07000010 0000ffff c0000100 c00001ff")


def notify(kind: int, data: bytes = b"") -> Payload:
    return NOTIFY, struct.pack("!BBH", 0, 0, kind) + data


def init_payloads(*more: Payload) -> list[Payload]:
    return [(SA, _PROPOSAL), (KE, struct.pack("!HH", 19, 0) + b"k" * 64), (NONCE, b"n" * 32), *more]


def auth_payloads(*more: Payload) -> list[Payload]:
    identity = b"\2\0\0\0west"
    return [(IDI, identity), (AUTHP, b"\2\0\0\0" + b"a" * 32), (SA, _PROPOSAL), (TSI, _TS), (TSR, _TS), *more]


def chain(payloads: list[Payload], last: int = 0) -> tuple[int, bytes]:
    """The first payload's type, and all payloads with their generic headers."""
    kinds = [kind for kind, _ in payloads] + [last]
    data = b"".join(
        struct.pack("!BBH", following, 0, 4 + len(body)) + body
        for (_, body), following in zip(payloads, kinds[1:], strict=True)
    )
    return kinds[0], data


def header(
    first: int,
    size: int,
    *,
    exchange: int = INIT,
    message_id: int = 0,
    response: bool = False,
    initiator: bool = True,
    spi_i: bytes = SPI_I,
    spi_r: bytes = SPI_R,
    version: int = 2,
) -> bytes:
    flags = response << 5 | initiator << 3
    return spi_i + spi_r + struct.pack("!BBBBII", first, version << 4, exchange, flags, message_id, 28 + size)


def message(payloads: list[Payload], **fields: object) -> bytes:
    """A message in clear; `fields` as for `header`."""
    first, data = chain(payloads)
    return header(first, len(data), **fields) + data  # type: ignore[arg-type]  # fields go through by name


class CbcKeys:
    """AES-CBC-256 with HMAC-SHA2-256-128 (RFC 7296 section 3.14), the same keys for both directions."""

    cipher, integrity = "AES-CBC-256 [RFC3602]", "HMAC_SHA2_256_128 [RFC4868]"

    def __init__(self, seed: int = 1) -> None:
        self.key, self.check = bytes([seed]) * 32, bytes([seed + 1]) * 32

    def row(self, spi_i: bytes = SPI_I, spi_r: bytes = SPI_R) -> str:
        key, check = self.key.hex(), self.check.hex()
        spis = f"{spi_i.hex()},{spi_r.hex()}"
        return f'{spis},{key},{key},"{self.cipher}",{check},{check},"{self.integrity}"'

    def size(self, inner: bytes) -> int:
        return 16 + (len(inner) // 16 + 1) * 16 + 16

    def seal(self, associated: bytes, inner: bytes) -> bytes:
        padding = 15 - len(inner) % 16
        encryptor = Cipher(algorithms.AES(self.key), modes.CBC(b"v" * 16)).encryptor()
        sealed = b"v" * 16 + encryptor.update(inner + bytes(padding) + bytes([padding]))
        return sealed + hmac.digest(self.check, associated + sealed, "sha256")[:16]


class GcmKeys:
    """AES-GCM-256 with a 16 octet ICV (RFC 5282)."""

    cipher, integrity = "AES-GCM-256 with 16 octet ICV [RFC5282]", "NONE [RFC4306]"

    def __init__(self, seed: int = 1) -> None:
        self.key, self.salt = bytes([seed]) * 32, b"salt"

    def row(self, spi_i: bytes = SPI_I, spi_r: bytes = SPI_R) -> str:
        key = (self.key + self.salt).hex()
        return f'{spi_i.hex()},{spi_r.hex()},{key},{key},"{self.cipher}",,,"{self.integrity}"'

    def size(self, inner: bytes) -> int:
        return 8 + len(inner) + 1 + 16

    def seal(self, associated: bytes, inner: bytes) -> bytes:
        iv = b"ivivivi!"
        return iv + AESGCM(self.key).encrypt(self.salt + iv, inner + b"\0", associated)


def protected(payloads: list[Payload], keys: CbcKeys | GcmKeys, **fields: object) -> bytes:
    """A message with all payloads in SK."""
    first, inner = chain(payloads)
    size = 4 + keys.size(inner)
    head = header(SK, size, **fields) + struct.pack("!BBH", first, 0, size)  # type: ignore[arg-type]
    return head + keys.seal(head, inner)


def fragments(payloads: list[Payload], keys: CbcKeys | GcmKeys, count: int, **fields: object) -> list[bytes]:
    """The same in `count` fragments (RFC 7383 section 2.5)."""
    first, inner = chain(payloads)
    step = -(-len(inner) // count)
    made = []
    for number in range(1, count + 1):
        part = inner[(number - 1) * step : number * step]
        size = 8 + keys.size(part)
        generic = struct.pack("!BBHHH", first if number == 1 else 0, 0, size, number, count)
        head = header(SKF, size, **fields) + generic  # type: ignore[arg-type]
        made.append(head + keys.seal(head, part))
    return made


def from_west(data: bytes, *, port: int = 500) -> tuple[str, bytes]:
    """`data` as a frame of west's to east, with the interface that it comes in at."""
    return WEST_PORT, ethernet(ipv4(WEST, EAST, 17, udp(port, port, data)))


def from_east(data: bytes, *, port: int = 500) -> tuple[str, bytes]:
    """`data` as a frame of east's to west."""
    return EAST_PORT, ethernet(ipv4(EAST, WEST, 17, udp(port, port, data)))


def write_case(
    root: Path,
    frames: Iterable[tuple[str, bytes]],
    tables: dict[str, str] | None = None,
    comments: dict[int, str] | None = None,
) -> CaseLayout:
    """A case of `frames` (interface, frame), 0.1 s apart; `tables` are hosts' tables of IKE keys.

    `comments` are the hub's, by the frame's index.
    """
    layout = CaseLayout(root)
    layout.share.mkdir(parents=True)
    with PcapngWriter.create(layout.capture) as writer:
        numbers: dict[str, int] = {}
        for index, (interface, frame) in enumerate(frames):
            comment = (comments or {}).get(index, "")
            if interface not in numbers:
                numbers[interface] = writer.add_interface(interface)
            writer.write(numbers[interface], 10**18 + index * 10**8, frame, comment)
    for host, table in (tables or {}).items():
        state = layout.share / host / "state"
        state.mkdir(parents=True)
        (state / "ikev2_decryption_table").write_text(table)
    return layout
