"""Just enough of ISO 9660 and El Torito to see what a boot loader sees on a CD.

The editor of the ISO is pycdlib; this reads back what it wrote, and shares no code with it. OpenBSD's
boot blocks know nothing of Rock Ridge: they find their files by the plain names of ECMA-119, in which a
careless rewrite turns the directory `7.8` into `7_8`, and the CD boots no more (cdbr.S, libsa/cd9660.c).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from parley.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECTOR = 2048
_VOLUMES = 16  # the first volume descriptor's sector (ECMA-119, 6.2.1)
_PRIMARY, _BOOT, _END = 1, 0, 255
_ROOT_RECORD = 156
_DIRECTORY = 0x02  # file flags (ECMA-119, 9.1.6)
_BOOTABLE = 0x88  # El Torito, figure 3
_RECORD = 34  # bytes of the shortest directory record
# No release comes near; an image that was made to keep its reader busy does.
_DEPTH = 16
_NODES = 200_000
_FIELD = 4  # bytes of a system use field's head (SUSP 1.12, 4)


@dataclass(frozen=True, slots=True)
class Node:
    """A file or directory: first sector, size in bytes, its name in ISO 9660 and, if given, in Rock Ridge."""

    name: str
    long_name: str
    sector: int
    size: int
    is_directory: bool


@dataclass(frozen=True, slots=True)
class BootImage:
    """What the BIOS loads: its first sector, and how many sectors of 512 bytes."""

    sector: int
    count: int


class Iso:
    """An ISO image, read only. Raises InputError if `file`, opened from `path`, is none."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file = file
        self._path = path
        self._size = file.seek(0, 2)
        self.root: Node | None = None
        self.label = ""
        self._catalog = 0
        for descriptor in self._descriptors():
            if descriptor[0] == _PRIMARY and self.root is None:
                self.root = _node(descriptor[_ROOT_RECORD : _ROOT_RECORD + 34])
                self.label = descriptor[40:72].decode("ascii", "backslashreplace").strip()
            elif descriptor[0] == _BOOT and descriptor[7:39].rstrip(b"\0") == b"EL TORITO SPECIFICATION":
                (self._catalog,) = struct.unpack_from("<I", descriptor, 71)

    def tree(self, *, rock_ridge: bool = False) -> dict[str, Node]:
        """Every file and directory by its plain path, `/7.8/AMD64/CDBOOT`, or as `/7.8/amd64/cdboot`."""
        if self.root is None:
            raise self._error("it has no primary volume descriptor")
        tree: dict[str, Node] = {}
        for number, (path, node) in enumerate(self._walk("", self.root, 0, rock_ridge=rock_ridge)):
            if number == _NODES:
                raise self._error("it has more files than any release")
            tree[path] = node
        return tree

    def read(self, node: Node, size: int | None = None) -> bytes:
        """A file's content, or its first `size` bytes."""
        return self._read(node.sector, node.size if size is None else min(size, node.size))

    def boot_block(self) -> bytes:
        """The first sector of what a BIOS loads."""
        return self._read(self.boot_image().sector, SECTOR)

    def boot_image(self) -> BootImage:
        """El Torito's default entry: what a BIOS boots. Raises InputError if there is none."""
        if not self._catalog:
            raise self._error("it has no El Torito boot record: nothing can boot from it")
        catalog = self._read(self._catalog, SECTOR)
        if sum(struct.unpack("<16H", catalog[:32])) & 0xFFFF or catalog[30:32] != b"\x55\xaa":
            raise self._error("the validation entry of its boot catalog is damaged")
        indicator, media, _, _, _, count, sector = struct.unpack_from("<BBHBBHI", catalog, 32)
        if indicator != _BOOTABLE or media != 0:
            raise self._error("its default boot entry is not bootable without emulation")
        return BootImage(sector, count)

    def _descriptors(self) -> Iterator[bytes]:
        for sector in range(_VOLUMES, _VOLUMES + 64):
            descriptor = self._read(sector, SECTOR)
            if descriptor[1:6] != b"CD001":
                raise self._error("it is no ISO 9660 image")
            if descriptor[0] == _END:
                return
            yield descriptor
        raise self._error("its volume descriptors have no end")

    def _walk(
        self, path: str, directory: Node, depth: int, *, rock_ridge: bool
    ) -> Iterator[tuple[str, Node]]:
        if depth > _DEPTH:
            raise self._error(f"{path}: directories are nested too deep")
        data = self._read(directory.sector, directory.size)
        for start in range(0, len(data), SECTOR):
            for node in self._records(data[start : start + SECTOR]):
                inner = f"{path}/{node.long_name if rock_ridge else node.name}"
                yield inner, node
                if node.is_directory:
                    yield from self._walk(inner, node, depth + 1, rock_ridge=rock_ridge)

    def _records(self, block: bytes) -> Iterator[Node]:
        """The records of one sector of a directory; none spans two (ECMA-119, 6.8.1.1)."""
        at = 0
        while at < len(block) and block[at]:
            record = block[at : at + block[at]]
            if len(record) < _RECORD or len(record) < _RECORD - 1 + record[32]:
                raise self._error("a record of its directories is damaged")
            node = _node(record)
            if node.name not in {"\0", "\1"}:  # itself and its parent (ECMA-119, 6.8.2.2)
                yield node
            at += block[at]

    def _read(self, sector: int, size: int) -> bytes:
        if sector * SECTOR + size > self._size:
            raise self._error("it is shorter than its own directories say")
        self._file.seek(sector * SECTOR)
        return self._file.read(size)

    def _error(self, message: str) -> InputError:
        return InputError(self._path, 0, message, hint="compare its SHA-256 with the published one")


def _node(record: bytes) -> Node:
    """One directory record (ECMA-119, 9.1)."""
    sector, size = struct.unpack_from("<I4xI", record, 2)
    name = record[33 : 33 + record[32]].decode("ascii", "backslashreplace")
    padding = 1 - record[32] % 2
    long_name = _long_name(record[33 + record[32] + padding :])
    return Node(name, long_name or name, sector, size, is_directory=bool(record[25] & _DIRECTORY))


def _long_name(fields: bytes) -> str:
    """Rock Ridge's name: all its NM fields (RRIP 1.12, 4.1.4), as far as they stand in the record."""
    name = b""
    while len(fields) > _FIELD and fields[2] > _FIELD:
        if fields[:2] == b"NM":
            name += fields[5 : fields[2]]
        fields = fields[fields[2] :]
    return name.decode("utf-8", "backslashreplace")
