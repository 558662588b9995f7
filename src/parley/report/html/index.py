"""The first page: what was run, totals, what changed, and every case."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from parley.report.marks import VERDICTS, Mark, mark_of
from parley.report.summary import exit_code, seconds, totals

if TYPE_CHECKING:
    from collections.abc import Iterable

    from parley.record.results import CaseResult, HostRecord
    from parley.report.compare import Change, ChangeKind, Comparison
    from parley.report.html.trend import PastTotals
    from parley.report.load import LoadedRun
    from parley.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Count:
    """How many results have one verdict; also an entry of the legend."""

    verdict: Verdict
    mark: Mark
    number: int


@dataclass(frozen=True, slots=True)
class RunHeader:
    """What every page says of the run; `length` is empty while it has no end."""

    name: str
    command: str
    started: str
    finished: str
    length: str
    parley: str
    machine: dict[str, str]
    options: dict[str, str]
    counts: tuple[Count, ...]
    cases: int
    exit_code: int
    has_matrix: bool
    against: str


@dataclass(frozen=True, slots=True)
class Row:
    """One case in the table; `keys` are what filters match: words such as ``impl:libreswan``."""

    result: CaseResult
    mark: Mark
    seconds: float
    keys: str
    change: Change | None


@dataclass(frozen=True, slots=True)
class ChangeList:
    """Changes of one kind."""

    kind: ChangeKind
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class IndexPage:
    """Everything that the template of the first page shows."""

    header: RunHeader
    rows: tuple[Row, ...]
    changes: tuple[ChangeList, ...]
    damaged: tuple[str, ...]
    past: tuple[PastTotals, ...] = ()


def build_header(run: LoadedRun, comparison: Comparison | None) -> RunHeader:
    """What every page says of the run."""
    record = run.record
    found = totals(run.results)
    return RunHeader(
        name=run.root.resolve().name,
        command=shlex.join(record.command),
        started=record.started,
        finished=record.finished,
        length=_length(record.started, record.finished),
        parley=record.parley,
        machine=record.machine,
        options={name: str(value) for name, value in record.options.items() if value},
        counts=tuple(Count(verdict, mark, found.get(verdict, 0)) for verdict, mark in VERDICTS.items()),
        cases=len(run.results),
        exit_code=exit_code(run.results),
        has_matrix=any(result.cell for result in run.results),
        against=comparison.against.root.resolve().name if comparison else "",
    )


def build_index(
    run: LoadedRun, header: RunHeader, comparison: Comparison | None, past: tuple[PastTotals, ...] = ()
) -> IndexPage:
    """The first page of `run`."""
    changes = comparison.by_case() if comparison else {}
    kinds = dict.fromkeys(change.kind for change in comparison.changes) if comparison else {}
    return IndexPage(
        header=header,
        rows=tuple(_row(result, changes.get(result.case)) for result in run.results),
        changes=tuple(ChangeList(kind, comparison.of_kind(kind)) for kind in kinds) if comparison else (),
        damaged=tuple(str(error.args[0]) for error in run.damaged),
        past=past,
    )


def filter_keys(result: CaseResult, change: Change | None) -> str:
    """What a filter may ask of a result, apart from its verdict and its visible text."""
    words = []
    for host in result.hosts:
        words += _host_keys(host)
    if result.cell:
        cell = result.cell
        words += [f"scenario:{cell.scenario}", f"initiator:{cell.initiator}", f"responder:{cell.responder}"]
        words += rfc_keys(cell.rfc)
    return " ".join((*dict.fromkeys(words), *change_keys(change)))


def rfc_keys(sections: Iterable[str]) -> list[str]:
    """What a filter may ask of RFCs: `RFC 7296 section 2.8` is `rfc:7296` and `rfc:7296/2.8`."""
    keys: dict[str, None] = {}
    for text in sections:
        number, _, section = text.removeprefix("RFC ").partition(" section ")
        keys[f"rfc:{number}"] = None
        if section:
            keys[f"rfc:{number}/{section}"] = None
    return list(keys)


def change_keys(change: Change | None) -> tuple[str, ...]:
    """What a filter may ask of a change."""
    if change is None:
        return ()
    before = change.before.verdict if change.before else "absent"
    return (f"is:{change.kind}", "is:different", f"was:{before}")


def _host_keys(host: HostRecord) -> list[str]:
    pairs = {"impl": host.implementation, "platform": host.platform, "backend": host.backend}
    return [f"{key}:{value}" for key, value in pairs.items() if value]


def _row(result: CaseResult, change: Change | None) -> Row:
    return Row(result, mark_of(result.verdict), seconds(result), filter_keys(result, change), change)


def _length(started: str, finished: str) -> str:
    try:
        length = datetime.fromisoformat(finished) - datetime.fromisoformat(started)
    except (ValueError, TypeError):
        return ""
    return str(timedelta(seconds=round(length.total_seconds())))
