"""How long each phase of a case took."""

from __future__ import annotations

import time


class Stopwatch:
    """Seconds by phase; phases follow one another without a gap."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.durations: dict[str, float] = {}

    def done(self, phase: str) -> None:
        """The phase that went on until now is over."""
        elapsed = time.monotonic() - self.began
        self.durations[phase] = round(elapsed - sum(self.durations.values()), 4)
