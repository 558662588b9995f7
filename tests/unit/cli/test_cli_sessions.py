"""What `parley run`, `matrix` and `judge` make of their words."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from fake_labs import installed, toy
from parley.cli.judge import judge
from parley.cli.matrix import matrix
from parley.cli.run import run
from parley.errors import InputError, UsageError
from parley.report.load import load_run
from parley.session.matrix import MatrixOptions, execute_matrix
from parley.session.run import RunOptions
from parley.verdict import Verdict
from sample_runs import result, write_run
from toy_guests import Guests, write_scenario
from toy_sessions import on_guests

if TYPE_CHECKING:
    import click
    from click.testing import Result


def call(command: click.Command, *words: str) -> Result:
    return CliRunner().invoke(command, words, catch_exceptions=False)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What sessions were asked for; they say 7."""
    heard: list[object] = []

    def hear(*words: object, **options: object) -> int:
        heard.extend([*words, options])
        return 7

    for name in ("run.execute", "run.resume", "matrix.execute_matrix"):
        monkeypatch.setattr(f"parley.session.{name}", hear)
    return heard


def test_a_run_is_asked_for_with_all_its_options(asked: list[object]) -> None:
    words = "a b --suite s --host east=debian/openiked -j 3 --retry 2 -x --timeout-scale 2.5 -o out --no-html"
    assert call(run, *words.split()).exit_code == 7
    assert asked == [
        RunOptions(
            selectors=("a", "b"),
            suites=(Path("s"),),
            hosts={"east": "debian/openiked"},
            jobs=3,
            retry=2,
            fail_fast=True,
            timeout_scale=2.5,
            output=Path("out"),
        ),
        {"html": False},
    ]


def test_a_run_uses_every_core_and_writes_a_report_of_more_than_one_case(asked: list[object]) -> None:
    call(run)
    assert asked == [RunOptions(jobs=os.cpu_count() or 1), {"html": None}]


def test_a_run_is_gone_on_with(asked: list[object]) -> None:
    assert call(run, "--resume", "runs/latest", "-j", "2").exit_code == 7
    assert asked == [Path("runs/latest"), {"jobs": 2, "html": None}]


@pytest.mark.parametrize(
    "words", [("a",), ("--keep",), ("--suite", "s"), ("--host", "east=x/y"), ("-o", "out")]
)
def test_what_a_run_was_asked_for_cannot_be_changed_when_it_goes_on(
    asked: list[object], words: tuple[str, ...]
) -> None:
    with pytest.raises(UsageError, match="--resume goes on with what the run was asked for"):
        call(run, "--resume", "runs/latest", *words)
    assert asked == []


@pytest.mark.parametrize(
    "words",
    [("-j", "0"), ("--retry", "-1"), ("--timeout-scale", "0"), ("--timeout-scale", "-1"), ("--nonsense",)],
)
@pytest.mark.parametrize("command", [run, matrix])
def test_numbers_that_make_no_sense_are_mistakes_of_the_call(
    asked: list[object], command: click.Command, words: tuple[str, ...]
) -> None:
    assert call(command, *words).exit_code == 2
    assert asked == []


def test_a_matrix_is_asked_for_with_all_its_options(asked: list[object]) -> None:
    words = (
        "psk --scenarios s --impl toy --impl other@sid --must-include toy --core --impair internet:loss=1% "
        "--try-lacks --clock real --seed a.7 -j 3 --retry 2 -x --timeout-scale 2.5 -o out --no-html"
    )
    assert call(matrix, *words.split()).exit_code == 7
    assert asked == [
        MatrixOptions(
            selectors=("psk",),
            scenarios=(Path("s"),),
            implementations=("toy", "other@sid"),
            must_include="toy",
            impairments=("internet:loss=1%",),
            core=True,
            try_lacks=True,
            clock="real",
            seed="a.7",
            jobs=3,
            retry=2,
            fail_fast=True,
            timeout_scale=2.5,
            output=Path("out"),
        ),
        {"html": False},
    ]


@pytest.mark.parametrize("seed", ["two words", "quote'", "x" * 65, "line\n"])
@pytest.mark.parametrize("command", [run, matrix])
def test_a_seed_is_one_plain_word(asked: list[object], command: click.Command, seed: str) -> None:
    with pytest.raises(UsageError, match="--seed"):
        call(command, "--seed", seed)
    assert asked == []


@pytest.mark.usefixtures("toys")
def test_cells_are_listed_as_selectors_and_not_run(tmp_path: Path, asked: list[object]) -> None:
    write_scenario(tmp_path)
    shown = call(matrix, "--list", "--scenarios", str(tmp_path), "--must-include", "other")
    assert shown.exit_code == 0
    assert shown.stdout.splitlines() == ["other/other/sample", "other/toy/sample", "toy/other/sample"]
    assert asked == []


def test_a_run_is_judged_again_with_its_exit_code(tmp_path: Path) -> None:
    run_directory = tmp_path / "run"
    write_scenario(tmp_path)
    options = MatrixOptions(
        scenarios=(tmp_path / "sample.toml",), implementations=("toy",), output=run_directory
    )
    with installed(toy()):
        with on_guests(tmp_path, Guests()):
            execute_matrix(options, html=False)
        assert call(judge, str(run_directory)).exit_code == 0
        (run_directory / "cases/sample.toy.toy/share/west/state/cores").write_text("toyd.1\n")
        shown = call(judge, str(run_directory))
    assert shown.exit_code == 1
    assert "no core file on west: core files: toyd.1" in shown.stdout
    assert load_run(run_directory).results[0].verdict is Verdict.FAILED


def test_a_case_that_was_never_played_keeps_its_verdict(tmp_path: Path) -> None:
    write_run(tmp_path / "run", [result("one", Verdict.UNSUPPORTED, checks=())])
    (tmp_path / "run/cases/one/play.json").unlink()
    assert call(judge, str(tmp_path / "run")).exit_code == 0


def test_what_is_no_run_cannot_be_judged(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no run here"):
        call(judge, str(tmp_path))
