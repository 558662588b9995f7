"""Judging a recorded run again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from parley.cell.drivers import declared_lack, driver_for
from parley.cell.judge import judge_cell
from parley.cell.known import as_declared
from parley.cell.record import read_cell
from parley.judge.judge import as_tried, conclude, judge
from parley.record.results import read_play, write_json
from parley.scenario.load import load_scenario
from parley.scenario.model import Role

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
    return as_tried(replace(result, verdict=verdict, reason=reason, checks=checks))


def _cell(layout: CaseLayout, result: CaseResult) -> CaseResult:
    record = read_cell(layout.cell)
    scenario = load_scenario(Path(record.scenario_path))
    checks = judge_cell(layout, record, scenario)
    verdict, reason = conclude(checks)
    lack = declared_lack({role: driver_for(record, scenario, role) for role in Role})
    verdict, reason = as_declared(
        scenario, record.initiator, record.responder, verdict=verdict, reason=reason, lack=lack
    )
    return as_tried(replace(result, verdict=verdict, reason=reason, checks=checks))
