"""Writes the HTML report of a run: index, matrix if there are cells, one page a case; JSON and JUnit."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING, Final

from parley.report.html.artifacts import find_artifacts
from parley.report.html.case import build_case
from parley.report.html.index import RunHeader, build_header, build_index
from parley.report.html.links import INDEX, MATRIX, case_page, relative
from parley.report.html.matrix import build_matrix
from parley.report.html.site import Site
from parley.report.html.trend import Trend
from parley.report.json import render_json
from parley.report.junit import render_junit
from parley.wire.ladder import record_ladder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from parley.record.results import CaseResult
    from parley.report.compare import Comparison
    from parley.report.html.artifacts import Artifact
    from parley.report.load import LoadedRun

# Below this, starting a process costs more than it saves.
_CASES_PER_WORKER: Final = 200
# In a larger run, pages of cases that are well leave out the logs: nobody reads thousands of them.
_MOST_TIMELINES: Final = 1000


def write_report(run: LoadedRun, *, output: Path | None = None, comparison: Comparison | None = None) -> Path:
    """Write the report into the directory `output` (default: RUN/report); returns the path of its first page.

    A report that is there already is brought up to date: pages whose input did not change are left alone.
    """
    root = output or run.root / "report"
    site = Site(root)
    header = build_header(run, comparison)
    matrix = build_matrix(run, header, comparison)
    if matrix:
        site.render(MATRIX, "matrix.html", header=header, matrix=matrix)
    trend = Trend(run, root)
    _write_cases(_CaseWriter(site, run, header, comparison, trend))
    site.write("report.json", render_json(run, comparison=comparison))
    site.write("junit.xml", render_junit(run))
    # Last, so that a first page is never there before what it points to.
    index = build_index(run, header, comparison, trend.of_runs())
    site.render(INDEX, "index.html", header=header, index=index)
    site.finish()
    return root / INDEX


class _CaseWriter:
    """Writes the pages of cases, each on its own, so that several processes can share the work."""

    def __init__(
        self, site: Site, run: LoadedRun, header: RunHeader, comparison: Comparison | None, trend: Trend
    ) -> None:
        self.site = site
        self.cases = list(_with_neighbours(run.results))
        self._run = run
        self._header = header
        self._is_large = len(run.results) > _MOST_TIMELINES
        self._trend = trend
        self._changes = comparison.by_case() if comparison else {}
        self._legend = site.fragment("legend.html", header=header)

    def write(self, number: int) -> None:
        """Write the page of one case unless nothing about it changed."""
        result, neighbours = self.cases[number]
        page = case_page(result.case)
        layout = self._run.case(result.case)
        root = layout.root
        record_ladder(layout)
        artifacts = find_artifacts(root)
        change = self._changes.get(result.case)
        header = self._header
        trend = self._trend.of_case(result.case)
        digest = _digest(
            header.name, header.against, self._legend, result, change, neighbours, trend, artifacts=artifacts
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
        files = relative(root, self.site.root / page)
        self.site.render(
            page, "case.html", digest=digest, header=header, legend=self._legend, case=case, files=files
        )


def _write_cases(writer: _CaseWriter) -> None:
    number = len(writer.cases)
    workers = min(len(os.sched_getaffinity(0)), number // _CASES_PER_WORKER)
    if workers < 2:  # noqa: PLR2004 -- a single helper would only add the cost of starting it
        for case in range(number):
            writer.write(case)
        return
    # Forked workers inherit the writer; only numbers and digests travel.
    context = get_context("fork")
    shares = [range(first, number, workers) for first in range(workers)]
    with ProcessPoolExecutor(workers, context, initializer=_inherit, initargs=(writer,)) as pool:
        for digests in pool.map(_write_share, shares):
            writer.site.adopt(digests)


_inherited: list[_CaseWriter] = []


def _inherit(writer: _CaseWriter) -> None:
    _inherited.append(writer)


def _write_share(numbers: range) -> dict[str, str]:
    [writer] = _inherited
    for number in numbers:
        writer.write(number)
    return writer.site.digests


def _with_neighbours(results: tuple[CaseResult, ...]) -> Iterator[tuple[CaseResult, tuple[str, str]]]:
    names = ["", *(result.case for result in results), ""]
    for result, before, after in zip(results, names, names[2:], strict=False):
        yield result, (before, after)


def _digest(*shown: object, artifacts: Iterable[Artifact]) -> str:
    # A name holds neither a slash nor a null byte.
    files = "".join([f"{path}\0{size} {modified}{note}/" for path, size, modified, note in artifacts])
    return hashlib.sha256(f"{shown!r}{files}".encode(errors="surrogatepass")).hexdigest()
