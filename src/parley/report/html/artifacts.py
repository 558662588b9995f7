"""The files that a case left, found without following a link that a guest may have planted."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from markupsafe import Markup, escape

from parley.report.html.links import href
from parley.report.html.markup import shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SHARE: Final = "share"
_INPUTS: Final = "testing"
_MOST: Final = 1000
_MANY: Final = 12
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


@dataclass(frozen=True, slots=True)
class Artifact:
    """One file, `path` relative to the case's directory; `note` says why it must not be linked."""

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
    for artifact in _walk(str(root), ""):
        found.append(artifact)
        if len(found) == _MOST:
            break
    return tuple(sorted(found, key=lambda artifact: artifact.path))


def _walk(directory: str, prefix: str) -> Iterator[Artifact]:
    try:
        entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        path = prefix + entry.name
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(entry.path, f"{path}/")
            continue
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError:
            continue
        yield Artifact(path, status.st_size, status.st_mtime_ns, _note(path, status.st_mode))


def _note(path: str, mode: int) -> str:
    if stat.S_ISLNK(mode):
        return "a symbolic link, not followed"
    if not stat.S_ISREG(mode):
        return "no regular file"
    if path.startswith(f"{SHARE}/") and path.lower().endswith(_ACTIVE):
        return "not linked, because a browser would run it"
    return ""


def grouped(artifacts: tuple[Artifact, ...]) -> tuple[Group, ...]:
    """Artifacts under headings, the ones wanted most often first.

    What a command was and that it complained of nothing stands among the steps: such files are left out.
    """
    groups: dict[tuple[int, str], list[Artifact]] = {}
    for artifact in artifacts:
        if not _says_nothing(artifact):
            groups.setdefault(_heading(artifact.path), []).append(artifact)
    return tuple(Group(title, tuple(groups[rank, title])) for rank, title in sorted(groups))


def _says_nothing(artifact: Artifact) -> bool:
    parts = artifact.path.split("/")
    is_command = len(parts) == 4 and parts[0] == SHARE and parts[2] in {"cmd", "step"}  # noqa: PLR2004 -- share, host, cmd, file
    return is_command and not artifact.note and (artifact.size == 0 or parts[3].endswith(".sh"))


def file_list(group: Group, files: str) -> Markup:
    """The items of a group's list, `files` being the way from the page to the case's directory.

    Not a template: a case has a hundred files, and a report thousands of cases.
    """
    lines = []
    for file in group.files:
        path = shown(file.path)
        if file.note:
            lines.append(f'<li>{path} <span class="quiet">{escape(file.note)}</span></li>')
        else:
            where = escape(f"{files}/{href(file.path)}")
            lines.append(
                f'<li><a href="{where}">{path}</a> <span class="quiet">{size_of(file.size)}</span></li>'
            )
    return Markup("\n".join(lines))  # noqa: S704 -- every part is escaped above


def size_of(number: int) -> str:
    """Bytes as people read them, with SI prefixes."""
    scaled = float(number)
    for unit in ("B", "kB", "MB"):
        if scaled < 1000:  # noqa: PLR2004 -- SI prefixes
            return f"{scaled:.0f} {unit}" if unit == "B" else f"{scaled:.1f} {unit}"
        scaled /= 1000
    return f"{scaled:.1f} GB"


def _heading(path: str) -> tuple[int, str]:
    parts = path.split("/")
    if parts[0] == SHARE and len(parts) > 2:  # noqa: PLR2004 -- share, host, file
        if parts[1] == _INPUTS:
            return (6, "Files given to the hosts")
        kind = parts[2] if len(parts) > 3 else "files"  # noqa: PLR2004 -- one level more
        return ({"log": 3, "state": 4}.get(kind, 5), f"{parts[1]}: {kind}")
    if path.endswith((".pcapng", ".pcap")) or parts[0] == "wireshark":
        return (0, "Packets")
    if path.endswith((".console.txt", ".console.raw.txt")):
        return (1, "Transcripts")
    if path.endswith(".kernel.log"):
        return (2, "Kernels")
    return (7, "Records")
