"""Archives that Linux unpacks into memory when it starts (cpio's "newc" format, initramfs buffer format)."""

from __future__ import annotations

import stat

_END = "TRAILER!!!"


class Archive:
    """An initial file system in the making; everything in it belongs to root."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._count = 0

    def directory(self, name: str) -> None:
        """Add an empty directory, after the one it lies in."""
        self._add(name, stat.S_IFDIR | 0o755)

    def file(self, name: str, data: bytes, *, mode: int = 0o644) -> None:
        """Add a regular file."""
        self._add(name, stat.S_IFREG | mode, data)

    def link(self, name: str, target: str) -> None:
        """Add a symbolic link."""
        self._add(name, stat.S_IFLNK | 0o777, target.encode())

    def console(self) -> None:
        """Add /dev/console, which the first process is given before anything is mounted."""
        self._add("dev/console", stat.S_IFCHR | 0o600, device=(5, 1))

    def finish(self) -> bytes:
        """The whole archive."""
        self._add(_END, 0)
        return bytes(self._data)

    def _add(self, name: str, mode: int, data: bytes = b"", device: tuple[int, int] = (0, 0)) -> None:
        self._count += 1
        path = name.encode() + b"\0"
        # inode, mode, owner, group, links, time, size, device it is on, device it is, name's size, checksum
        fields = (self._count, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(path), 0)
        self._data += b"070701" + b"".join(b"%08X" % field for field in fields) + path
        self._pad()
        self._data += data
        self._pad()

    def _pad(self) -> None:
        self._data += bytes(-len(self._data) % 4)
