"""Pages of a report in a real browser; what they ask for and what goes wrong in them is remembered."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from playwright.sync_api import Browser, Page, Request


class Opened:
    """Opens pages of the report in `site`, one after the other."""

    def __init__(self, page: Page, site: Path) -> None:
        self.page = page
        self.site = site
        self.problems: list[str] = []
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", lambda message: self.problems.append(message.text))
        page.on("request", self._see)

    def _see(self, request: Request) -> None:
        if not request.url.startswith("file:"):
            self.problems.append(f"asked for {request.url}")

    def __call__(self, name: str) -> Page:
        # From elsewhere, so that a new fragment is a new load.
        self.page.goto("about:blank")
        self.page.goto(f"{self.site.as_uri()}/{name}")
        return self.page


@contextmanager
def opened(chromium: Browser, site: Path, **options: Any) -> Iterator[Opened]:
    """A fresh browser context with `options`; at its end no page may have had a problem."""
    context = chromium.new_context(**options)
    visitor = Opened(context.new_page(), site)
    yield visitor
    context.close()
    assert visitor.problems == []
