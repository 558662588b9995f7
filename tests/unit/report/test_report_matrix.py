from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from parley.report.compare import compare
from parley.report.html.hints import asymmetries, hints_for
from parley.report.html.index import build_header
from parley.report.html.matrix import MatrixPage, build_matrix
from parley.report.load import load_run
from parley.verdict import Verdict
from sample_runs import SCENARIOS, Shape, cells, mixed_cells, result, write_run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from parley.record.results import CaseResult

BARE = Shape(transcripts=False)
NAMES = ("a", "b", "c")


def _matrix(root: Path, results: Sequence[CaseResult], before: Sequence[CaseResult] = ()) -> MatrixPage:
    run = load_run(write_run(root / "now", results, shape=BARE))
    comparison = compare(run, load_run(write_run(root / "before", before, shape=BARE))) if before else None
    matrix = build_matrix(run, build_header(run, comparison), comparison)
    assert matrix is not None
    return matrix


def _scenario(*bad: tuple[str, str], verdict: Verdict = Verdict.FAILED) -> tuple[CaseResult, ...]:
    return cells(["s"], NAMES, verdicts={("s", *pair): (verdict, "") for pair in bad})


def test_there_is_no_matrix_without_cells(tmp_path: Path) -> None:
    run = load_run(write_run(tmp_path, [result("x")], shape=BARE))
    assert build_matrix(run, build_header(run, None), None) is None


def test_each_pair_has_a_cell_and_each_scenario_a_chip(tmp_path: Path) -> None:
    matrix = _matrix(tmp_path, mixed_cells())
    assert [side.label for side, _ in matrix.rows] == [side.label for side in matrix.responders]
    assert all(
        [chip.scenario for chip in cell.chips] == list(SCENARIOS) for _, row in matrix.rows for cell in row
    )
    assert [[cell.is_self for cell in row] for _, row in matrix.rows] == [
        [True, False, False],
        [False, True, False],
        [False, False, True],
    ]
    assert not matrix.is_compact


def test_a_cell_that_was_never_reached_keeps_its_place(tmp_path: Path) -> None:
    matrix = _matrix(tmp_path, mixed_cells())
    [chip] = [chip for chip in matrix.rows[0][1][2].chips if chip.scenario == "wrong-psk"]
    assert chip.mark.word == "not-run"
    assert chip.reason == "the run ended before it was reached"


def test_totals_of_rows_columns_and_scenarios_agree(tmp_path: Path) -> None:
    matrix = _matrix(tmp_path, mixed_cells())
    for parts in (
        [side.counts for side, _ in matrix.rows],
        [side.counts for side in matrix.responders],
        [scenario.counts for scenario in matrix.scenarios],
        [cell.counts for _, row in matrix.rows for cell in row],
    ):
        assert sum(count.number for counts in parts for count in counts) == matrix.cells == 90


def test_headers_say_what_was_run(tmp_path: Path) -> None:
    matrix = _matrix(tmp_path, mixed_cells())
    assert matrix.responders[1].versions == ("7.4 Linux 6.12.63 (uml)",)


def test_a_missing_pair_is_an_empty_cell(tmp_path: Path) -> None:
    matrix = _matrix(tmp_path, [one for one in _scenario() if one.case != "s.b.c"])
    assert [len(cell.chips) for _, row in matrix.rows for cell in row] == [1, 1, 1, 1, 1, 0, 1, 1, 1]


def test_many_columns_or_scenarios_make_it_compact(tmp_path: Path) -> None:
    assert _matrix(tmp_path / "wide", cells(["s"], list("abcde"))).is_compact
    assert _matrix(tmp_path / "deep", cells([f"s{number}" for number in range(25)], ["a"])).is_compact


def test_changes_mark_chips(tmp_path: Path) -> None:
    matrix = _matrix(tmp_path, _scenario(("a", "b")), before=_scenario())
    chips = {(cell.initiator, cell.responder): cell.chips[0] for _, row in matrix.rows for cell in row}
    assert chips["a", "b"].keys == "is:asymmetric is:new-failure is:different was:passed"
    assert chips["b", "a"].keys == ""


def test_asymmetry_needs_a_pass_the_other_way_round() -> None:
    assert asymmetries(_scenario(("a", "b"))) == {("a", "b")}
    assert asymmetries(_scenario(("a", "b"), ("b", "a"))) == frozenset()
    assert asymmetries(_scenario(("a", "a"))) == frozenset()


@pytest.mark.parametrize("verdict", [Verdict.LAB_ERROR, Verdict.NOT_RUN, Verdict.UNSUPPORTED, Verdict.FLAKY])
def test_what_says_nothing_about_daemons_gives_no_hint(verdict: Verdict) -> None:
    results = _scenario(("a", "b"), ("b", "b"), ("c", "b"), verdict=verdict)
    assert asymmetries(results) == frozenset()
    assert hints_for(results) == ()


def test_hints_name_the_pattern() -> None:
    assert hints_for(_scenario()) == ()
    assert hints_for(_scenario(("a", "b"))) == (
        "only this pair fails: a to b",
        "b to a passes, a to b does not",
    )
    everything_with_b = [(x, y) for x in NAMES for y in NAMES if "b" in (x, y)]
    assert hints_for(_scenario(*everything_with_b)) == ("b fails everywhere",)
    assert hints_for(_scenario(("b", "a"), ("b", "b"), ("b", "c")))[0] == "b fails as initiator"
    assert hints_for(_scenario(("a", "b"), ("b", "b"), ("c", "b")))[0] == "b fails as responder"
    assert hints_for(_scenario(*[(x, y) for x in NAMES for y in NAMES])) == ("no pair passes",)


def test_hints_do_not_touch_verdicts(tmp_path: Path) -> None:
    results = mixed_cells()
    matrix = _matrix(tmp_path, results)
    shown = {chip.page: chip.verdict for _, row in matrix.rows for cell in row for chip in cell.chips}
    assert shown == {f"cases/{one.case}.html": one.verdict for one in results}


def test_labels_tell_platforms_apart(tmp_path: Path) -> None:
    results = cells(["s"], ["openiked@debian", "openiked@openbsd"])
    matrix = _matrix(tmp_path, results)
    assert [side.label for side in matrix.responders] == ["openiked@debian", "openiked@openbsd"]


def test_rfcs_and_their_sections_can_be_chosen(tmp_path: Path) -> None:
    matrix = _matrix(tmp_path, mixed_cells())
    assert [(choice.key, choice.title) for choice in matrix.rfcs] == [
        ("rfc:4555", "RFC 4555"),
        ("rfc:4555/3.5", "RFC 4555 section 3.5"),
        ("rfc:7296", "RFC 7296"),
        ("rfc:7296/2.8", "RFC 7296 section 2.8"),
        ("rfc:7296/2.18", "RFC 7296 section 2.18"),
        ("rfc:9370", "RFC 9370"),
    ]
    keys = {chip.scenario: chip.keys for _, row in matrix.rows for cell in row for chip in cell.chips}
    assert keys["rekey-child"].split()[-2:] == ["rfc:7296", "rfc:7296/2.8"]
    assert "rfc:" not in keys["dpd"]
    rows = {row.name: row.rfc for row in matrix.scenarios}
    assert rows["rekey-ike"] == ("RFC 7296 section 2.8", "RFC 7296 section 2.18")


def test_without_rfcs_nothing_can_be_chosen(tmp_path: Path) -> None:
    assert _matrix(tmp_path, _scenario()).rfcs == ()
