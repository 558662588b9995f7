"""The files that a case left, found without following a link that a guest may have planted."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from markupsafe import Markup

from parley.report.html.links import href
from parley.report.html.markup import shown

if TYPE_CHECKING:
    from pathlib import Path

SHARE: Final = "share"
_INPUTS: Final = "testing"
_MOST: Final = 1000
_MANY: Final = 12
# A guest can nest directories without end.
_DEEPEST: Final = 32
_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Cells of a run leave files of the same few hundred names.
_NAMES: Final = 4096
# A browser runs what stands in these, with the rights of a local page; guests write below `share`.
_ACTIVE: Final = (
    ".html",
    ".htm",
    ".xhtml",
    ".xht",
    ".shtml",
    ".mht",
    ".mhtml",
    ".svg",
    ".svgz",
    ".xml",
    ".xsl",
    ".js",
)


class Artifact(NamedTuple):
    """One file, `path` relative to the case's directory; `note` says why it must not be linked.

    A tuple, for there are hundreds of thousands of them.
    """

    path: str
    size: int
    modified: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Files that belong together."""

    title: str
    files: tuple[Artifact, ...]

    @property
    def is_long(self) -> bool:
        """Whether the files are shown on demand only."""
        return len(self.files) > _MANY


def find_artifacts(root: Path) -> tuple[Artifact, ...]:
    """All files below `root` in the order of their paths; at most 1,000: no guest shall flood a page."""
    found: list[Artifact] = []
    try:
        directory = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return ()
    _collect(directory, "", found, _DEEPEST)
    return tuple(sorted(found))


def _collect(directory: int, prefix: str, found: list[Artifact], depth: int) -> None:
    """Add what lies in `directory`, and close it. By descriptors: nothing planted meanwhile is followed."""
    try:
        with os.scandir(directory) as listing:
            entries = sorted(listing, key=attrgetter("name"))
        for entry in entries:
            if len(found) >= _MOST:
                return
            path = prefix + entry.name
            try:
                if not entry.is_dir(follow_symlinks=False):
                    status = entry.stat(follow_symlinks=False)
                    is_fine = stat.S_ISREG(status.st_mode) and not _place(path).is_active
                    note = "" if is_fine else _note(status.st_mode)
                    found.append(Artifact(path, status.st_size, status.st_mtime_ns, note))
                elif depth:
                    inner = os.open(entry.name, _DIRECTORY, dir_fd=directory)
                    _collect(inner, f"{path}/", found, depth - 1)
            except OSError:
                continue
    finally:
        os.close(directory)


def _note(mode: int) -> str:
    if stat.S_ISLNK(mode):
        return "a symbolic link, not followed"
    if not stat.S_ISREG(mode):
        return "no regular file"
    return "not linked, because a browser would run it"


def grouped(artifacts: tuple[Artifact, ...]) -> tuple[Group, ...]:
    """Artifacts under headings, the ones wanted most often first.

    What a command was and that it complained of nothing stands among the steps: such files are left out.
    """
    groups: dict[tuple[int, str], list[Artifact]] = {}
    for artifact in artifacts:
        place = _place(artifact.path)
        says_nothing = place.is_command and not artifact.note and (not artifact.size or place.is_script)
        if not says_nothing:
            groups.setdefault(place.heading, []).append(artifact)
    return tuple(Group(title, tuple(groups[rank, title])) for rank, title in sorted(groups))


class _Place(NamedTuple):
    """What a path alone tells: heading (rank and title), whether a command's, whether a browser runs it."""

    heading: tuple[int, str]
    is_command: bool
    is_script: bool
    is_active: bool


@lru_cache(_NAMES)
def _place(path: str) -> _Place:
    parts = path.split("/")
    is_command = len(parts) == 4 and parts[0] == SHARE and parts[2] in {"cmd", "step"}  # noqa: PLR2004 -- share, host, cmd, file
    is_active = parts[0] == SHARE and path.lower().endswith(_ACTIVE)
    return _Place(_heading(parts), is_command, path.endswith(".sh"), is_active)


def file_list(group: Group, files: str) -> Markup:
    """The items of a group's list, `files` being the way from the page to the case's directory.

    Not a template: a case has a hundred files, and a report thousands of cases.
    """
    way = f'<li><a href="{shown(files)}/'
    lines = [
        f'<li>{shown(file.path)} <span class="quiet">{shown(file.note)}</span></li>'
        if file.note
        else f"{way}{_link(file.path)}{size_of(file.size)}</span></li>"
        for file in group.files
    ]
    return Markup("\n".join(lines))  # noqa: S704 -- every part is escaped above


@lru_cache(_NAMES)
def _link(path: str) -> str:
    """What follows the way to the case's directory, up to the size."""
    return f'{shown(href(path))}">{shown(path)}</a> <span class="quiet">'


def size_of(number: int) -> str:
    """Bytes as people read them, with SI prefixes."""
    scaled = float(number)
    for unit in ("B", "kB", "MB"):
        if scaled < 1000:  # noqa: PLR2004 -- SI prefixes
            return f"{scaled:.0f} {unit}" if unit == "B" else f"{scaled:.1f} {unit}"
        scaled /= 1000
    return f"{scaled:.1f} GB"


def _heading(parts: list[str]) -> tuple[int, str]:
    if parts[0] == SHARE and len(parts) > 2:  # noqa: PLR2004 -- share, host, file
        if parts[1] == _INPUTS:
            return (6, "Files given to the hosts")
        kind = parts[2] if len(parts) > 3 else "files"  # noqa: PLR2004 -- one level more
        return ({"log": 3, "state": 4}.get(kind, 5), f"{parts[1]}: {kind}")
    if parts[-1].endswith((".pcapng", ".pcap")) or parts[0] == "wireshark":
        return (0, "Packets")
    if parts[-1].endswith((".console.txt", ".console.raw.txt")):
        return (1, "Transcripts")
    if parts[-1].endswith(".kernel.log"):
        return (2, "Kernels")
    return (7, "Records")
