"""How long the HTML report of many cells takes to write.

    python benchmarks/report.py RUN [--cells N]

Takes the played cells of RUN again and again, under other names and with all their files (as hard links),
until there are N, and prints seconds of wall and of processor time: of the report at the end of a run, where
each cell's page was written when the cell ended; of what that cost while it ran; of a report from nothing, as
`parley report` makes one of a run without. Run it on a quiet machine.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import shutil
import tempfile
import time
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path

from parley.record.layout import RunLayout
from parley.record.results import CellRef, RunRecord, write_json
from parley.report.html.pages import PageWriter
from parley.report.html.write import report_of, write_report
from parley.report.load import LoadedRun, load_run
from parley.wire.ladder import record_ladder


def multiply(source: LoadedRun, place: Path, cells: int) -> LoadedRun:
    """A run of so many cells below `place`, made of the cells of `source` that were played."""
    played = [result for result in source.results if result.cell and source.case(result.case).cell.exists()]
    run = RunLayout(place)
    names: dict[str, CellRef] = {}
    for number, result in enumerate(islice(cycle(played), cells)):
        if result.cell is None:
            continue
        cell = replace(result.cell, scenario=f"{result.cell.scenario}-{number // len(played)}")
        name = f"{cell.scenario}.{cell.initiator}.{cell.responder}"
        shutil.copytree(
            source.case(result.case).root, run.case(name).root, copy_function=os.link, symlinks=True
        )
        # A link that is written to would change its source.
        run.case(name).result.unlink()
        write_json(run.case(name).result, replace(result, case=name, cell=cell))
        names[name] = cell
    record: RunRecord = replace(source.record, cases=tuple(names), cells=names)
    write_json(run.record, record)
    return load_run(place)


def spent() -> float:
    """Seconds of processor time, of this process and of those that it waited for."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def measure(what: str, place: Path) -> float:
    """Load and write once, and print what it took; the seconds of all of it."""
    began, used = time.monotonic(), spent()
    run = load_run(place)
    loaded = time.monotonic() - began
    write_report(run)
    whole = time.monotonic() - began
    print(f"{what:<22} {whole:6.2f} s, of it loading {loaded:.2f} s; processor {spent() - used:.2f} s")
    return whole


def write_ahead(place: Path) -> float:
    """Write the pages of cells as a run does when they end; seconds of processor time."""
    run = load_run(place)
    used = spent()
    writer = PageWriter(run, report_of(place))
    for result in run.results:
        writer.write(result)
    return spent() - used


def record_ladders(run: LoadedRun) -> None:
    """Dissect what was not dissected; a run does it as its cells end."""
    for result in run.results:
        record_ladder(run.case(result.case))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--cells", type=int, default=5000)
    options = parser.parse_args()

    source = load_run(options.run)
    record_ladders(source)
    # On the same file system, for hard links.
    with tempfile.TemporaryDirectory(dir=options.run.parent) as directory:
        place = Path(directory) / "run"
        place.mkdir()
        multiply(source, place, options.cells)
        cores = len(os.sched_getaffinity(0))
        print(f"{options.cells} cells, {cores} cores, {platform.platform()}")
        ahead = write_ahead(place)
        measure("at the end of a run", place)
        print(f"{'each page, before':<22} {1000 * ahead / options.cells:6.2f} ms of processor time")
        shutil.rmtree(report_of(place))
        measure("from nothing", place)


if __name__ == "__main__":
    main()
