from __future__ import annotations

from typing import TYPE_CHECKING

from parley.record.history import write_verdicts
from parley.report.html.write import write_report
from parley.report.load import load_run
from parley.verdict import Verdict
from sample_runs import Shape, result, write_run

if TYPE_CHECKING:
    from pathlib import Path

BARE = Shape(transcripts=False)


def test_a_case_shows_what_became_of_it_in_earlier_runs(tmp_path: Path) -> None:
    for number, verdict in enumerate((Verdict.PASSED, Verdict.FAILED)):
        root = write_run(tmp_path / f"before-{number}", [result("x", verdict)], shape=BARE)
        write_verdicts(root, f"2000-01-0{number + 1}", {"x": verdict, "gone": Verdict.PASSED})
    write_report(load_run(tmp_path / "before-1"))
    run = load_run(write_run(tmp_path / "now", [result("x"), result("new")], shape=BARE))
    write_report(run)
    text = (tmp_path / "now/report/cases/x.html").read_text()
    assert 'title="before-0: passed"' in text
    assert '<a href="../../../before-1/report/cases/x.html" title="before-1: failed">' in text
    assert "In earlier runs" not in (tmp_path / "now/report/cases/new.html").read_text()
    first = (tmp_path / "now/report/index.html").read_text()
    assert "2 earlier runs" in first
    assert '<a href="../../before-1/report/index.html">before-1</a>' in first


def test_hostile_names_of_runs_are_shown_as_text(tmp_path: Path) -> None:
    root = write_run(tmp_path / "<b>&\x1b[2J", [result("x")], shape=BARE)
    write_verdicts(root, "2000-01-01", {"x": Verdict.PASSED})
    run = load_run(write_run(tmp_path / "now", [result("x")], shape=BARE))
    write_report(run)
    text = (tmp_path / "now/report/cases/x.html").read_text()
    assert "&lt;b&gt;&amp;\\x1b[2J: passed" in text
    assert "<b>" not in (tmp_path / "now/report/index.html").read_text().partition("earlier runs")[2][:300]
