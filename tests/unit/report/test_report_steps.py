from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from parley.cell.record import CellRecord, CommandRecord
from parley.record.layout import CaseLayout
from parley.record.results import write_json
from parley.report.html.steps import Story, read_story
from parley.report.html.write import write_report
from parley.report.load import load_run
from parley.scenario.model import Role
from parley.verdict import Verdict
from sample_runs import cells, host, result, write_run

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = "set -e\nipsec start\nipsec up psk\n"


def _record(case: Path) -> CellRecord:
    record = CellRecord(
        scenario="psk",
        scenario_path="scenarios/psk.toml",
        initiator="libreswan",
        responder="openiked",
        hosts=(host("west", "libreswan"), host("east", "openiked")),
        roles={Role.INITIATOR: "west", Role.RESPONDER: "east"},
        commands=(
            CommandRecord("west", "start", SCRIPT, 1.5, 0.5, 0, "west/cmd/0001.out", "west/cmd/0001.err"),
            CommandRecord("east", "traffic", "ping x", 2.5, 0.5, None, "east/cmd/0001.out", ""),
        ),
    )
    write_json(CaseLayout(case).cell, record)
    return record


def test_commands_of_a_cell_are_its_steps(tmp_path: Path) -> None:
    _record(tmp_path)
    story = read_story(CaseLayout(tmp_path), {"cell.json", "share/west/cmd/0001.out"})
    start, ping = story.steps
    assert (start.purpose, start.text.partition("\n")[0]) == ("start", "set -e")
    assert (start.file, ping.file) == ("share/west/cmd/0001.out", "")
    assert ping.status is None


def test_steps_of_a_scripted_case_keep_their_comments(tmp_path: Path) -> None:
    write_run(tmp_path, [result("one")])
    layout = CaseLayout(tmp_path / "cases" / "one")
    story = read_story(layout, {"play.json"})
    assert [step.text for step in story.steps][:2] == ["ipsec start", "ipsec start"]
    assert set(story.references) == {"west", "east"}


@pytest.mark.parametrize("name", ["cell.json", "play.json"])
def test_a_damaged_record_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text('{"schema": 1}')
    assert name in read_story(CaseLayout(tmp_path), {name}).damage


def test_a_case_without_a_record_has_no_story(tmp_path: Path) -> None:
    _record(tmp_path)
    assert read_story(CaseLayout(tmp_path), set()) == Story()


def test_a_played_cell_without_judgement_is_said_to_be_played(tmp_path: Path) -> None:
    [one] = cells(["psk"], ["libreswan"])
    write_run(tmp_path, [replace(one, verdict=Verdict.NOT_RUN)])
    case = tmp_path / "cases" / one.case
    case.mkdir(parents=True)
    _record(case)
    [loaded] = load_run(tmp_path).results
    assert "played and not judged" in loaded.reason
    assert loaded.cell == one.cell


def test_a_script_is_folded_on_the_page(tmp_path: Path) -> None:
    [one] = cells(["psk"], ["libreswan"])
    write_run(tmp_path, [one])
    case = tmp_path / "cases" / one.case
    (case / "play.json").unlink()
    _record(case)
    page = write_report(load_run(tmp_path)).parent / "cases" / f"{one.case}.html"
    assert "<summary><code>set -e</code></summary><pre>set -e\nipsec start" in page.read_text()
