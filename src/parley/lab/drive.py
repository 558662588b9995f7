"""Files in and out of a guest without a network or a file system: raw tar archives on two drives.

The guest unpacks the inbound drive (`tar xpf /dev/rsd1c`) and packs the outbound one (`tar cf /dev/rsd2c`);
the host reads and writes the files that the drives are. A raw device has no cache, so both see at once what
the other wrote. What comes out was written by a guest: only regular files are taken, in places of its own,
each and all together no larger than a limit.
"""

from __future__ import annotations

import os
import tarfile
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from parley.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

# What a drive holds (bytes); the files are sparse.
SIZE = 256 * 1024 * 1024
# Members of an archive that are looked at: a guest can pack empty ones without end.
_MEMBERS = 10_000
_NAME_LIMIT = 512


@dataclass(frozen=True, slots=True)
class Packed:
    """A file on its way into a guest."""

    data: bytes
    mode: int = 0o644


def make_drive(path: Path, *, size: int = SIZE) -> None:
    """An empty drive: nothing but zeros, which tar(1) takes for the end of an archive."""
    with path.open("xb") as file:
        file.truncate(size)


def write_drive(path: Path, files: Mapping[str, Packed]) -> None:
    """Put an archive at the beginning of a drive. Raises LabError if it does not fit."""
    archive = pack(files)
    with path.open("r+b") as drive:
        room = drive.seek(0, os.SEEK_END)
        if len(archive) > room:
            raise LabError(f"{len(files)} files of {len(archive)} bytes do not fit a drive of {room}: {path}")
        drive.seek(0)
        drive.write(archive)


def pack(files: Mapping[str, Packed]) -> bytes:
    """A tar archive that every tar(1) reads: POSIX.1-1988, root's, whole records with zeros at the end."""
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, file in sorted(files.items()):
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(file.data), file.mode
            try:
                archive.addfile(member, BytesIO(file.data))
            except ValueError as error:
                raise LabError(f"{name} cannot be packed for a guest: {error}") from error
    return buffer.getvalue()


def read_drive(path: Path, places: Iterable[str], *, limit: int = SIZE) -> Iterator[tuple[str, bytes]]:
    """The files of the archive on a drive whose names begin with one of `places`, `limit` bytes in all.

    Everything else a guest may have packed is passed over. Raises LabError for what is no archive.
    """
    wanted = tuple(places)
    left = limit
    try:
        with path.open("rb") as drive, tarfile.open(fileobj=drive, mode="r:") as archive:
            for count, member in enumerate(archive):
                if count >= _MEMBERS:
                    raise LabError(f"more than {_MEMBERS} files in the archive on {path}")
                if not member.isreg() or member.issparse() or not _is_wanted(member.name, wanted):
                    continue
                left -= member.size
                if member.size < 0 or left < 0:
                    raise LabError(f"more than {limit} bytes in the archive on {path}")
                content = archive.extractfile(member)
                if content is not None:
                    yield member.name, content.read(member.size)
    except (tarfile.TarError, ValueError, OverflowError, RecursionError) as error:
        raise LabError(f"no tar archive on {path}: {error}") from error


def _is_wanted(name: str, places: tuple[str, ...]) -> bool:
    """Whether a name lies in one of the places, and says so in the plainest way."""
    if len(name) > _NAME_LIMIT or not name.startswith(places):
        return False
    return all(part not in {"", ".", ".."} for part in name.split("/")) and "\0" not in name
