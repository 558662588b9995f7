"""A run as recorded, complete: each case asked for has a result, if need be one that says why not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from parley.errors import InputError
from parley.record.layout import CaseLayout, RunLayout
from parley.record.results import CaseResult, RunRecord, read_result, read_run
from parley.verdict import Verdict

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class LoadedRun:
    """What is left of a run: `results` stand in the order in which their cases were asked for.

    `damaged` holds one error for each file that could not be read; the case it belongs to is a
    lab-error in `results`.
    """

    root: Path
    record: RunRecord
    results: tuple[CaseResult, ...]
    damaged: tuple[InputError, ...] = ()

    def case(self, name: str) -> CaseLayout:
        """The directory of the case called `name`."""
        return RunLayout(self.root).case(name)


def load_run(path: Path) -> LoadedRun:
    """Load the run in directory `path`.

    Raises InputError if there is no readable run.json; damage to a single case is kept in the result.
    """
    layout = RunLayout(path)
    if not layout.record.is_file():
        hint = "name a run's directory, or go where parley was run: runs are below its parley-runs"
        raise InputError(path, 0, "no run here: it lacks run.json", hint=hint)
    record = read_run(layout.record)
    results: list[CaseResult] = []
    damaged: list[InputError] = []
    for name in record.cases:
        try:
            results.append(_result(layout, record, name))
        except InputError as error:
            damaged.append(error)
            reason = str(error.args[0])
            results.append(
                CaseResult(case=name, verdict=Verdict.LAB_ERROR, reason=reason, cell=record.cells.get(name))
            )
    return LoadedRun(path, record, tuple(results), tuple(damaged))


def _result(layout: RunLayout, record: RunRecord, name: str) -> CaseResult:
    if not _is_plain(name):
        raise InputError(layout.record, 0, f"{name!r} is no name of a case: it leads out of the run")
    case = layout.case(name)
    if not case.result.exists():
        reason = _why_missing(case, record)
        return CaseResult(case=name, verdict=Verdict.NOT_RUN, reason=reason, cell=record.cells.get(name))
    result = read_result(case.result)
    if result.case != name:
        raise InputError(case.result, 0, f"holds the result of {result.case!r}, not of {name!r}")
    return result


def _is_plain(name: str) -> bool:
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts and "\0" not in name


def _why_missing(case: CaseLayout, record: RunRecord) -> str:
    if case.play.exists() or case.cell.exists():
        return "played and not judged yet; parley judge does it without booting anything"
    if not record.finished:
        return "not reached yet: the run is going on, or was stopped before it could say so"
    return "the run ended before it was reached"
