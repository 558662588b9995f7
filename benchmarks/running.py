"""The command as a user types it, timed, in a directory that is gone afterwards."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from parley.report.load import load_run
from parley.report.summary import totals
from parley.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parley.report.load import LoadedRun


class NotHereError(Exception):
    """Something cannot be measured here; the text says why."""


@dataclass(frozen=True, slots=True)
class Timed:
    """A finished run; `seconds` from calling the command to its end."""

    seconds: float
    run: LoadedRun

    @property
    def verdicts(self) -> str:
        """How many of each."""
        return ", ".join(f"{number} {verdict}" for verdict, number in totals(self.run.results).items())

    @property
    def bad(self) -> tuple[str, ...]:
        """The cases that ended neither as they should nor as unsupported, and why."""
        good = (Verdict.PASSED, Verdict.UNSUPPORTED, Verdict.KNOWN)
        return tuple(
            f"{result.case} {result.verdict}: {result.reason}"
            for result in self.run.results
            if result.verdict not in good
        )

    @property
    def played(self) -> int:
        """How many cases had hosts booted for them."""
        return sum("play" in result.durations for result in self.run.results)

    def phase(self, name: str) -> float:
        """Seconds of a phase (boot, play, collect), summed over all cases."""
        return sum(result.durations.get(name, 0.0) for result in self.run.results)


@contextmanager
def workspace() -> Iterator[Path]:
    """A directory in which hosts may write, too, when root measures: they run as nobody."""
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)


def passed(place: Path, *words: str) -> Timed:
    """The same, for what means nothing unless it passes. Raises NotHereError if it does not."""
    timed = parley(place, *words)
    if timed.bad:
        raise NotHereError(timed.bad[0])
    return timed


def parley(place: Path, *words: str) -> Timed:
    """Run `parley WORDS`, which plays cases, with `place` for its results; verdicts may be any.

    Raises NotHereError if nothing was played at all.
    """
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "parley", *words, "--output", place],
        check=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    seconds = time.monotonic() - began
    if not (place / "run.json").exists():
        raise NotHereError(done.stderr.strip().splitlines()[0] if done.stderr.strip() else "it left no run")
    timed = Timed(seconds, load_run(place))
    if not timed.played:
        raise NotHereError(next((result.reason for result in timed.run.results), "no case matches"))
    return timed
