"""How many cells of the matrix a machine plays in a minute, and where their time goes.

    python benchmarks/matrix.py [--jobs N] [SELECTOR...]

Runs `parley matrix` as a user does, without the HTML report, and prints cells a minute, processor time a
cell (of hosts' kernels, hub, judgement and all), and medians by phase and by what commands were for. Cells
that are not played because something is unsupported do not count. Run it on a quiet machine.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from parley.cell.record import CellRecord, read_cell
from parley.report.load import LoadedRun, load_run
from parley.report.summary import totals


def play(selectors: list[str], jobs: int, place: Path) -> tuple[float, float]:
    """Run the cells into `place`; seconds of wall and of processor time."""
    command = [sys.executable, "-m", "parley", "matrix", "--no-html", f"--jobs={jobs}", f"--output={place}"]
    began = time.monotonic()
    subprocess.run([*command, *selectors], check=False, stdout=subprocess.DEVNULL)
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime


def played(run: LoadedRun) -> list[CellRecord]:
    """The records of the cells that were played."""
    places = (run.case(result.case).cell for result in run.results)
    return [read_cell(place) for place in places if place.exists()]


def show_medians(title: str, rows: list[dict[str, float]]) -> None:
    """A line for each name that rows have: median, spread, and in how many rows it is."""
    values: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        for name, seconds in row.items():
            values[name].append(seconds)
    print(title)
    for name, found in sorted(values.items(), key=lambda item: -statistics.median(item[1])):
        spread = f"{min(found):.2f} to {max(found):.2f}"
        print(f"  {name:<14} {statistics.median(found):6.2f} s  ({spread}, {len(found)} cells)")


def by_purpose(record: CellRecord) -> dict[str, float]:
    """Seconds of a cell by what its commands were for; the two ends run side by side and count once."""
    spent: dict[str, float] = defaultdict(float)
    seen: set[tuple[str, float]] = set()
    for command in record.commands:
        moment = (command.purpose, round(command.started, 1))
        if moment not in seen:
            seen.add(moment)
            spent[command.purpose] += command.elapsed
    return spent


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("selectors", nargs="*", default=["--core"])
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as directory:
        # Hosts run as nobody when root runs this, and must reach the run.
        Path(directory).chmod(0o755)
        place = Path(directory) / "run"
        wall, processor = play(options.selectors, options.jobs, place)
        run = load_run(place)
        records = played(run)
    print(f"{len(records)} cells played, {options.jobs} at once, {platform.platform()}")
    print(", ".join(f"{number} {verdict}" for verdict, number in totals(run.results).items()))
    pace, cost = 60 * len(records) / wall, processor / len(records)
    print(f"{pace:.1f} cells a minute; processor time {cost:.2f} s a cell")
    show_medians("phases", [record.durations for record in records])
    show_medians("commands", [by_purpose(record) for record in records])


if __name__ == "__main__":
    main()
