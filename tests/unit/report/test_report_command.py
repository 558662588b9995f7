from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from parley.cli.report import report
from parley.errors import InputError, UsageError
from parley.record.layout import RunLayout
from parley.verdict import Verdict
from sample_runs import Shape, of_every_verdict, result, write_run

if TYPE_CHECKING:
    from pathlib import Path

BARE = Shape(transcripts=False)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_run(tmp_path / "run", of_every_verdict(), shape=BARE)


@pytest.mark.parametrize(
    ("form", "start"),
    [
        ("terminal", "● P passed"),
        ("json", '{\n"schema": 1'),
        ("junit", "<?xml"),
        ("markdown", "## Parley: 9 cases"),
    ],
)
def test_each_format_goes_to_standard_output_or_a_file(
    run: Path, tmp_path: Path, form: str, start: str
) -> None:
    shown = CliRunner().invoke(report, [str(run), "--format", form], catch_exceptions=False)
    assert shown.output.startswith(start)
    file = tmp_path / "out"
    written = CliRunner().invoke(report, [str(run), "-f", form, "-o", str(file)], catch_exceptions=False)
    assert (written.output, file.read_text(encoding="utf-8")) == ("", shown.output)


def test_html_says_where_it_is(run: Path, tmp_path: Path) -> None:
    shown = CliRunner().invoke(report, [str(run), "--format", "html"], catch_exceptions=False)
    assert shown.output.strip() == str(run / "report" / "index.html")
    elsewhere = CliRunner().invoke(
        report, [str(run), "-f", "html", "-o", str(tmp_path / "x")], catch_exceptions=False
    )
    assert elsewhere.output.strip() == str(tmp_path / "x" / "index.html")


def test_the_newest_run_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_run(tmp_path / "parley-runs" / "one", [result("x")], shape=BARE)
    (tmp_path / "parley-runs" / "latest").symlink_to("one")
    monkeypatch.chdir(tmp_path)
    assert "1 case: 1 passed" in CliRunner().invoke(report, [], catch_exceptions=False).output


def test_a_report_that_is_written_is_a_success_unless_asked_otherwise(run: Path) -> None:
    assert CliRunner().invoke(report, [str(run)]).exit_code == 0
    assert CliRunner().invoke(report, [str(run), "--exit-code"]).exit_code == 1


@pytest.mark.parametrize(
    ("before", "now", "code"),
    [
        (Verdict.FAILED, Verdict.FAILED, 0),
        (Verdict.PASSED, Verdict.FAILED, 1),
        (Verdict.PASSED, Verdict.LAB_ERROR, 1),
    ],
)
def test_against_a_run_only_what_is_worse_counts(
    tmp_path: Path, before: Verdict, now: Verdict, code: int
) -> None:
    old = write_run(tmp_path / "old", [result("x", before)], shape=BARE)
    new = write_run(tmp_path / "new", [result("x", now)], shape=BARE)
    done = CliRunner().invoke(report, [str(new), "--against", str(old), "--exit-code"])
    assert done.exit_code == code


def test_damage_is_told_and_the_rest_reported(run: Path) -> None:
    RunLayout(run).case("ikev2-dpd").result.write_text("{")
    shown = CliRunner().invoke(report, [str(run), "-f", "json"], catch_exceptions=False)
    assert "ikev2-dpd/result.json" in shown.stderr
    assert json.loads(shown.stdout)["cases"]["ikev2-dpd"]["verdict"] == "lab-error"


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no run here"):
        CliRunner().invoke(report, [str(tmp_path)], catch_exceptions=False)


def test_an_output_that_cannot_be_written_is_said_plainly(run: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot write .*No such file or directory"):
        CliRunner().invoke(
            report, [str(run), "-f", "json", "-o", str(tmp_path / "absent" / "x")], catch_exceptions=False
        )
