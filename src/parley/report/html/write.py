"""Writes the HTML report of a run: index, matrix if there are cells, one page a case; JSON and JUnit."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from parley.report.html.artifacts import find_artifacts
from parley.report.html.case import build_case
from parley.report.html.index import RunHeader, build_header, build_index
from parley.report.html.links import INDEX, MATRIX, case_page, relative
from parley.report.html.matrix import build_matrix
from parley.report.html.site import Site
from parley.report.json import render_json
from parley.report.junit import render_junit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from parley.report.compare import Change, Comparison
    from parley.report.load import LoadedRun
    from parley.run.record import CaseResult


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
    _write_cases(site, run, header, comparison.by_case() if comparison else {})
    site.write("report.json", render_json(run, comparison=comparison))
    site.write("junit.xml", render_junit(run))
    # Last, so that a first page is never there before what it points to.
    site.render(INDEX, "index.html", header=header, index=build_index(run, header, comparison))
    site.finish()
    return root / INDEX


def _write_cases(site: Site, run: LoadedRun, header: RunHeader, changes: dict[str, Change]) -> None:
    shared = (header.name, header.against, header.has_matrix)
    for result, neighbours in _with_neighbours(run.results):
        page = case_page(result.case)
        root = run.case(result.case).root
        artifacts = find_artifacts(root)
        change = changes.get(result.case)
        digest = _digest(shared, result, artifacts, change, neighbours)
        if not site.is_current(page, digest):
            case = build_case(run, result, artifacts, change=change, neighbours=neighbours)
            files = relative(root, site.root / page)
            site.render(page, "case.html", digest=digest, header=header, case=case, files=files)


def _with_neighbours(results: tuple[CaseResult, ...]) -> Iterator[tuple[CaseResult, tuple[str, str]]]:
    names = ["", *(result.case for result in results), ""]
    for result, before, after in zip(results, names, names[2:], strict=False):
        yield result, (before, after)


def _digest(*shown: object) -> str:
    return hashlib.sha256(repr(shown).encode(errors="surrogatepass")).hexdigest()
