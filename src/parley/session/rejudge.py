"""Judging a recorded run again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from parley.cell.judge import judge_cell
from parley.cell.known import with_known
from parley.cell.record import read_cell
from parley.judge.judge import conclude, judge
from parley.record.results import read_play, write_json
from parley.scenario.load import load_scenario
from parley.verdict import Verdict

if TYPE_CHECKING:
    from parley.record.layout import CaseLayout
    from parley.record.results import CaseResult
    from parley.report.load import LoadedRun


def rejudge(run: LoadedRun) -> None:
    """Judge again every case that was played; the others keep the verdict they have."""
    for result in run.results:
        layout = run.case(result.case)
        if layout.play.exists():
            write_json(layout.result, _scripted(layout, result))
        elif layout.cell.exists():
            write_json(layout.result, _cell(layout, result))


def _scripted(layout: CaseLayout, result: CaseResult) -> CaseResult:
    checks = judge(layout, read_play(layout.play))
    verdict, reason = conclude(checks)
    return _as_tried(replace(result, verdict=verdict, reason=reason, checks=checks))


def _cell(layout: CaseLayout, result: CaseResult) -> CaseResult:
    record = read_cell(layout.cell)
    scenario = load_scenario(Path(record.scenario_path))
    checks = judge_cell(layout, record, scenario)
    verdict, reason = conclude(checks)
    verdict, reason = with_known(scenario, record.initiator, record.responder, verdict, reason)
    return _as_tried(replace(result, verdict=verdict, reason=reason, checks=checks))


def _as_tried(result: CaseResult) -> CaseResult:
    """A case that passes after an earlier try did not stays flaky."""
    if result.attempts and result.verdict is Verdict.PASSED:
        return replace(result, verdict=Verdict.FLAKY, reason=f"before: {result.attempts[0].reason}")
    return result
