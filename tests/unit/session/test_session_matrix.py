from __future__ import annotations

import json
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fake_labs import installed, toy
from parley.backend.fake import Answer
from parley.errors import InputError, UsageError
from parley.record.layout import RunLayout
from parley.record.results import Attempt, read_run
from parley.report.html.write import report_of
from parley.report.load import load_run
from parley.session.matrix import MatrixOptions, execute_matrix, list_cells, resume_matrix, select_cells
from parley.session.rejudge import rejudge
from parley.session.run import resume
from parley.verdict import Verdict
from toy_guests import Guests, write_scenario
from toy_sessions import on_guests

if TYPE_CHECKING:
    from pathlib import Path

    from parley.report.load import LoadedRun
    from parley.scenario.model import Scenario

pytestmark = [
    pytest.mark.usefixtures("toys"),
    pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning"),
]


@pytest.fixture
def scenarios(tmp_path: Path) -> list[Scenario]:
    plain = write_scenario(tmp_path)
    names = ("psk", "cert", "rekey-child", "rekey-ike")
    return [replace(plain, name=name, core=name == "psk") for name in names]


def names(scenarios: list[Scenario], *selectors: str, **options: object) -> list[str]:
    chosen = MatrixOptions(selectors=selectors, **options)  # type: ignore[arg-type]  # by name
    return [cell.name for cell in select_cells(scenarios, chosen)]


def test_every_implementation_meets_every_other_and_itself(scenarios: list[Scenario]) -> None:
    cells = names(scenarios)
    assert len(cells) == len(set(cells)) == 4 * 2 * 2
    assert cells[:4] == ["psk.other.other", "psk.other.toy", "psk.toy.other", "psk.toy.toy"]


@pytest.mark.parametrize(
    ("selectors", "cells"),
    [
        (("psk",), {"psk.other.other", "psk.other.toy", "psk.toy.other", "psk.toy.toy"}),
        (("core",), {"psk.other.other", "psk.other.toy", "psk.toy.other", "psk.toy.toy"}),
        (("toy/other/core",), {"psk.toy.other"}),
        (("toy/other/psk",), {"psk.toy.other"}),
        (("toy/*/psk",), {"psk.toy.other", "psk.toy.toy"}),
        (("toy//psk", "other/toy/cert"), {"psk.toy.other", "psk.toy.toy", "cert.other.toy"}),
        (("toy/toy/rekey-*",), {"rekey-child.toy.toy", "rekey-ike.toy.toy"}),
        (("psk.toy.toy",), {"psk.toy.toy"}),
        (("toy/toy/psk", "toy/toy/p*"), {"psk.toy.toy"}),
    ],
)
def test_selectors_mean_scenarios_or_places_in_the_matrix(
    scenarios: list[Scenario], selectors: tuple[str, ...], cells: set[str]
) -> None:
    found = names(scenarios, *selectors)
    assert set(found) == cells
    assert len(found) == len(cells)


@pytest.mark.parametrize(
    ("selector", "hint"),
    [
        ("pks", "did you mean psk?"),
        ("rekey-chlid", "did you mean rekey-child?"),
        ("zzz", "known: psk, cert, rekey-child, rekey-ike"),
        ("toi/toy/psk", "did you mean toy?"),
        ("toy/othr/psk", "did you mean other?"),
        ("toy/other/crt", "did you mean cert?"),
        ("xx/toy/psk", "known: other, toy"),
        ("toy/psk", "SCENARIO or INITIATOR/RESPONDER/SCENARIO, globs"),
        ("a/b/c/d", "SCENARIO or INITIATOR/RESPONDER/SCENARIO, globs"),
    ],
)
def test_a_selector_that_means_nothing_is_told_with_the_nearest_word(
    scenarios: list[Scenario], selector: str, hint: str
) -> None:
    with pytest.raises(UsageError) as caught:
        names(scenarios, "psk", selector)
    assert selector in str(caught.value)
    assert caught.value.hint == hint


def test_only_the_core_and_only_cells_with_one_implementation(scenarios: list[Scenario]) -> None:
    assert len(names(scenarios, core=True)) == 4
    assert len(names(scenarios, must_include="toy")) == 4 * 3
    assert names(scenarios, core=True, must_include="toy", implementations=("toy",)) == ["psk.toy.toy"]
    with pytest.raises(UsageError, match="no cell is left to run"):
        names(scenarios, implementations=("other",), must_include="toy")


def test_nothing_is_run_if_all_scenarios_are_broken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.toml").write_text("[chidl]\n")
    assert execute_matrix(MatrixOptions(scenarios=(tmp_path / "bad.toml",), output=tmp_path / "run")) == 2
    assert "bad.toml:1" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_case_is_no_scenario_and_the_hint_says_what_it_is(scenarios: list[Scenario]) -> None:
    with pytest.raises(UsageError) as caught:
        names(scenarios, "interop-ikev2-openbsd-01")
    assert caught.value.hint == "that is a case: parley run interop-ikev2-openbsd-01"


def test_an_implementation_named_twice_has_no_cell_twice(scenarios: list[Scenario]) -> None:
    assert names(scenarios, "psk", implementations=("toy", "toy")) == ["psk.toy.toy"]


def test_versions_stand_beside_one_another(scenarios: list[Scenario]) -> None:
    cells = names(scenarios, "psk", implementations=("toy", "toy@sid"))
    assert cells == ["psk.toy.toy", "psk.toy.toy@sid", "psk.toy@sid.toy", "psk.toy@sid.toy@sid"]


def test_an_implementation_that_nobody_knows_or_that_plays_no_scenarios_is_a_mistake(
    scenarios: list[Scenario],
) -> None:
    with pytest.raises(UsageError, match="no implementation is called tyo") as caught:
        names(scenarios, implementations=("tyo",))
    assert caught.value.hint == "did you mean toy?"
    with installed(toy(), toy("router", driver=None)):
        assert names(scenarios, "psk") == ["psk.toy.toy"]
        for options in ({"implementations": ("router",)}, {"must_include": "router"}):
            with pytest.raises(UsageError, match="router plays no scenarios"):
                names(scenarios, **options)


def options_of(place: Path, **changes: object) -> MatrixOptions:
    wanted: dict[str, object] = {
        "scenarios": (place / "sample.toml",),
        "implementations": ("toy",),
        "output": place / "run",
    }
    return MatrixOptions(**{**wanted, **changes})  # type: ignore[arg-type]  # by name


def run(place: Path, guests: Guests, **changes: object) -> tuple[int, LoadedRun]:
    """Run the sample scenario of toys on guests, and load what came of it."""
    write_scenario(place)
    with on_guests(place, guests):
        code = execute_matrix(options_of(place, **changes), html=False)
    return code, load_run(place / "run")


def test_pages_of_many_cells_are_written_as_they_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley.session.common._MANY", 2)
    at_the_end: list[int] = []

    def count(loaded: LoadedRun) -> Path:
        at_the_end.append(len(list((report_of(loaded.root) / "cases").glob("*.html"))))
        return loaded.root

    monkeypatch.setattr("parley.report.html.write.write_report", count)
    write_scenario(tmp_path)
    with on_guests(tmp_path, Guests()):
        execute_matrix(options_of(tmp_path, implementations=("toy", "other"), jobs=2), html=True)
    assert at_the_end == [4]


def test_a_matrix_is_run_and_recorded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, loaded = run(tmp_path, Guests(), implementations=("toy", "other"), must_include="other", jobs=2)
    assert code == 0, capsys.readouterr().out
    assert [(result.case, result.verdict) for result in loaded.results] == [
        ("sample.toy.other", "passed"),
        ("sample.other.toy", "passed"),
        ("sample.other.other", "passed"),
    ]
    assert loaded.record.finished
    assert loaded.record.cells["sample.toy.other"].responder == "other"
    assert "3 cases: 3 passed" in capsys.readouterr().out


def test_a_matrix_that_fails_says_so_with_its_exit_code(tmp_path: Path) -> None:
    code, loaded = run(tmp_path, Guests({"toy down": Answer()}))
    assert code == 1
    assert loaded.results[0].verdict is Verdict.FAILED


def test_a_broken_scenario_is_told_and_the_others_are_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.toml").write_text("titel = 1\n")
    code, loaded = run(tmp_path, Guests(), scenarios=(tmp_path,))
    assert code == 2
    assert [result.verdict for result in loaded.results] == ["passed"]
    assert "broken.toml:1" in capsys.readouterr().err
    with pytest.raises(InputError, match=r"broken\.toml"):
        list_cells(options_of(tmp_path, scenarios=(tmp_path,)))


def test_listing_runs_nothing(tmp_path: Path) -> None:
    write_scenario(tmp_path)
    assert [cell.name for cell in list_cells(options_of(tmp_path))] == ["sample.toy.toy"]
    assert not (tmp_path / "run").exists()


def test_the_command_that_runs_a_cell_again_keeps_all_that_matters(tmp_path: Path) -> None:
    changes = {"impairments": ("internet:loss=0%",), "try_lacks": True, "clock": "real", "seed": "7"}
    _, loaded = run(tmp_path, Guests(), **changes)
    words = shlex.split(loaded.results[0].rerun)
    assert words == [
        *("parley", "matrix", "toy/toy/sample", f"--scenarios={tmp_path / 'sample.toml'}"),
        *("--impair=internet:loss=0%", "--try-lacks", "--clock=real", "--seed=7"),
    ]


def test_a_mistake_in_an_impairment_is_told_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        run(tmp_path, Guests(), impairments=("nowhere loss",))
    assert not (tmp_path / "run").exists()


def test_a_stopped_matrix_goes_on_with_what_is_missing(tmp_path: Path) -> None:
    _, loaded = run(tmp_path, Guests(), implementations=("toy", "other"), retry=1)
    first = loaded.results[0]
    layout = RunLayout(tmp_path / "run")
    layout.case("sample.other.toy").result.unlink()
    with on_guests(tmp_path, Guests({"toy down": Answer()})):
        assert resume(tmp_path / "run", jobs=1, html=False) == 1
    again = load_run(tmp_path / "run")
    assert again.results[0] == first
    assert {result.case: result.verdict for result in again.results}["sample.other.toy"] is Verdict.FAILED
    assert [result.verdict for result in again.results].count(Verdict.PASSED) == 3


def test_the_options_of_a_stopped_matrix_are_those_it_had(tmp_path: Path) -> None:
    changes = {"retry": 2, "try_lacks": True, "clock": "real", "seed": "7", "timeout_scale": 3.0}
    run(tmp_path, Guests(), **changes)
    root = tmp_path / "run"
    options = resume_matrix(root, read_run(RunLayout(root).record), jobs=7)
    assert options == options_of(
        tmp_path, output=root, selectors=("toy/toy/sample",), jobs=7, resume=True, **changes
    )


@pytest.mark.parametrize("damage", [{}, {"retry": "often"}, {"retry": 1, "timeout_scale": None}])
def test_damaged_options_are_one_clear_error(tmp_path: Path, damage: dict[str, object]) -> None:
    run(tmp_path, Guests())
    path = tmp_path / "run" / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "options": damage}))
    with pytest.raises(InputError, match="its options are damaged"):
        resume(tmp_path / "run", jobs=1)


def test_judging_again_comes_to_the_same_verdicts(tmp_path: Path) -> None:
    _, loaded = run(tmp_path, Guests({"toy down": Answer()}))
    rejudge(loaded)
    assert load_run(tmp_path / "run").results == loaded.results


def test_judging_again_sees_what_was_changed_since(tmp_path: Path) -> None:
    _, loaded = run(tmp_path, Guests())
    case = loaded.case("sample.toy.toy")
    (case.share / "east/state/cores").write_text("toyd.42\n")
    rejudge(loaded)
    (result,) = load_run(tmp_path / "run").results
    assert (result.verdict, result.reason) == (Verdict.FAILED, "east: no core file: core files: toyd.42")


def test_judging_again_honours_a_lack_that_was_tried(tmp_path: Path) -> None:
    write_scenario(tmp_path, title="what toy lacks: toy lacks ML-KEM")
    with on_guests(tmp_path, Guests({"toy up": Answer(status=1)})):
        assert execute_matrix(options_of(tmp_path, try_lacks=True), html=False) == 0
    loaded = load_run(tmp_path / "run")
    rejudge(loaded)
    (result,) = load_run(tmp_path / "run").results
    assert result == loaded.results[0]
    assert result.verdict is Verdict.UNSUPPORTED


def test_judging_again_keeps_a_flaky_case_flaky(tmp_path: Path) -> None:
    _, loaded = run(tmp_path, Guests())
    (result,) = loaded.results
    tried = replace(result, attempts=(Attempt(Verdict.FAILED, "no SA", "sample.toy.toy.attempt-1"),))
    rejudge(replace(loaded, results=(tried,)))
    (again,) = load_run(tmp_path / "run").results
    assert (again.verdict, again.reason) == (Verdict.FLAKY, "passed on try 2; before: failed: no SA")
    assert again.attempts == tried.attempts
