"""What became of the same cases in earlier runs: verdicts.json, beside run.json.

A run's verdicts lie in as many files as it has cases; this one holds them all, so that twenty runs can be
looked at in no time.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.errors import InputError
from parley.record.results import load_json, reading, write_json
from parley.record.typed import read_record
from parley.verdict import Verdict  # noqa: TC001 -- read_record looks types up when it runs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SCHEMA = 1
VERDICTS = "verdicts.json"
# How many runs are remembered, and among how many neighbours they are looked for.
_MOST_RUNS = 20
_MOST_NEIGHBOURS = 500


@dataclass(frozen=True, slots=True)
class RunVerdicts:
    """The verdicts of a run that ended; `started` is its time as in run.json."""

    started: str
    verdicts: dict[str, Verdict]
    schema: int = SCHEMA


@dataclass(frozen=True, slots=True)
class PastRun:
    """An earlier run, and what became of its cases there."""

    name: str
    root: Path
    verdicts: dict[str, Verdict]


def write_verdicts(root: Path, started: str, verdicts: Mapping[str, Verdict]) -> None:
    """Write what became of a run's cases. Raises OSError."""
    write_json(root / VERDICTS, RunVerdicts(started, dict(verdicts)))


def past_runs(root: Path, started: str) -> tuple[PastRun, ...]:
    """The runs beside `root` that began before `started`, oldest first, the last twenty of them."""
    found = []
    for directory in _neighbours(root.resolve()):
        with suppress(InputError):
            data = load_json(directory / VERDICTS)
            with reading(directory / VERDICTS):
                told = read_record(RunVerdicts, data)
            if told.started < started:
                found.append((told.started, PastRun(directory.name, directory, told.verdicts)))
    return tuple(past for _, past in sorted(found, key=lambda pair: pair[0])[-_MOST_RUNS:])


def _neighbours(root: Path) -> list[Path]:
    """Directories beside a run that hold verdicts, the newest of them; links are other names of the same."""
    with suppress(OSError), os.scandir(root.parent) as entries:
        names = sorted(
            entry.name for entry in entries if entry.is_dir(follow_symlinks=False) and entry.name != root.name
        )
        places = (root.parent / name for name in names[-_MOST_NEIGHBOURS:])
        return [place for place in places if (place / VERDICTS).is_file()]
    return []
