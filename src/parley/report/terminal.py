"""Results for a terminal: one line a case, then what failed and why, then totals.

Lines are built once as coloured pieces; a terminal gets them through rich, anything else as plain text.
All text of results is escaped (parley.escape): it may come from a guest.
"""

from __future__ import annotations

import os
from typing import IO, TYPE_CHECKING, NamedTuple

from parley.escape import escape_terminal
from parley.report.marks import CHECKS, VERDICTS, Mark, can_print_shapes, mark_of
from parley.report.summary import advice, seconds, totals_line, troubles
from parley.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from parley.record.results import CaseResult
    from parley.report.compare import Change, Comparison
    from parley.report.load import LoadedRun
    from parley.verdict import Check

_NAME_WIDTH = 48
_WORD_WIDTH = max(len(mark.word) for mark in VERDICTS.values())


class Piece(NamedTuple):
    """Some text in one style (a rich style; empty: none)."""

    text: str
    style: str = ""


Line = tuple[Piece, ...]


def case_line(result: CaseResult, *, width: int = 0, shapes: bool = True) -> Line:
    """The line of one case, its name padded to `width` columns."""
    mark = mark_of(result.verdict)
    reason = escape_terminal(result.reason)
    return (
        _mark(mark, shapes=shapes),
        Piece(f" {escape_terminal(result.case):<{width}}", "bold" if not result.verdict.is_good else ""),
        Piece(f" {seconds(result):7.1f} s", "bright_black"),
        Piece(f"  {reason}" if reason else ""),
    )


def print_report(run: LoadedRun, stream: IO[str], *, comparison: Comparison | None = None) -> None:
    """Write a run's results to `stream`, in colour if it is a terminal."""
    shapes = can_print_shapes(getattr(stream, "encoding", None))
    print_lines(_document(run, comparison, shapes=shapes), stream)


def print_lines(lines: Iterable[Line], stream: IO[str]) -> None:
    """Write lines to `stream`, in colour if it is a terminal."""
    if not stream.isatty() or os.environ.get("TERM") == "dumb":
        stream.writelines("".join(piece.text for piece in line).rstrip() + "\n" for line in lines)
        return
    from rich.console import Console  # noqa: PLC0415 -- rich takes longer to import than most commands run
    from rich.text import Text  # noqa: PLC0415 -- the same

    console = Console(file=stream, highlight=False, emoji=False, markup=False)
    for line in lines:
        console.print(Text.assemble(*line), soft_wrap=True)


def _document(run: LoadedRun, comparison: Comparison | None, *, shapes: bool) -> Iterator[Line]:
    width = min(_NAME_WIDTH, max((len(escape_terminal(result.case)) for result in run.results), default=0))
    for result in run.results:
        yield case_line(result, width=width, shapes=shapes)
    for result in run.results:
        if not result.verdict.is_good and result.verdict is not Verdict.NOT_RUN:
            yield from _trouble(run, result, shapes=shapes)
    if comparison is not None:
        yield from _changes(comparison, shapes=shapes)
    yield ()
    yield (Piece(totals_line(run.results), "bold"), Piece(f" in {run.root}", "bright_black"))


def _mark(mark: Mark, *, shapes: bool) -> Piece:
    return Piece(
        f"{mark.shape if shapes else mark.plain} {mark.letter} {mark.word:<{_WORD_WIDTH}}", mark.style
    )


def _trouble(run: LoadedRun, result: CaseResult, *, shapes: bool) -> Iterator[Line]:
    yield ()
    title = f"  {escape_terminal(result.title)}" if result.title else ""
    yield (
        _mark(mark_of(result.verdict), shapes=shapes),
        Piece(f" {escape_terminal(result.case)}", "bold"),
        Piece(title),
    )
    checks = troubles(result)
    if not checks:
        yield (Piece(f"    {escape_terminal(result.reason) or 'no reason was recorded'}"),)
    for check in checks:
        yield from _check(run, result, check, shapes=shapes)
    for attempt in result.attempts:
        yield (Piece(f"    earlier try: {attempt.verdict}, {escape_terminal(attempt.reason)}"),)
    if advice(result):
        yield (Piece("    try: ", "bold"), Piece(escape_terminal(advice(result))))


def _check(run: LoadedRun, result: CaseResult, check: Check, *, shapes: bool) -> Iterator[Line]:
    mark = CHECKS[check.state]
    host = f" on {escape_terminal(check.host)}" if check.host else ""
    detail = f": {escape_terminal(check.detail)}" if check.detail else ""
    shape = mark.shape if shapes else mark.plain
    yield (
        Piece(f"    {shape} {mark.letter} {mark.word} ", mark.style),
        Piece(f"{escape_terminal(check.name)}{host}{detail}"),
    )
    if check.evidence:
        path = run.case(result.case).root / check.evidence
        yield (Piece(f"        evidence: {escape_terminal(str(path))}", "bright_black"),)


def _changes(comparison: Comparison, *, shapes: bool) -> Iterator[Line]:
    yield ()
    yield (Piece(f"Since {comparison.against.root}:", "bold"),)
    if not comparison.changes:
        yield (Piece("  nothing changed"),)
    kind = None
    for change in comparison.changes:
        if change.kind is not kind:
            kind = change.kind
            yield (Piece(f"  {kind.heading}", "bold"),)
        yield from _change(change, shapes=shapes)


def _change(change: Change, *, shapes: bool) -> Iterator[Line]:
    shown = change.now or change.before
    if shown is None:
        return
    before = change.before.verdict if change.before else "absent"
    now = change.now.verdict if change.now else "absent"
    arrow = "→" if shapes else "->"
    reason = escape_terminal(shown.reason)
    yield (
        Piece("    "),
        _mark(mark_of(shown.verdict), shapes=shapes),
        Piece(f" {escape_terminal(change.case)}  {before} {arrow} {now}" + (f"  {reason}" if reason else "")),
    )
