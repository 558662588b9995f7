"""Makes what a run really printed the new reference, as far as a person agrees."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from parley.errors import InputError, UsageError
from parley.record.results import read_play
from parley.transcript.compare import Comparison, apply, compare

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from parley.record.layout import CaseLayout
    from parley.record.results import PlayRecord
    from parley.transcript.compare import Hunk

# What stands for the merged transcript of all hosts in file names; records use the empty host.
MERGED = "all"

_SUFFIX = ".console.txt"
_QUALIFIER = re.compile(r"[a-z0-9][a-z0-9_=@-]*")


@dataclass(frozen=True, slots=True)
class Proposal:
    """A reference to be changed: the file `target`, its text now (`base`), and how a run differs from it."""

    host: str
    target: Path
    base: str
    comparison: Comparison

    def write(self, accepted: Iterable[Hunk]) -> bool:
        """Write the reference with the accepted hunks, whole or not at all; say whether anything changed."""
        chosen = tuple(accepted)
        if not chosen:
            return False
        _replace(self.target, apply(self.base, chosen))
        return True


def proposals(layout: CaseLayout, *, qualifier: str = "") -> Iterator[Proposal]:
    """The differing transcripts of a played case, each with the reference it would change.

    With a qualifier they go to `HOST.QUALIFIER.console.txt`, which starts out as the reference that the
    run was compared with. Raises UsageError when the case has no usable transcripts.
    """
    if qualifier and not _QUALIFIER.fullmatch(qualifier):
        raise UsageError(
            f"{qualifier!r} cannot be part of a reference's name",
            hint="a platform or implementation, as in --as openbsd",
        )
    record = read_play(layout.play)
    _require_whole(record)
    for host in _compared_hosts(record):
        transcript = layout.transcript(host or MERGED)
        if transcript.is_file():
            proposal = _proposal(record, host, read_text(transcript), qualifier)
            if not proposal.comparison.is_same:
                yield proposal


def read_text(path: Path) -> str:
    """A transcript or reference. Bytes that are not UTF-8 survive being written back."""
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise InputError(path, 0, f"cannot be read: {error.strerror}") from error


def _require_whole(record: PlayRecord) -> None:
    if reason := record.error or record.stopped:
        raise UsageError(
            f"the transcripts of {record.case} are cut short and make no reference: {reason}",
            hint=f"parley run {record.case}",
        )


def _compared_hosts(record: PlayRecord) -> list[str]:
    # A merged reference is the only one that counts (Libreswan's rule).
    return [""] if "" in record.references else [host.name for host in record.hosts]


def _proposal(record: PlayRecord, host: str, transcript: str, qualifier: str) -> Proposal:
    compared = Path(record.references.get(host) or _target(record, host, ""))
    target = _target(record, host, qualifier) if qualifier else compared
    if not target.name.endswith(_SUFFIX) or not target.parent.is_dir():
        raise UsageError(
            f"{target} is no place for a reference: the run's record does not fit this machine",
            hint="accept where the run was made",
        )
    base = next((read_text(path) for path in (target, compared) if path.is_file()), None)
    comparison = compare(transcript, base)
    return Proposal(host=host or MERGED, target=target, base=base or "", comparison=comparison)


def _target(record: PlayRecord, host: str, qualifier: str) -> Path:
    middle = f".{qualifier}" if qualifier else ""
    return Path(record.directory) / f"{host or MERGED}{middle}{_SUFFIX}"


def _replace(target: Path, text: str) -> None:
    """Write through symbolic links, keep the file's mode, and leave no half file behind."""
    path = target.resolve()
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
    with NamedTemporaryFile(
        "w",
        dir=path.parent,
        prefix=f".{path.name}.",
        delete=False,
        encoding="utf-8",
        errors="surrogateescape",
        newline="",
    ) as file:
        temporary = Path(file.name)
        try:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), mode)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
