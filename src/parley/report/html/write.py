"""Writes the HTML report of a run: index, matrix if there are cells, one page a case; JSON and JUnit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parley.report.html.index import build_index
from parley.report.html.links import INDEX, MATRIX
from parley.report.html.matrix import build_matrix
from parley.report.html.pages import PageWriter, write_pages
from parley.report.json import render_json
from parley.report.junit import render_junit

if TYPE_CHECKING:
    from pathlib import Path

    from parley.report.compare import Comparison
    from parley.report.load import LoadedRun


def report_of(run: Path) -> Path:
    """Where the report of the run in directory `run` is written."""
    return run / "report"


def write_report(run: LoadedRun, *, output: Path | None = None, comparison: Comparison | None = None) -> Path:
    """Write the report into the directory `output` (default: RUN/report); returns the path of its first page.

    A report that is there already is brought up to date: pages whose input did not change are left alone.
    """
    writer = PageWriter(run, output or report_of(run.root), comparison)
    site, header = writer.site, writer.header

    def write_others() -> None:
        matrix = build_matrix(run, header, comparison)
        if matrix:
            site.render(MATRIX, "matrix.html", header=header, matrix=matrix)
        site.write("report.json", render_json(run, comparison=comparison))
        site.write("junit.xml", render_junit(run))

    write_pages(writer, run.results, write_others)
    # Last, so that a first page is never there before what it points to.
    index = build_index(run, header, comparison, writer.trend.of_runs())
    site.render(INDEX, "index.html", header=header, index=index)
    site.finish()
    return site.root / INDEX
