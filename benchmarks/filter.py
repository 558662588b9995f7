"""How soon the filter of a report answers in the browser.

    python benchmarks/filter.py RUN [--cells N]

Makes a report of N cells out of those of RUN (see report.py), opens its pages in Chromium from the disk, and
prints the milliseconds from what is typed until the page has been drawn anew, the median of several words.
Run it on a quiet machine.
"""

from __future__ import annotations

import argparse
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


def answers(page: Page, address: str) -> list[float]:
    """Milliseconds for each of the words."""
    page.goto(address)
    return [page.evaluate(TYPE, word) for word in WORDS]


def main() -> None:
    """Print a line a page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--cells", type=int, default=5000)
    options = parser.parse_args()

    source = load_run(options.run)
    with tempfile.TemporaryDirectory(dir=options.run.parent) as directory, sync_playwright() as playwright:
        place = Path(directory) / "run"
        place.mkdir()
        report = write_report(multiply(source, place, options.cells)).parent.resolve()
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        for name in ("index.html", "matrix.html"):
            found = answers(page, f"file://{report}/{name}")
            spread = f"{min(found):.0f} to {max(found):.0f}"
            print(f"{name:<12} {options.cells} cells: median {statistics.median(found):.0f} ms  ({spread})")
        browser.close()


if __name__ == "__main__":
    main()
