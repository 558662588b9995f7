"""A run while it runs: a live line a case on a terminal, one line per verdict elsewhere."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from parley.escape import escape_terminal
from parley.report.marks import mark_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.live import Live

    from parley.record.results import CaseResult
    from parley.run.scheduler import Watcher


class PlainProgress:
    """One line per finished case; made for pipes and CI logs."""

    def __init__(self, stream: TextIO, total: int, done: int) -> None:
        self._stream = stream
        self._total = total
        self._done = done

    def started(self, case: str) -> None:
        """Say nothing: a log wants results."""

    def progressed(self, case: str, phase: str) -> None:
        """Say nothing but that a lab is kept: a log wants results, and its reader a way in."""
        if phase.startswith("kept: "):
            print(f"{case} {escape_terminal(phase)}", file=self._stream, flush=True)

    def finished(self, result: CaseResult) -> None:
        """Print the verdict."""
        self._done += 1
        seconds = sum(result.durations.values())
        reason = f"  {escape_terminal(result.reason)}" if result.reason else ""
        line = f"[{self._done}/{self._total}] {result.verdict:<11} {result.case}  {seconds:.1f} s{reason}"
        print(line, file=self._stream, flush=True)


class LiveProgress:
    """What every running case is doing right now, redrawn in place, results scrolling by above."""

    def __init__(self, live: Live, total: int, done: int) -> None:
        self._live = live
        self._total = total
        self._done = done
        self._running: dict[str, tuple[float, str]] = {}

    def started(self, case: str) -> None:
        """Show a new line."""
        self._running[case] = (time.monotonic(), "start")
        self._draw()

    def progressed(self, case: str, phase: str) -> None:
        """Show what the case is doing."""
        began, _ = self._running[case]
        self._running[case] = (began, phase)
        self._draw()

    def finished(self, result: CaseResult) -> None:
        """Move the case from the running ones to the finished."""
        from rich.text import Text  # noqa: PLC0415 -- rich is only loaded for terminals

        self._done += 1
        self._running.pop(result.case, None)
        mark = mark_of(result.verdict)
        line = Text.assemble((f"{mark.shape} {result.verdict:<11}", mark.style), f" {result.case}")
        line.append(f"  {sum(result.durations.values()):.1f} s", style="dim")
        self._live.console.print(line)
        self._draw()

    def _draw(self) -> None:
        from rich.text import Text  # noqa: PLC0415 -- rich is only loaded for terminals

        now = time.monotonic()
        lines = [
            f"  {case}  {now - began:.0f} s  {escape_terminal(phase)}"
            for case, (began, phase) in self._running.items()
        ]
        lines.append(f"  {self._done} of {self._total} done")
        text = Text("\n".join(lines), style="dim", no_wrap=True, overflow="ellipsis")
        self._live.update(text, refresh=True)


@contextmanager
def progress_for(stream: TextIO, *, total: int, done: int = 0) -> Iterator[Watcher]:
    """The right kind of progress for `stream`; `done` of `total` cases have their verdict already."""
    if not stream.isatty():
        yield PlainProgress(stream, total, done)
        return
    from rich.console import Console  # noqa: PLC0415 -- costs 0.1 s that a pipe need not wait for
    from rich.live import Live  # noqa: PLC0415 -- the same

    # No refresh thread: workers are forked from this process.
    with Live(console=Console(file=stream), auto_refresh=False, transient=True) as live:
        yield LiveProgress(live, total, done)
