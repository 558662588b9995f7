"""Captures: a streaming writer and a small reader of pcapng (draft-ietf-opsawg-pcapng).

The writer hands whole blocks to the kernel at each `flush`: what is flushed survives a SIGKILL, and a
file that a killed run left behind ends between two blocks or, at worst, inside its last one.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Self

from parley.errors import LabError

if TYPE_CHECKING:
    import io
    from pathlib import Path
    from types import TracebackType

SECTION_HEADER = 0x0A0D0D0A
INTERFACE_DESCRIPTION = 0x00000001
ENHANCED_PACKET = 0x00000006
DECRYPTION_SECRETS = 0x0000000A
BYTE_ORDER_MAGIC = 0x1A2B3C4D
LINKTYPE_ETHERNET = 1

OPT_END = 0
OPT_COMMENT = 1
OPT_IF_NAME = 2
OPT_IF_DESCRIPTION = 3
OPT_IF_TSRESOL = 9
OPT_IF_TSOFFSET = 14
_OPT_USER_APPLICATION = 4
_NANOSECONDS = b"\x09"
_OPTION_LIMIT = 0xFFFF

# Kinds of secrets that Wireshark knows (wiretap/secrets-types.h).
SECRETS_TLS = 0x544C534B
SECRETS_ESP = 0x45535053

_WORD = struct.Struct("<I")
_HEADER = struct.Struct("<II")
_OPTION = struct.Struct("<HH")
_SECTION = struct.Struct("<IHHq")
_INTERFACE = struct.Struct("<HHI")
_PACKET = struct.Struct("<IIIIIII")
_FRAMING = 12
_PACKET_FRAMING = _PACKET.size + _WORD.size
_PADDING = (b"", b"\0\0\0", b"\0\0", b"\0")

# More than this is never kept back (bytes): a burst must not grow the process without bound.
_BUFFER_LIMIT = 256 * 1024


class PcapngWriter:
    """Writes Ethernet frames to `path`; not safe for use by several threads at once.

    Raises LabError when the file cannot be written; after that, nothing more is written.
    """

    def __init__(self, path: Path, file: io.RawIOBase) -> None:
        self.path = path
        self._file = file
        self._buffer = bytearray()
        self._interfaces = 0
        self._is_broken = False
        body = _SECTION.pack(BYTE_ORDER_MAGIC, 1, 0, -1)
        self._block(SECTION_HEADER, body + _options((_OPT_USER_APPLICATION, b"Parley")))

    @classmethod
    def create(cls, path: Path) -> Self:
        """Begin a capture at `path`, replacing what was there."""
        try:
            file = path.open("wb", buffering=0)
        except OSError as error:
            raise LabError(f"{path}: cannot be made: {error.strerror}") from error
        writer = cls(path, file)
        try:
            writer.flush()
        except LabError:
            file.close()
            raise
        return writer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def add_interface(self, name: str, description: str = "") -> int:
        """Announce an interface with timestamps in nanoseconds; return its number for `write`."""
        options = [(OPT_IF_NAME, name.encode()), (OPT_IF_TSRESOL, _NANOSECONDS)]
        if description:
            options.append((OPT_IF_DESCRIPTION, description.encode()))
        self._block(INTERFACE_DESCRIPTION, _INTERFACE.pack(LINKTYPE_ETHERNET, 0, 0) + _options(*options))
        self._interfaces += 1
        return self._interfaces - 1

    def write(self, interface: int, time_ns: int, frame: bytes | memoryview, comment: str = "") -> None:
        """Append a frame that came in at `interface` at `time_ns` (nanoseconds since 1970)."""
        if not 0 <= interface < self._interfaces:
            raise ValueError(f"interface {interface} was never added")
        size = memoryview(frame).nbytes
        padding = _PADDING[size & 3]
        options = _options((OPT_COMMENT, comment.encode())) if comment else b""
        total = _PACKET_FRAMING + size + len(padding) + len(options)
        buffer = self._buffer
        buffer += _PACKET.pack(
            ENHANCED_PACKET, total, interface, time_ns >> 32, time_ns & 0xFFFFFFFF, size, size
        )
        buffer += frame
        buffer += padding
        buffer += options
        buffer += _WORD.pack(total)
        if len(buffer) > _BUFFER_LIMIT:
            self.flush()

    def write_secrets(self, kind: int, data: bytes) -> None:
        """Append secrets with which later frames can be decrypted (`SECRETS_TLS`, `SECRETS_ESP`)."""
        self._block(DECRYPTION_SECRETS, _HEADER.pack(kind, len(data)) + data + _PADDING[len(data) & 3])

    def flush(self) -> None:
        """Hand everything to the operating system."""
        if self._is_broken:
            self._buffer.clear()
        try:
            while self._buffer:
                written = self._file.write(self._buffer)
                del self._buffer[:written]
        except OSError as error:
            self._is_broken = True
            raise LabError(
                f"{self.path}: the capture cannot be written: {error.strerror}",
                hint="free some disk space",
            ) from error

    def close(self) -> None:
        """Flush and close; harmless when closed already."""
        if self._file.closed:
            return
        try:
            self.flush()
        finally:
            self._file.close()

    def _block(self, kind: int, body: bytes) -> None:
        total = _FRAMING + len(body)
        self._buffer += _HEADER.pack(kind, total) + body + _WORD.pack(total)


def _options(*options: tuple[int, bytes]) -> bytes:
    encoded = bytearray()
    for code, value in options:
        if len(value) > _OPTION_LIMIT:
            raise ValueError(f"an option of {len(value)} bytes; {_OPTION_LIMIT} is the limit")
        encoded += _OPTION.pack(code, len(value)) + value + _PADDING[len(value) & 3]
    return bytes(encoded + _OPTION.pack(OPT_END, 0))
