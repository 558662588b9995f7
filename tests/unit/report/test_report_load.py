from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from parley.errors import InputError
from parley.record.layout import RunLayout
from parley.record.results import CellRef, read_result, read_run, write_json
from parley.report.load import load_run
from parley.verdict import Verdict
from sample_runs import Shape, of_every_verdict, result, write_run

if TYPE_CHECKING:
    from pathlib import Path

BARE = Shape(transcripts=False)


def test_results_come_in_asked_for_order(tmp_path: Path) -> None:
    names = ["z-last-by-name", "a-first-by-name", "m"]
    run = load_run(write_run(tmp_path, [result(name) for name in names], shape=BARE))
    assert [one.case for one in run.results] == names
    assert run.damaged == ()


def test_a_case_without_a_result_is_not_run_and_says_why(tmp_path: Path) -> None:
    write_run(tmp_path, of_every_verdict(), shape=BARE)
    missing = load_run(tmp_path).results[-1]
    assert (missing.verdict, missing.reason) == (Verdict.NOT_RUN, "the run ended before it was reached")


def test_a_run_without_an_end_is_not_called_ended(tmp_path: Path) -> None:
    write_run(tmp_path, of_every_verdict(), shape=BARE)
    layout = RunLayout(tmp_path)
    write_json(layout.record, replace(read_run(layout.record), finished=""))
    assert "going on, or was stopped" in load_run(tmp_path).results[-1].reason


def test_a_played_case_without_judgement_points_to_the_judge(tmp_path: Path) -> None:
    write_run(tmp_path, [result("one")])
    RunLayout(tmp_path).case("one").result.unlink()
    [one] = load_run(tmp_path).results
    assert one.verdict is Verdict.NOT_RUN
    assert "parley judge" in one.reason


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("{", "not JSON"),
        ('{"schema": 99}', "schema 99"),
        ('{"schema": 1, "verdict": "great"}', "damaged record"),
    ],
)
def test_a_damaged_result_is_a_lab_error_and_the_others_still_load(
    tmp_path: Path, damage: str, said: str
) -> None:
    write_run(tmp_path, [result("one"), result("two"), result("three")], shape=BARE)
    path = RunLayout(tmp_path).case("two").result
    path.write_text(damage)
    run = load_run(tmp_path)
    assert [one.verdict for one in run.results] == [Verdict.PASSED, Verdict.LAB_ERROR, Verdict.PASSED]
    assert said in run.results[1].reason
    assert str(path) in run.results[1].reason
    assert [error.path for error in run.damaged] == [path]


def test_a_result_of_another_case_is_not_taken_for_this_one(tmp_path: Path) -> None:
    write_run(tmp_path, [result("one"), result("two")], shape=BARE)
    layout = RunLayout(tmp_path)
    layout.case("two").result.write_text(layout.case("one").result.read_text())
    run = load_run(tmp_path)
    assert run.results[1].verdict is Verdict.LAB_ERROR
    assert "'one', not of 'two'" in run.results[1].reason


@pytest.mark.parametrize("name", ["../outside", "/etc", "a/../../b", "", "nul\0"])
def test_a_name_that_leads_out_of_the_run_is_refused(tmp_path: Path, name: str) -> None:
    write_run(tmp_path, [result("one")], shape=BARE)
    layout = RunLayout(tmp_path)
    write_json(layout.record, replace(read_run(layout.record), cases=(name, "one")))
    run = load_run(tmp_path)
    assert [one.verdict for one in run.results] == [Verdict.LAB_ERROR, Verdict.PASSED]
    assert "leads out of the run" in run.results[0].reason


def test_a_directory_that_is_no_run_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no run here"):
        load_run(tmp_path)


def test_a_cell_survives_its_file(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    cell = CellRef("psk-tunnel", "libreswan", "openiked@openbsd")
    write_json(path, result("one", cell=cell))
    assert read_result(path).cell == cell
    write_json(path, result("one"))
    assert read_result(path).cell is None
