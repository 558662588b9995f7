"""How the same cases fared in earlier runs, for a strip of marks."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.record.history import PastRun, past_runs
from parley.report.html.index import Count
from parley.report.html.links import INDEX, case_page, relative
from parley.report.marks import Mark, mark_of

if TYPE_CHECKING:
    from pathlib import Path

    from parley.report.load import LoadedRun


@dataclass(frozen=True, slots=True)
class Past:
    """One mark of a strip; `page` leads to that run's own page about it, empty if there is none."""

    run: str
    mark: Mark
    page: str


@dataclass(frozen=True, slots=True)
class PastTotals:
    """How an earlier run as a whole ended; `page` is its report, empty if it has none."""

    run: str
    page: str
    counts: tuple[Count, ...]


class Trend:
    """Earlier runs beside this one; `output` is the directory of the report that is being written."""

    def __init__(self, run: LoadedRun, output: Path) -> None:
        self._output = output
        self._runs = past_runs(run.root, run.record.started)

    def of_case(self, case: str) -> tuple[Past, ...]:
        """What became of a case, oldest first; runs without it are left out."""
        page = self._output / case_page(case)
        return tuple(
            Past(past.name, mark_of(past.verdicts[case]), self._link(past, case_page(case), page))
            for past in self._runs
            if case in past.verdicts
        )

    def of_runs(self) -> tuple[PastTotals, ...]:
        """All earlier runs, newest first."""
        return tuple(
            PastTotals(
                past.name,
                self._link(past, INDEX, self._output / INDEX),
                tuple(
                    Count(verdict, mark_of(verdict), number)
                    for verdict, number in Counter(past.verdicts.values()).most_common()
                ),
            )
            for past in reversed(self._runs)
        )

    def _link(self, past: PastRun, page: str, here: Path) -> str:
        target = past.root / "report" / page
        return relative(target, here) if target.is_file() else ""
