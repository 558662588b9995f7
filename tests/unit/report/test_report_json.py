from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from parley.cell.record import CellRecord, Checkpoint, CommandRecord
from parley.record.layout import RunLayout
from parley.record.results import (
    Attempt,
    CaseResult,
    CellRef,
    HostRecord,
    PlayRecord,
    RunRecord,
    StepRecord,
)
from parley.report.compare import compare
from parley.report.json import REPORT_SCHEMA, render_json
from parley.report.load import load_run
from parley.verdict import Check, Verdict
from sample_runs import HOSTILE, Shape, mixed_cells, of_every_verdict, result, write_run

BARE = Shape(transcripts=False)
DOCUMENTED = Path(__file__).parents[3] / "docs" / "reference" / "results.md"


def _names(value: object) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*map(_names, value.values()))
    if isinstance(value, list):
        return set().union(*map(_names, value))
    return set()


def test_cases_are_found_by_name(tmp_path: Path) -> None:
    document = json.loads(render_json(load_run(write_run(tmp_path, of_every_verdict(), shape=BARE))))
    assert document["schema"] == REPORT_SCHEMA
    assert document["cases"]["ikev2-mtu-large"]["verdict"] == "failed"
    assert list(document["cases"]) == document["run"]["cases"]
    assert document["totals"]["not-run"] == 1
    assert document["exit_code"] == 1


def test_a_cell_keeps_its_coordinates(tmp_path: Path) -> None:
    document = json.loads(render_json(load_run(write_run(tmp_path, mixed_cells(), shape=BARE))))
    cell = document["cases"]["dpd.strongswan.libreswan"]["cell"]
    assert cell == {"scenario": "dpd", "initiator": "strongswan", "responder": "libreswan", "rfc": []}


def test_changes_and_damage_are_in_it(tmp_path: Path) -> None:
    before = load_run(write_run(tmp_path / "a", [result("x"), result("y")], shape=BARE))
    write_run(tmp_path / "b", [result("x", Verdict.FAILED, reason="why"), result("y")], shape=BARE)
    damaged = RunLayout(tmp_path / "b").case("y").result
    damaged.write_text("{")
    now = load_run(tmp_path / "b")
    document = json.loads(render_json(now, comparison=compare(now, before)))
    assert document["changes"]["x"] == {
        "kind": "new-failure",
        "before": {"verdict": "passed", "reason": ""},
        "now": {"verdict": "failed", "reason": "why"},
    }
    assert list(document["damaged"]) == [str(damaged)]


def test_hostile_text_is_ascii_json(tmp_path: Path) -> None:
    text = render_json(load_run(write_run(tmp_path, [result("x", reason=HOSTILE)], shape=BARE)))
    assert text.isascii()
    assert json.loads(text)["cases"]["x"]["reason"] == HOSTILE


RECORDS = (
    RunRecord,
    CaseResult,
    CellRef,
    HostRecord,
    Check,
    Attempt,
    PlayRecord,
    StepRecord,
    CellRecord,
    CommandRecord,
    Checkpoint,
)


@pytest.mark.parametrize("record", RECORDS)
def test_every_recorded_field_is_documented(record: Any) -> None:
    text = DOCUMENTED.read_text(encoding="utf-8")
    assert [field.name for field in fields(record) if f"| `{field.name}` |" not in text] == []


def test_every_field_of_the_report_is_documented(tmp_path: Path) -> None:
    text = DOCUMENTED.read_text(encoding="utf-8")
    run = load_run(write_run(tmp_path, of_every_verdict(), shape=BARE))
    document = json.loads(render_json(run, comparison=compare(run, run)))
    assert [name for name in document if f"| `{name}` |" not in text] == []
    case = document["cases"]["ikev2-dpd"]
    assert [name for name in case if f"| `{name}` |" not in text] == []
    assert "attempts" in _names(case)
