"""What issues 3 and 4 name: the matrix in both kinds of time, hours of life, the report of many cells."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import report
from figures import Figure, Pair
from running import parley, workspace

from parley.report.html.write import report_of
from parley.report.load import load_run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# 3 x 3 x 30 cells in ten minutes.
CELLS_A_MINUTE = 27
# So many cells are to have their report in five seconds.
MANY = 5000
PHASES = ("boot", "play", "collect")


def matrix(repeat: int, selectors: tuple[str, ...], cells: int) -> Iterator[Figure | Pair]:
    """The same cells in both kinds of time, and the report of one of these runs, multiplied."""
    with workspace() as place:
        real, virtual = (
            [
                parley(place / f"{clock}-{number}", "matrix", *selectors, "--clock", clock, "--no-html")
                for number in range(repeat)
            ]
            for clock in ("real", "virtual")
        )
        for clock, runs in (("real", real), ("virtual", virtual)):
            rates = tuple(60 * run.played / run.seconds for run in runs)
            what = f"matrix in {clock} time, cells a minute"
            yield Figure(3, what, "", rates, CELLS_A_MINUTE, more=True, note=runs[-1].verdicts)
            for name in PHASES:
                shares = tuple(100 * run.phase(name) / sum(map(run.phase, PHASES)) for run in runs)
                yield Figure(3, f"matrix in {clock} time, share of {name}", "%", shares)
        faster = tuple(one.seconds / other.seconds for one, other in zip(real, virtual, strict=True))
        yield Figure(4, "matrix, how much faster in virtual time", "times", faster, 2, more=True)
        took = tuple(run.seconds for run in virtual)
        yield Pair("the matrix in virtual time", took, "in real time", tuple(run.seconds for run in real))
        yield from _report(real[0].run.root, cells)


def _report(run: Path, cells: int) -> Iterator[Figure]:
    """The report of a run, multiplied, at the end of the run and from nothing."""
    source = load_run(run)
    report.record_ladders(source)
    place = run.parent / "multiplied"
    place.mkdir()
    report.multiply(source, place, cells)
    goal = 5.0 if cells >= MANY else None
    ahead = 1000 * report.write_ahead(place) / cells
    note = f"pages written as cells end, {ahead:.1f} ms of processor time each"
    yield Figure(3, f"report of {cells} cells", "s", (report.measure("report", place),), goal, note=note)
    shutil.rmtree(report_of(place))
    whole = report.measure("from nothing", place)
    yield Figure(3, f"report of {cells} cells, from nothing", "s", (whole,), goal)


def long_lives(repeat: int) -> Iterator[Figure]:
    """Eight hours of a tunnel's life; a day of rekeys, for every pair."""
    with workspace() as place:
        tunnel = "strongswan/libreswan/idle-eight-hours"
        runs = [parley(place / f"hours-{number}", "matrix", tunnel, "--no-html") for number in range(repeat)]
        played = tuple(run.phase("play") for run in runs)
        yield Figure(4, "8 h of a tunnel's life", "s", played, 8, note=runs[-1].verdicts)
        days = [
            parley(place / f"day-{number}", "matrix", "day-of-child-rekeys", "--no-html")
            for number in range(repeat)
        ]
        took = tuple(run.seconds for run in days)
        yield Figure(4, "24 h of hourly rekeys, all pairs", "s", took, 180, note=days[-1].verdicts)
