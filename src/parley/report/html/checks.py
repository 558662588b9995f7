"""The checks of a case on its page."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup

from parley.report.html.links import href
from parley.report.html.markup import shown
from parley.report.marks import CHECKS, Mark
from parley.report.summary import evidence_file

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from parley.verdict import Check


class CheckRow(NamedTuple):
    """A check; `file` is the evidence inside the case's directory if it may be linked, else empty."""

    mark: Mark
    name: str
    host: str
    detail: str
    evidence: str
    file: str


def view_checks(checks: Iterable[Check], linkable: Container[str]) -> tuple[CheckRow, ...]:
    """All checks, the worst first; `linkable` holds the files that pages may point to."""
    return tuple(_view(check, linkable) for check in sorted(checks, key=lambda check: check.state.rank))


def _view(check: Check, linkable: Container[str]) -> CheckRow:
    file = evidence_file(check.evidence)
    linked = file if file in linkable else ""
    return CheckRow(CHECKS[check.state], check.name, check.host, check.detail, check.evidence, linked)


def check_rows(checks: Iterable[CheckRow], files: str) -> Markup:
    """The rows of the table of checks, `files` being the way from the page to the case's directory.

    Not a template: a case has dozens of checks, and a report thousands of cases.
    """
    way = shown(files)
    return Markup("\n".join([_row(check, way) for check in checks]))  # noqa: S704 -- every part is escaped below


def _row(check: CheckRow, way: str) -> str:
    evidence = shown(check.evidence)
    if check.file:
        evidence = f'<a href="{way}/{shown(href(check.file))}">{evidence}</a>'
    mark = check.mark
    return (
        f'<tr><td><span class="m {mark.css}">{mark.letter}</span> {mark.word}</td>'
        f"<td>{shown(check.name)}</td><td>{shown(check.host)}</td><td>{shown(check.detail)}</td><td>{evidence}</td></tr>"
    )
