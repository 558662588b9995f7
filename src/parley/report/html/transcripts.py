"""What each host said, beside what it was expected to say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from parley.errors import InputError
from parley.report.html.sanitized import Marked, mark_sanitized, plain
from parley.report.html.sidebyside import SideBySide, side_by_side
from parley.transcript.accept import read_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from parley.report.html.artifacts import Artifact

_CLEAN: Final = ".console.txt"
_RAW: Final = ".console.raw.txt"
# Where there is a reference for the merged transcript of all hosts, it is the only one.
_MERGED: Final = ""
# A console that printed more than this is evidence to open, and no page to read.
_LARGEST: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Transcript:
    """One host's transcript. `compared` is None where nothing can be compared; `note` says why."""

    host: str
    file: str
    raw_file: str
    marked: Marked
    compared: SideBySide | None = None
    note: str = ""

    @property
    def summary(self) -> str:
        """In a few words, how it compares."""
        if self.compared is None:
            return self.note or "no reference to compare with"
        if not self.compared.differing:
            return "as the reference, line by line"
        number = self.compared.differing
        return f"{number} {'line differs' if number == 1 else 'lines differ'} from the reference"


def transcripts(
    root: Path, artifacts: Sequence[Artifact], references: dict[str, str]
) -> tuple[Transcript, ...]:
    """The transcripts among a case's `artifacts`, compared with their `references` (hosts to paths).

    Those that differ come first.
    """
    files = {
        artifact.path: artifact for artifact in artifacts if "/" not in artifact.path and not artifact.note
    }
    names = [path.removesuffix(_CLEAN) for path in files if path.endswith(_CLEAN)]
    found = [_transcript(root, name, files, references) for name in names]
    return tuple(sorted(found, key=lambda one: one.compared is None or not one.compared.differing))


def _transcript(root: Path, name: str, files: dict[str, Artifact], references: dict[str, str]) -> Transcript:
    file, raw_file = name + _CLEAN, name + _RAW
    if files[file].size > _LARGEST:
        return Transcript(name, file, raw_file, plain(""), note="too large to show here; open the file")
    clean = read_text(root / file)
    raw = read_text(root / raw_file) if raw_file in files and files[raw_file].size <= _LARGEST else clean
    marked = mark_sanitized(raw, clean)
    reference, note = _reference(references.get(name, references.get(_MERGED)))
    compared = None if reference is None else side_by_side(reference, clean, marked)
    return Transcript(name, file, raw_file if raw_file in files else "", marked, compared, note)


def _reference(path: str | None) -> tuple[str | None, str]:
    if not path:
        return None, "no reference to compare with"
    try:
        if Path(path).stat().st_size > _LARGEST:
            return None, f"the reference {path} is too large to show here"
        return read_text(Path(path)), ""
    except (OSError, InputError):
        return None, f"the reference {path} is not here any more"
