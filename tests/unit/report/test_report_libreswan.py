from __future__ import annotations

import gzip
import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from parley.cli.report import report
from parley.errors import UsageError
from parley.lab.jail import Jail, Owner
from parley.record.layout import RunLayout
from parley.record.results import CaseResult, PlayRecord, write_json
from parley.report.libreswan import write_libreswan
from parley.report.load import load_run
from parley.verdict import Check, CheckState, Verdict
from sample_runs import Shape, result, write_run
from upstream_samples import guest

if TYPE_CHECKING:
    from pathlib import Path

BARE = Shape(transcripts=False)
DIFFERENT = Check("output-different", CheckState.DIFFERS, "west", "1 line missing", "west.console.txt")


def upstream(
    name: str, verdict: Verdict = Verdict.PASSED, *checks: Check, status: str = "good"
) -> CaseResult:
    changes = {"checks": checks, "hosts": (guest("west"),), "kind": "kvmplutotest", "status": status}
    return result(name, verdict, **changes)


def written(tmp_path: Path, *results: CaseResult) -> Path:
    return write_libreswan(load_run(write_run(tmp_path / "run", results, shape=BARE)))


def load(path: Path) -> Any:
    return json.loads(path.read_text())


def test_one_case_is_one_record(tmp_path: Path) -> None:
    root = written(tmp_path, upstream("basic-01", Verdict.DIFFERS, DIFFERENT))
    assert load(root / "results.json") == [load(root / "basic-01/OUTPUT/result.json")]
    assert load(root / "results.json")[0] == {
        "test_name": "basic-01",
        "test_kind": "kvmplutotest",
        "test_status": "good",
        "test_guest_platforms": ["linux"],
        "test_host_names": ["west"],
        "result": "failed",
        "issues": {"west": ["output-different"]},
        "start_time": "2026-01-14T09:12:03Z",
        "stop_time": "2026-01-14T09:12:07.900000Z",
        "total_time": 4.9,
        "boot_time": 1.2,
        "test_time": 3.4,
    }


@pytest.mark.parametrize(
    ("verdict", "word"),
    [
        (Verdict.PASSED, "passed"),
        (Verdict.FLAKY, "passed"),
        (Verdict.FAILED, "failed"),
        (Verdict.UNSUPPORTED, "unsupported"),
        (Verdict.LAB_ERROR, "unresolved"),
        (Verdict.NOT_RUN, "untested"),
    ],
)
def test_each_verdict_has_a_word(tmp_path: Path, verdict: Verdict, word: str) -> None:
    root = written(tmp_path, upstream("basic-01"), replace(upstream("b-02", verdict), durations={}))
    results = {record["test_name"]: record["result"] for record in load(root / "results.json")}
    # A case that was never reached has no kind on record: it is no case of theirs yet.
    assert results.get("b-02", "untested") == word


def test_warnings_of_ours_are_no_issues(tmp_path: Path) -> None:
    warning = Check("no SA left", CheckState.WARNING, "west", "1 left")
    root = written(tmp_path, upstream("basic-01", Verdict.PASSED, warning))
    assert load(root / "results.json")[0]["issues"] == {}


def test_totals_are_counted_by_kind_and_status(tmp_path: Path) -> None:
    root = written(
        tmp_path,
        upstream("a-01"),
        upstream("b-02", Verdict.DIFFERS, DIFFERENT),
        upstream("c-03", Verdict.FAILED, Check("TIMEOUT", CheckState.FAILED), status="wip"),
    )
    summary = load(root / "summary.json")
    assert summary["total"] == 3
    assert summary["totals"]["kvmplutotest"] == {
        "good": {"passed": 1, "failed": 1, "issues": {"output-different": 1}},
        "wip": {"failed": 1, "issues": {"TIMEOUT": 1}},
    }
    assert (root / "TESTLIST").read_text().splitlines()[2] == "kvmplutotest c-03 wip"


def test_consoles_differences_and_logs_come_along(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", [upstream("basic-01", Verdict.DIFFERS, DIFFERENT)], shape=BARE)
    layout = RunLayout(run).case("basic-01")
    case = tmp_path / "tree" / "basic-01"
    case.mkdir(parents=True)
    (case / "west.console.txt").write_text("one\ntwo\n")
    (case / "description.txt").write_text("Title\n")
    layout.transcript("west").write_text("one\nthree\n")
    layout.raw_transcript("west").write_text("raw\n")
    write_json(layout.play, PlayRecord("basic-01", str(case), (guest("west"),), (), judged_by="libreswan"))
    jail = Jail(layout.share, Owner(os.getuid(), os.getgid()))
    jail.create()
    jail.write("testing/pluto/basic-01/OUTPUT/west.pluto.log", b"log\n")
    output = write_libreswan(load_run(run)) / "basic-01" / "OUTPUT"
    assert "-two\n+three\n" in (output / "west.console.diff").read_text()
    assert gzip.decompress((output / "west.pluto.log.gz").read_bytes()) == b"log\n"
    assert (output / "west.console.verbose.txt").read_text() == "raw\n"
    assert (output.parent / "description.txt").read_text() == "Title\n"
    assert "OUTPUT/west.console.diff" in load(output / "files.json")


def test_a_run_of_other_suites_has_nothing_to_show(tmp_path: Path) -> None:
    run = load_run(write_run(tmp_path / "run", [result("ikev2-psk")], shape=BARE))
    with pytest.raises(UsageError, match="no case of Libreswan's own suite"):
        write_libreswan(run)


def test_the_command_says_where_it_lies(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", [upstream("basic-01")], shape=BARE)
    words = [str(run), "--format", "libreswan", "--output", str(tmp_path / "site")]
    shown = CliRunner().invoke(report, words, catch_exceptions=False)
    assert shown.output == f"{tmp_path / 'site'}\n"
    assert (tmp_path / "site" / "summary.json").is_file()
