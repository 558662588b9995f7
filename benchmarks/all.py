"""All figures that the issues name, as one table and one picture.

    python benchmarks/all.py [--repeat N] [--only NAME...] [--cells N] [--matrix SELECTOR...]
                             [--libreswan-suite DIR [--libreswan-cases SELECTOR...]] [--fresh] [--output DIR]

Medians, with the least and the most; goals as ratios; beside them what one would do without a lab. Run it on
a machine that does nothing else: its load before and after stands in the table. A measurement that cannot be
made here is named with the reason, and the others go on. Writes benchmarks.md, .json and .svg.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import measure_cases
import measure_guests
import measure_matrix
from figures import Figure, Row, Skipped, as_json, table
from machine import describe, load_after
from plot import plot
from running import NotHereError

from parley.errors import ParleyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CORE = ("--core",)
# What a user might pick instead, and why it is not beside Parley in the table.
NOT_RUN_HERE = (
    Skipped(
        "Libreswan's own runner (kvm, namespaces)",
        "needs root, and KVM guests or ESP in the machine's kernel",
    ),
    Skipped(
        "a script with namespaces in the machine's own kernel",
        "measured in the lab's: not every kernel has ESP",
    ),
)


def measurements(options: argparse.Namespace) -> dict[str, Callable[[], Iterator[Row]]]:
    """All of them by name, in the order in which they are made."""
    repeat = options.repeat
    found: dict[str, Callable[[], Iterator[Row]]] = {
        "wire": partial(measure_guests.wire, repeat),
        "case": partial(measure_cases.one_case, repeat),
        "side-by-side": partial(measure_guests.side_by_side, repeat),
        "guests": partial(measure_guests.guests, repeat),
        "suite": partial(measure_cases.suite, repeat),
        "lives": partial(measure_matrix.long_lives, repeat),
        "matrix": partial(measure_matrix.matrix, min(repeat, 3), tuple(options.matrix), options.cells),
        "libreswan": partial(
            measure_cases.libreswan, options.libreswan_suite, tuple(options.libreswan_cases)
        ),
        "fresh": partial(measure_cases.fresh, repeat),
    }
    if not options.fresh:
        # It loads hundreds of megabytes.
        del found["fresh"]
    return {name: found[name] for name in options.only or found}


def measure(name: str, measurement: Callable[[], Iterator[Row]]) -> list[Row]:
    """The rows of a measurement; as far as it came, and why no farther."""
    rows: list[Row] = []
    began = time.monotonic()
    try:
        rows.extend(measurement())
    except (NotHereError, ParleyError, OSError, subprocess.CalledProcessError) as error:
        rows.append(Skipped(name, str(error).splitlines()[0]))
    print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    return rows


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="some measurements only")
    parser.add_argument("--cells", type=int, default=5000, help="cells of the big report")
    parser.add_argument("--matrix", nargs="+", default=list(CORE), help="the cells of the matrix")
    parser.add_argument("--libreswan-suite", type=Path, metavar="DIR")
    parser.add_argument("--libreswan-cases", nargs="+", default=[], metavar="SELECTOR")
    parser.add_argument("--fresh", action="store_true", help="also from an empty cache; needs the network")
    parser.add_argument("--output", type=Path, default=Path("bench"))
    options = parser.parse_args()
    if options.repeat < 1:
        parser.error("--repeat takes a whole number from 1 on")
    known = measurements(argparse.Namespace(**{**vars(options), "only": None, "fresh": True}))
    unknown = sorted(set(options.only or ()) - set(known))
    if unknown:
        parser.error(f"no measurement is called {', '.join(unknown)}; there are {', '.join(known)}")
    options.fresh = options.fresh or "fresh" in (options.only or ())
    return options


def write(directory: Path, rows: list[Row], machine: dict[str, str]) -> str:
    """Write the three files; the table, too, as text."""
    directory.mkdir(parents=True, exist_ok=True)
    text = table(rows, machine)
    (directory / "benchmarks.md").write_text(text, encoding="utf-8")
    document = json.dumps(as_json(rows, machine), indent=1, ensure_ascii=False)
    (directory / "benchmarks.json").write_text(document + "\n", encoding="utf-8")
    picture = plot([row for row in rows if isinstance(row, Figure)])
    (directory / "benchmarks.svg").write_text(picture, encoding="utf-8")
    return text


def main() -> None:
    """Measure, write what there is after each measurement, print the table."""
    options = parse()
    machine = describe()
    rows: list[Row] = [*NOT_RUN_HERE]
    text = ""
    for name, measurement in measurements(options).items():
        rows += measure(name, measurement)
        # It takes an hour: whoever stops it keeps what was measured.
        text = write(options.output, rows, machine | load_after())
    print(text)


if __name__ == "__main__":
    main()
