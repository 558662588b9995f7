"""A real Chromium for report tests; Debian's package is enough, nothing is downloaded."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from browser_pages import opened
from parley.report.compare import compare
from parley.report.html.write import write_report
from parley.report.load import load_run
from parley.verdict import Verdict
from sample_runs import Shape, mixed_cells, of_every_verdict, replaced, write_run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

    from browser_pages import Opened

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("there is no chromium on this machine; apt install chromium")
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="playwright is missing; pip install playwright"
    )
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with every verdict, a matrix, and a comparison with an earlier run."""
    root = tmp_path_factory.mktemp("site")
    now = (*of_every_verdict(), *mixed_cells())
    before = [
        replaced(one, Verdict.PASSED)
        if one.case in {"rekey-ike.openiked.strongswan", "ikev2-mtu-large"}
        else one
        for one in now
    ]
    run = load_run(write_run(root / "now", now))
    earlier = load_run(write_run(root / "before", before, shape=Shape(transcripts=False)))
    return write_report(run, comparison=compare(run, earlier)).parent


@pytest.fixture
def visit(chromium: Browser, site: Path) -> Iterator[Opened]:
    with opened(chromium, site, permissions=["clipboard-read", "clipboard-write"]) as visitor:
        yield visitor
