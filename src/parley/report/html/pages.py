"""Writes the pages of cases, each on its own: as cases end, or all of them, in several processes."""

from __future__ import annotations

import gc
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING, Final

from parley.report.html.artifacts import find_artifacts
from parley.report.html.case import build_case
from parley.report.html.index import build_header
from parley.report.html.links import case_page, relative
from parley.report.html.site import Site
from parley.report.html.trend import Trend
from parley.wire.ladder import record_ladder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from parley.record.results import CaseResult
    from parley.report.compare import Comparison
    from parley.report.load import LoadedRun

# Below this, starting a process costs more than it saves.
_CASES_PER_WORKER: Final = 200
# What a process takes at once, so that none waits long for the last one.
_SHARE: Final = 50
# In a larger run, pages of cases that are well leave out the logs: nobody reads thousands of them.
_MOST_TIMELINES: Final = 1000


class PageWriter:
    """Writes pages of cases of `run` into the directory `root`.

    A page rests on its own case, and on what is known of the run before it begins: what became of the others
    does not show, so that a page may be written when its case ends.
    """

    def __init__(self, run: LoadedRun, root: Path, comparison: Comparison | None = None) -> None:
        self.site = Site(root)
        self.trend = Trend(run, root)
        self.header = build_header(run, comparison)
        self._run = run
        self._neighbours = _neighbours(run)
        self._is_large = len(run.results) > _MOST_TIMELINES
        self._changes = comparison.by_case() if comparison else {}
        self._legend = self.site.fragment("legend.html")

    def write(self, result: CaseResult) -> None:
        """Write the page of one case unless nothing about it changed."""
        page = case_page(result.case)
        layout = self._run.case(result.case)
        record_ladder(layout)
        artifacts = find_artifacts(layout.root)
        change = self._changes.get(result.case)
        neighbours = self._neighbours[result.case]
        header = self.header
        trend = self.trend.of_case(result.case)
        # A name holds neither a slash nor a null byte.
        files = "".join([f"{path}\0{size} {modified}{note}/" for path, size, modified, note in artifacts])
        digest = self.site.digest_of(
            header.name, header.against, header.has_matrix, result, change, neighbours, trend, files
        )
        if self.site.is_current(page, digest):
            return
        case = build_case(
            self._run,
            result,
            artifacts,
            change=change,
            trend=trend,
            neighbours=neighbours,
            with_logs=not (self._is_large and result.verdict.is_good),
        )
        self.site.render(
            page,
            "case.html",
            digest=digest,
            header=header,
            legend=self._legend,
            case=case,
            files=relative(layout.root, self.site.root / page),
        )


def write_pages(writer: PageWriter, results: tuple[CaseResult, ...], meanwhile: Callable[[], None]) -> None:
    """Write the pages of `results`; this process does `meanwhile` where others write them."""
    workers = min(len(os.sched_getaffinity(0)), len(results) // _CASES_PER_WORKER)
    if workers < 2:  # noqa: PLR2004 -- a single helper would only add the cost of starting it
        _write(writer, results)
        meanwhile()
        return
    # Forked workers inherit the writer; only the names of pages travel. What they inherit is never garbage:
    # left alone, memory stays shared.
    gc.freeze()
    try:
        with ProcessPoolExecutor(
            workers, get_context("fork"), initializer=_inherit, initargs=(writer, results)
        ) as pool:
            shares = [
                pool.submit(_write_share, first, first + _SHARE) for first in range(0, len(results), _SHARE)
            ]
            meanwhile()
            for share in shares:
                writer.site.adopt(share.result())
    finally:
        gc.unfreeze()


def _write(writer: PageWriter, results: tuple[CaseResult, ...]) -> None:
    for result in results:
        writer.write(result)


_inherited: list[tuple[PageWriter, tuple[CaseResult, ...]]] = []


def _inherit(writer: PageWriter, results: tuple[CaseResult, ...]) -> None:
    _inherited.append((writer, results))


def _write_share(first: int, last: int) -> frozenset[str]:
    [(writer, results)] = _inherited
    _write(writer, results[first:last])
    return writer.site.pages


def _neighbours(run: LoadedRun) -> dict[str, tuple[str, str]]:
    """The cases before and after each."""
    names = [result.case for result in run.results]
    return dict(zip(names, zip(["", *names], [*names[1:], ""], strict=False), strict=True))
