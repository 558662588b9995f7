"""How soon the filter of a report answers in the browser.

    python benchmarks/filter.py RUN [--cells N]

Makes a report of N cells out of those of RUN (see report.py), opens its pages in Chromium from the disk, and
prints the milliseconds from what is typed until the page has been drawn anew: the median of several words,
each several times, as a ratio to the goal, and the longest; with it the page's size and when it was first
drawn. Run it on a quiet machine.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from report import multiply

from parley.report.html.write import write_report
from parley.report.load import load_run

WORDS = ("rekey", "rekey impl:libreswan", "verdict:failed", "-strongswan", "nothing has this", "")
# Two frames: the first one is asked for before the page has been drawn.
TYPE = """word => new Promise(done => {
    const box = document.querySelector("#filter");
    const began = performance.now();
    box.value = word;
    box.dispatchEvent(new Event("input"));
    requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - began)));
})"""


# What an answer is to take at most (milliseconds).
GOAL = 100.0
FIRST_PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0].startTime"
# Long enough for what follows an answer, so that the next word finds a page at rest (milliseconds).
REST = 1500


def answers(page: Page, repeat: int) -> list[float]:
    """Milliseconds for each of the words, each so often."""
    found: list[float] = []
    for word in WORDS * repeat:
        page.wait_for_timeout(REST)
        found.append(page.evaluate(TYPE, word))
    return found


def show(page: Page, file: Path, repeat: int) -> None:
    """Open a page and print a line about it."""
    page.goto(file.as_uri())
    page.wait_for_timeout(REST)
    first = page.evaluate(FIRST_PAINT)
    found = answers(page, repeat)
    median = statistics.median(found)
    print(
        f"{file.name:<12} {file.stat().st_size / 1e6:.1f} MB, drawn after {first:.0f} ms; "
        f"a filter answers in {median:.0f} ms ({min(found):.0f} to {max(found):.0f}), "
        f"{median / GOAL:.2f} of the goal"
    )


def main() -> None:
    """Print a line a page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--cells", type=int, default=5000)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()

    source = load_run(options.run)
    with tempfile.TemporaryDirectory(dir=options.run.parent) as directory, sync_playwright() as playwright:
        place = Path(directory) / "run"
        place.mkdir()
        report = write_report(multiply(source, place, options.cells)).parent.resolve()
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        print(f"{options.cells} cells, Chromium {browser.version}, load {os.getloadavg()[0]:.1f}")
        page = browser.new_page()
        for name in ("index.html", "matrix.html"):
            show(page, report / name, options.repeat)
        browser.close()


if __name__ == "__main__":
    main()
