"""Reads captures back, also those that a killed run left behind.

Only what a check needs: Ethernet frames with the interface's name, the time and the comment. It reads
files of other programs as well (either byte order, any time resolution) and refuses what it cannot read
in full, because a frame that a check does not see would be a leak that it does not report.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.errors import InputError
from parley.wire import pcapng

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

_SIMPLE_PACKET = 0x00000003
_OBSOLETE_PACKET = 0x00000002
_UNREADABLE = {_SIMPLE_PACKET: "simple packets", _OBSOLETE_PACKET: "packets of the obsolete kind"}
_BLOCK_LIMIT = 64 * 1024 * 1024
_FRAMING = 12
_SECOND = 10**9
_MICROSECONDS = b"\x06"


@dataclass(frozen=True, slots=True)
class CapturedFrame:
    """A frame as it came in at `interface`, at `time_ns` nanoseconds since 1970.

    `length` is what it was on the wire; `data` may be shorter if the capturing program cut it.
    """

    interface: str
    time_ns: int
    data: bytes
    length: int
    comment: str = ""


@dataclass(frozen=True, slots=True)
class _Interface:
    name: str
    ticks_per_second: int
    offset: int

    def nanoseconds(self, ticks: int) -> int:
        return ticks * _SECOND // self.ticks_per_second + self.offset * _SECOND


@dataclass(frozen=True, slots=True)
class _Block:
    kind: int
    body: bytes
    offset: int


class PcapngReader:
    """Iterates over the frames of the capture at `path`, in the order of the file.

    After the iteration `is_truncated` tells whether the file breaks off inside a block. Raises OSError,
    and InputError when the file is no capture or is damaged before its end.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.is_truncated = False
        self._order = "<"
        self._interfaces: list[_Interface] = []

    def __iter__(self) -> Iterator[CapturedFrame]:
        self.is_truncated = False
        with self.path.open("rb") as file:
            for block in self._blocks(file):
                if block.kind == pcapng.SECTION_HEADER:
                    self._interfaces = []
                elif block.kind == pcapng.INTERFACE_DESCRIPTION:
                    self._interfaces.append(self._interface(block))
                elif block.kind == pcapng.ENHANCED_PACKET:
                    yield self._frame(block)
                elif block.kind in _UNREADABLE:
                    raise self._damaged(block.offset, f"holds {_UNREADABLE[block.kind]}, which have no time")

    def _blocks(self, file: BinaryIO) -> Iterator[_Block]:
        offset = 0
        while head := file.read(_FRAMING):
            if len(head) < _FRAMING:
                self._break_off(offset)
                return
            kind, total = self._head(head, offset)
            rest = file.read(total - _FRAMING)
            if len(rest) < total - _FRAMING:
                self._break_off(offset)
                return
            block = head + rest
            if self._unpack("I", block[-4:], offset)[0] != total:
                raise self._damaged(offset, "a block's two lengths differ")
            yield _Block(kind, block[8:-4], offset)
            offset += total
        if not offset:
            raise InputError(self.path, 0, "empty: no capture was begun")

    def _head(self, head: bytes, offset: int) -> tuple[int, int]:
        is_section = head[:4] == pcapng.SECTION_HEADER.to_bytes(4, "little")
        if is_section:
            orders = {pcapng.BYTE_ORDER_MAGIC.to_bytes(4, "little"): "<"}
            orders[pcapng.BYTE_ORDER_MAGIC.to_bytes(4, "big")] = ">"
            if head[8:12] not in orders:
                raise self._damaged(offset, "a section has no byte order")
            self._order = orders[head[8:12]]
        elif not offset:
            raise InputError(self.path, 0, "not a pcapng file: it does not begin with a section header")
        kind, total = self._unpack("II", head[:8], offset)
        if total % 4 or not _FRAMING <= total <= _BLOCK_LIMIT:
            raise self._damaged(offset, f"a block of {total} bytes")
        return kind, total

    def _break_off(self, offset: int) -> None:
        if not offset:
            raise InputError(self.path, 0, "breaks off inside its first block")
        self.is_truncated = True

    def _interface(self, block: _Block) -> _Interface:
        linktype, _, _ = self._unpack("HHI", block.body[:8], block.offset)
        if linktype != pcapng.LINKTYPE_ETHERNET:
            raise self._damaged(block.offset, f"link type {linktype}; only Ethernet (1) can be read")
        options = self._options(block.body[8:], block.offset)
        resolution = (options.get(pcapng.OPT_IF_TSRESOL) or _MICROSECONDS)[0]
        base = 2 if resolution & 0x80 else 10
        offset = options.get(pcapng.OPT_IF_TSOFFSET, bytes(8))
        return _Interface(
            name=_text(options.get(pcapng.OPT_IF_NAME, b"")) or f"interface {len(self._interfaces)}",
            ticks_per_second=base ** (resolution & 0x7F),
            offset=self._unpack("q", offset, block.offset)[0],
        )

    def _frame(self, block: _Block) -> CapturedFrame:
        number, high, low, captured, length = self._unpack("IIIII", block.body[:20], block.offset)
        end = 20 + captured
        if end > len(block.body) or number >= len(self._interfaces):
            raise self._damaged(block.offset, f"a packet of {captured} bytes from interface {number}")
        interface = self._interfaces[number]
        options = self._options(block.body[end + -captured % 4 :], block.offset)
        return CapturedFrame(
            interface=interface.name,
            time_ns=interface.nanoseconds(high << 32 | low),
            data=block.body[20:end],
            length=length,
            comment=_text(options.get(pcapng.OPT_COMMENT, b"")),
        )

    def _options(self, data: bytes, offset: int) -> dict[int, bytes]:
        options: dict[int, bytes] = {}
        position = 0
        while position < len(data):
            code, size = self._unpack("HH", data[position : position + 4], offset)
            if code == pcapng.OPT_END:
                break
            position += 4
            if position + size > len(data):
                raise self._damaged(offset, f"an option of {size} bytes")
            options.setdefault(code, data[position : position + size])
            position += size + -size % 4
        return options

    def _unpack(self, layout: str, data: bytes, offset: int) -> tuple[int, ...]:
        try:
            return struct.unpack(self._order + layout, data)
        except struct.error:
            raise self._damaged(offset, "a block is too short") from None

    def _damaged(self, offset: int, what: str) -> InputError:
        return InputError(self.path, 0, f"damaged at byte {offset}: {what}", hint="capinfos, or mergecap")


def _text(value: bytes) -> str:
    return value.decode("utf-8", "backslashreplace")
