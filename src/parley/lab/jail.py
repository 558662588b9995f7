"""Reading and writing a tree that hostile guests write at the same time.

A guest's root can plant symbolic links, FIFOs and huge files in its tree. Everything here walks the
tree by directory descriptors without following links, opens regular files only, never blocks and never
reads more than asked for.
"""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from parley.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
# O_EXCL is no help here: the host may rewrite its own files; O_NOFOLLOW keeps it inside the tree.
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

READ_LIMIT = 64 * 1024 * 1024
# A guest can nest directories without end.
_DEPTH_LIMIT = 32


@dataclass(frozen=True, slots=True)
class Owner:
    """The user outside that root inside a guest is."""

    uid: int
    gid: int

    @classmethod
    def current(cls) -> Owner:
        """Nobody when Parley runs as root, so that root in a guest is nobody outside; else the user."""
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid())
        return cls(65534, 65534)


class Jail:
    """The tree at `root`, shared with guests that run as `owner`."""

    def __init__(self, root: Path, owner: Owner | None = None) -> None:
        self.root = root
        self.owner = owner or Owner.current()

    def create(self) -> None:
        """Make the empty tree."""
        self.root.mkdir(parents=True, exist_ok=True)
        os.chown(self.root, self.owner.uid, self.owner.gid, follow_symlinks=False)

    def make_directory(self, name: str) -> None:
        """Make a directory and its parents inside the tree.

        Raises LabError when a guest has put something else in its place.
        """
        with self._writing(name), self._directory(PurePosixPath(name), create=True):
            pass

    def write(self, name: str, data: bytes, *, mode: int = 0o644) -> None:
        """Write a file for the guests, making its directory where needed.

        Raises LabError when a guest has put something else in its place.
        """
        path = PurePosixPath(name)
        with self._writing(name), self._directory(path.parent, create=True) as directory:
            descriptor = os.open(path.name, _WRITE, mode, dir_fd=directory)
            with os.fdopen(descriptor, "wb") as file:
                self._require_regular(descriptor, name)
                os.fchmod(descriptor, mode)
                os.fchown(descriptor, self.owner.uid, self.owner.gid)
                file.write(data)

    def read(self, name: str, *, limit: int = READ_LIMIT) -> bytes:
        """Up to `limit` bytes of a regular file; FileNotFoundError if there is none."""
        path = PurePosixPath(name)
        with self._directory(path.parent) as directory:
            descriptor = os.open(path.name, _READ, dir_fd=directory)
            with os.fdopen(descriptor, "rb") as file:
                self._require_regular(descriptor, name)
                return file.read(limit)

    def status(self, name: str) -> os.stat_result:
        """What a file of the tree is (a link: the link itself); FileNotFoundError if there is none."""
        path = PurePosixPath(name)
        with self._directory(path.parent) as directory:
            return os.stat(path.name, dir_fd=directory, follow_symlinks=False)

    def read_text(self, name: str, *, default: str | None = None, limit: int = READ_LIMIT) -> str:
        """The same as text; undecodable bytes are shown as escapes."""
        try:
            return self.read(name, limit=limit).decode("utf-8", "backslashreplace")
        except OSError:
            if default is None:
                raise
            return default

    def files(self, name: str = ".") -> Iterator[str]:
        """Names (relative to the tree) of all regular files below a directory, sorted.

        Directories that lie deeper than any of Parley's own are left out.
        """
        if len(PurePosixPath(name).parts) > _DEPTH_LIMIT:
            return
        try:
            with self._directory(PurePosixPath(name)) as directory:
                entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
                found = [
                    (entry.name, entry.is_dir(follow_symlinks=False), entry.is_file(follow_symlinks=False))
                    for entry in entries
                ]
        except OSError:
            return
        for entry_name, is_directory, is_file in found:
            child = str(PurePosixPath(name) / entry_name)
            if is_directory:
                yield from self.files(child)
            elif is_file:
                yield child

    @contextmanager
    def _writing(self, name: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise LabError(f"cannot write {self.root / name}: {error.strerror}") from error

    @contextmanager
    def _directory(self, path: PurePosixPath, *, create: bool = False) -> Iterator[int]:
        if path.is_absolute() or ".." in path.parts:
            raise LabError(f"{path} is no path inside {self.root}")
        current = os.open(self.root, _DIRECTORY)
        try:
            for part in path.parts:
                following = self._enter(current, part, create=create)
                os.close(current)
                current = following
            yield current
        finally:
            os.close(current)

    def _enter(self, directory: int, part: str, *, create: bool) -> int:
        try:
            return os.open(part, _DIRECTORY, dir_fd=directory)
        except FileNotFoundError:
            if not create:
                raise
        os.mkdir(part, 0o755, dir_fd=directory)
        entered = os.open(part, _DIRECTORY, dir_fd=directory)
        os.fchown(entered, self.owner.uid, self.owner.gid)
        return entered

    def _require_regular(self, descriptor: int, name: str) -> None:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise LabError(f"{self.root / name} is no regular file: a guest replaced it")
