"""How far a kernel's compilation has come, from what make prints, and how long the rest may take."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from parley.image.store import Progress

_COMPILED = re.compile(r"  (CC|AS)( \[M\])?  +\S")
_FAILED = re.compile(r"\berror:|undefined reference|No space left|Killed|\*\*\* \[|internal compiler error")

_STEP = 5  # percent between two reports
# Linking and packing come after the last object, and a newer kernel has a few objects more.
_MOST = 99
_MINUTE = 60


class Meter:
    """Told every line that make prints. `expected` objects make a kernel; `done` of them are there already.

    `first_error` is the first line that tells of a failure: what make says last is rarely it.
    """

    def __init__(
        self,
        progress: Progress,
        *,
        expected: int,
        done: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.compiled = done
        self.first_error = ""
        self._progress = progress
        self._expected = expected
        self._before = done
        self._clock = clock
        self._began = clock()
        self._reported = self._percent()

    def line(self, line: str) -> None:
        """Take a line of make's into account."""
        if _COMPILED.match(line):
            self.compiled += 1
            self._report()
        elif not self.first_error and _FAILED.search(line):
            self.first_error = line.strip()

    def _percent(self) -> int:
        return min(_MOST, 100 * self.compiled // self._expected)

    def _report(self) -> None:
        percent = self._percent()
        if percent < self._reported + _STEP:
            return
        self._reported = percent
        self._progress(
            f"{percent} % compiled, {self.compiled} of about {self._expected} objects; {self._left()} left"
        )

    def _left(self) -> str:
        pace = (self._clock() - self._began) / (self.compiled - self._before)
        seconds = max(0.0, pace * (self._expected - self.compiled))
        return f"about {seconds / _MINUTE:.0f} min" if seconds >= _MINUTE else "less than a minute"


def count_compiled(lines: Iterable[str]) -> int:
    """How many objects the lines of a log tell of."""
    return sum(1 for line in lines if _COMPILED.match(line))
