"""The logs of both ends and the messages between them, side by side in one order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from parley.errors import InputError
from parley.report.html.markup import ARROWS, shown
from parley.report.ladder import Rung, rungs
from parley.report.timeline import LogLine, log_lines
from parley.wire.ladder import read_ladder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from parley.record.layout import CaseLayout
    from parley.record.results import CaseResult


@dataclass(frozen=True, slots=True)
class TimelineView:
    """What the template shows: a column for each of `hosts`, the wire after the first of them."""

    hosts: tuple[str, ...]
    lines: int
    rows: Markup


def view_timeline(layout: CaseLayout, result: CaseResult) -> TimelineView | None:
    """The timeline of a case; None without a ladder, daemons or logs."""
    hosts = tuple(host.name for host in result.hosts if host.implementation)
    if not hosts or not layout.ladder.is_file():
        return None
    try:
        ladder = read_ladder(layout.ladder)
    except InputError:
        return None  # The ladder's own section says so.
    logged = log_lines(layout, hosts, ladder)
    if not logged:
        return None
    events: list[LogLine | Rung] = [*rungs(ladder), *logged]
    return TimelineView(hosts, len(logged), _rows(hosts, sorted(events, key=lambda event: event.seconds)))


def _rows(hosts: Sequence[str], events: Sequence[LogLine | Rung]) -> Markup:
    """One row an event. Not a template: there are hundreds of them, and a report has thousands of cases."""
    lines = []
    for event in events:
        cells = [""] * (len(hosts) + 1)
        if isinstance(event, LogLine):
            index = hosts.index(event.host)
            cells[index + 1 if index else 0] = shown(event.text)
        else:
            cells[1] = f"<b>{shown(_said(event))}</b>"
        columns = "".join(f"<td>{cell}</td>" for cell in cells)
        lines.append(f'<tr><td class="number">{event.seconds:.3f}</td>{columns}</tr>')
    return Markup("\n".join(lines))  # noqa: S704 -- every part is escaped above


def _said(rung: Rung) -> str:
    words = " ".join((*(word.text for word in rung.words), *(f"[{mark}]" for mark in rung.marks)))
    return f"{rung.left} {ARROWS[rung.way]} {rung.right} {rung.title} {words}".rstrip()
