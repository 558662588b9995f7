"""From a lab that is not booted yet to what was played in it, whatever breaks on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.errors import LabError
from parley.lab.play import collect, play

if TYPE_CHECKING:
    from collections.abc import Iterable

    from parley.case.model import Step
    from parley.lab.lab import Lab
    from parley.record.results import StepRecord
    from parley.run.stopwatch import Stopwatch

# Called while a lab still lives, after the last step; returns when it may end.
Hold = Callable[["Lab", Callable[[str], None]], None]


@dataclass(frozen=True, slots=True)
class Performance:
    """Every step that was played; why it stopped early, and what broke in the lab (empty: nothing)."""

    steps: tuple[StepRecord, ...]
    stopped: str = ""
    error: str = ""


def perform(
    lab: Lab, steps: Iterable[Step], watch: Stopwatch, progress: Callable[[str], None], hold: Hold | None
) -> Performance:
    """Boot, play, hold and collect. Never raises for what breaks in the lab: that is told."""
    records: list[StepRecord] = []
    stopped = ""
    progress("boot")
    try:
        with lab:
            watch.done("boot")
            _, stopped = play(steps, lab, watch.began, progress, records)
            watch.done("play")
            if hold:
                hold(lab, progress)
                watch.done("hold")
            progress("collect")
            collect(lab)
            watch.done("collect")
    except LabError as broken:
        watch.done("lab error")
        return Performance(tuple(records), stopped, str(broken))
    return Performance(tuple(records), stopped)
