"""What issues 2 and 6 name: one case, the suite again and again, a fresh machine, Libreswan's own suite."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import cases
from figures import Figure
from running import NotHereError, parley, workspace

from parley.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CASE = "interop-ikev2-openbsd-01"
WHOLE_SUITE_MINUTES = 90


def one_case(repeat: int) -> Iterator[Figure]:
    """From command to verdict, images warm; and what of it is not the daemons' own."""
    with workspace() as place:
        # The first run warms the page cache and is not counted.
        rows = [cases.measure(CASE, place / str(number)) for number in range(repeat + 1)][1:]
    phases = ("boot", "play", "collect")
    yield Figure(2, "one case, command to verdict", "s", _column(rows, "command"), 2.5)
    ratios = tuple(row["command"] / row["daemons"] for row in rows)
    yield Figure(2, "one case, to the daemons' own time", "times", ratios, 1.5)
    around = tuple(row["command"] - sum(row[name] for name in phases) for row in rows)
    yield Figure(2, "the command before and after its case", "s", around, 2.0)
    for name in phases:
        yield Figure(2, f"one case, {name}", "s", _column(rows, name))


def suite(repeat: int) -> Iterator[Figure]:
    """The shipped suite, two cases at once, and how often one of its cases was not what it should be."""
    with workspace() as place:
        runs = [parley(place / str(number), "run", "--jobs", "2", "--no-html") for number in range(repeat)]
    yield Figure(2, "shipped suite, two at once", "s", tuple(run.seconds for run in runs), 60)
    each = tuple(run.seconds / run.played for run in runs)
    yield Figure(2, "shipped suite, for each case", "s", each, 1.5, note=runs[-1].verdicts)
    bad = tuple(float(len(run.bad)) for run in runs)
    yield Figure(
        2,
        "cases of a suite that did not pass",
        "",
        bad,
        note="; ".join(run.bad[0] for run in runs if run.bad),
    )


def fresh(_repeat: int) -> Iterator[Figure]:
    """From an empty cache to the first verdict, kernel and images included; the Python packages are there."""
    with workspace() as place:
        os.environ["PARLEY_CACHE"] = str(place / "cache")
        began = time.monotonic()
        try:
            parley(place / "run", "run", CASE)
        finally:
            del os.environ["PARLEY_CACHE"]
        yield Figure(2, "empty cache to first verdict", "s", (time.monotonic() - began,), 180)


def libreswan(tree: Path | None, selectors: tuple[str, ...]) -> Iterator[Figure]:
    """Cases of Libreswan's own suite: how many are as they should be, and how long all would take."""
    if tree is None:
        raise NotHereError("no suite given: --libreswan-suite TREE/testing/pluto")
    with workspace() as place:
        run = parley(place / "run", "run", *selectors, "--suite", str(tree), "--jobs", "2", "--no-html")
    identical = 100 * sum(result.verdict is Verdict.PASSED for result in run.run.results) / run.played
    yield Figure(
        6, "Libreswan's cases as their references", "%", (identical,), 85, more=True, note=run.verdicts
    )
    rate = 60 * run.played / run.seconds
    yield Figure(6, "Libreswan's cases a minute", "", (rate,), 1142 / WHOLE_SUITE_MINUTES, more=True)


def _column(rows: list[dict[str, float]], name: str) -> tuple[float, ...]:
    return tuple(row[name] for row in rows)
