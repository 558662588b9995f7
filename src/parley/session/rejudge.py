"""Judging a recorded run again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from parley.judge.judge import conclude, judge
from parley.record.results import read_play, write_json

if TYPE_CHECKING:
    from parley.report.load import LoadedRun


def rejudge(run: LoadedRun) -> None:
    """Judge again every case that was played; the others keep the verdict they have."""
    for result in run.results:
        layout = run.case(result.case)
        if not layout.play.exists():
            continue
        checks = judge(layout, read_play(layout.play))
        verdict, reason = conclude(checks)
        write_json(layout.result, replace(result, verdict=verdict, reason=reason, checks=checks))
