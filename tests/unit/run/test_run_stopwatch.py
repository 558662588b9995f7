from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from parley.run.stopwatch import Stopwatch

if TYPE_CHECKING:
    import pytest


def test_phases_follow_one_another_without_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = count(100.0, 2.5)
    monkeypatch.setattr("time.monotonic", lambda: next(ticks))
    watch = Stopwatch()
    watch.done("boot")
    watch.done("play")
    assert (watch.began, watch.durations) == (100.0, {"boot": 2.5, "play": 2.5})
    assert sum(watch.durations.values()) == 5.0
