"""The matrix page: initiators down, responders across, one chip for each scenario of a cell.

Hints say what pattern the verdicts make; they never change a verdict.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from parley.report.html.hints import asymmetries, hints_for
from parley.report.html.index import Count, change_keys, rfc_keys
from parley.report.html.links import case_page
from parley.report.marks import Mark, mark_of
from parley.report.summary import totals

if TYPE_CHECKING:
    from collections.abc import Iterable

    from parley.record.results import CaseResult, CellRef, HostRecord
    from parley.report.compare import Change, Comparison
    from parley.report.html.index import RunHeader
    from parley.report.load import LoadedRun

# More columns, or more scenarios, and chips lose their names: the marks alone have to do.
_NAMED_COLUMNS: Final = 4
_NAMED_SCENARIOS: Final = 24


@dataclass(frozen=True, slots=True)
class Chip:
    """One scenario in one cell."""

    scenario: str
    mark: Mark
    verdict: str
    reason: str
    page: str
    keys: str
    change: Change | None
    is_asymmetric: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """One pair. `is_self`: an implementation with itself."""

    initiator: str
    responder: str
    chips: tuple[Chip, ...]
    counts: tuple[Count, ...]
    is_self: bool


@dataclass(frozen=True, slots=True)
class Side:
    """A row's or column's header: what was run under this label, and how it did."""

    label: str
    versions: tuple[str, ...]
    counts: tuple[Count, ...]


@dataclass(frozen=True, slots=True)
class ScenarioRow:
    """One scenario over all pairs."""

    name: str
    counts: tuple[Count, ...]
    hints: tuple[str, ...]
    rfc: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RfcChoice:
    """An RFC, or a section of it, that the page can be narrowed to; `key` is what chips have then."""

    key: str
    title: str


@dataclass(frozen=True, slots=True)
class MatrixPage:
    """Everything that the template of the matrix shows."""

    header: RunHeader
    responders: tuple[Side, ...]
    rows: tuple[tuple[Side, tuple[Cell, ...]], ...]
    scenarios: tuple[ScenarioRow, ...]
    rfcs: tuple[RfcChoice, ...]
    cells: int
    is_compact: bool


def build_matrix(run: LoadedRun, header: RunHeader, comparison: Comparison | None) -> MatrixPage | None:
    """The matrix of all results that have a cell, or None if there are none."""
    results = [result for result in run.results if result.cell]
    if not results:
        return None
    grid = _Grid(results, comparison.by_case() if comparison else {})
    initiators = grid.labels("initiator")
    responders = grid.labels("responder")
    scenarios = tuple(grid.scenario(name) for name in grid.labels("scenario"))
    return MatrixPage(
        header=header,
        responders=tuple(grid.side("responder", label) for label in responders),
        rows=tuple(
            (grid.side("initiator", label), tuple(grid.cell(label, other) for other in responders))
            for label in initiators
        ),
        scenarios=scenarios,
        rfcs=_rfcs(results),
        cells=len(results),
        is_compact=len(responders) > _NAMED_COLUMNS or len(scenarios) > _NAMED_SCENARIOS,
    )


class _Grid:
    """Results by each of their coordinates."""

    def __init__(self, results: Iterable[CaseResult], changes: dict[str, Change]) -> None:
        self._changes = changes
        self._by: dict[str, dict[str, list[CaseResult]]] = {
            axis: defaultdict(list) for axis in ("scenario", "initiator", "responder")
        }
        self._pairs: dict[tuple[str, str], list[CaseResult]] = defaultdict(list)
        for result in results:
            cell = _cell_of(result)
            for axis, found in self._by.items():
                found[getattr(cell, axis)].append(result)
            self._pairs[cell.initiator, cell.responder].append(result)
        self._asymmetric = {name: asymmetries(found) for name, found in self._by["scenario"].items()}

    def labels(self, axis: str) -> tuple[str, ...]:
        """Labels along an axis, in the order in which they were asked for; one order for both roles."""
        if axis == "scenario":
            return tuple(self._by[axis])
        both = dict.fromkeys((*self._by["initiator"], *self._by["responder"]))
        return tuple(label for label in both if label in self._by[axis])

    def side(self, axis: str, label: str) -> Side:
        found = self._by[axis][label]
        hosts = (host for result in found for host in result.hosts if _is_label(host, label))
        return Side(label, tuple(dict.fromkeys(map(_version, hosts))), _counts(found))

    def scenario(self, name: str) -> ScenarioRow:
        found = self._by["scenario"][name]
        rfc = dict.fromkeys(text for result in found for text in _cell_of(result).rfc)
        return ScenarioRow(name, _counts(found), hints_for(found), tuple(rfc))

    def cell(self, initiator: str, responder: str) -> Cell:
        found = self._pairs.get((initiator, responder), [])
        return Cell(
            initiator,
            responder,
            tuple(map(self._chip, found)),
            _counts(found),
            is_self=initiator == responder,
        )

    def _chip(self, result: CaseResult) -> Chip:
        cell = _cell_of(result)
        change = self._changes.get(result.case)
        is_asymmetric = (cell.initiator, cell.responder) in self._asymmetric[cell.scenario]
        asymmetry = ("is:asymmetric",) if is_asymmetric else ()
        return Chip(
            scenario=cell.scenario,
            mark=mark_of(result.verdict),
            verdict=result.verdict,
            reason=result.reason,
            page=case_page(result.case),
            keys=" ".join((*asymmetry, *change_keys(change), *rfc_keys(cell.rfc))),
            change=change,
            is_asymmetric=is_asymmetric,
        )


def _rfcs(results: Iterable[CaseResult]) -> tuple[RfcChoice, ...]:
    """All RFCs and sections in their order: 2.9 before 2.10."""
    keys = {key for result in results for key in rfc_keys(_cell_of(result).rfc)}
    return tuple(RfcChoice(key, _rfc_title(key)) for key in sorted(keys, key=_rfc_order))


def _rfc_title(key: str) -> str:
    number, _, section = key.removeprefix("rfc:").partition("/")
    return f"RFC {number} section {section}" if section else f"RFC {number}"


def _rfc_order(key: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"[/.:]", key)]


def _cell_of(result: CaseResult) -> CellRef:
    if result.cell is None:
        raise ValueError(f"{result.case} is no cell")
    return result.cell


def _counts(results: Iterable[CaseResult]) -> tuple[Count, ...]:
    return tuple(Count(verdict, mark_of(verdict), number) for verdict, number in totals(results).items())


def _is_label(host: HostRecord, label: str) -> bool:
    implementation, _, platform = label.partition("@")
    return host.implementation == label or (host.implementation, host.platform) == (implementation, platform)


def _version(host: HostRecord) -> str:
    words = [host.version or "unknown version", host.kernel, f"({host.backend})" if host.backend else ""]
    return " ".join(word for word in words if word)
