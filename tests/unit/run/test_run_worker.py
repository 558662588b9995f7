from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from fake_labs import equipment
from parley.errors import InputError, LabError
from parley.lab.host import Limits
from parley.record.layout import CaseLayout
from parley.record.results import read_result
from parley.run.job import Job
from parley.run.worker import broken_result, run_job
from parley.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from parley.record.results import CaseResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripted(Job):
    """A job whose attempts end as they are told to."""

    verdicts: tuple[tuple[Verdict, str], ...] = ((Verdict.PASSED, ""),)
    tries: list[str] = field(default_factory=list)

    def attempt(self, started: str, progress: Callable[[str], None]) -> CaseResult:
        assert list(self.layout.root.iterdir()) == []
        (self.layout.root / "evidence").write_text(f"try {len(self.tries)}")
        progress("play")
        verdict, reason = self.verdicts[len(self.tries)]
        self.tries.append(started)
        return self.result(started, verdict, reason)


@pytest.fixture
def job(tmp_path: Path) -> Scripted:
    return Scripted(
        name="case",
        title="A case",
        layout=CaseLayout(tmp_path / "cases" / "case"),
        equipment=equipment(tmp_path),
        limits=Limits(),
        rerun="parley run case",
    )


FAILED, PASSED, BROKE, KNOWN = (
    (Verdict.FAILED, "no SA"),
    (Verdict.PASSED, ""),
    (Verdict.LAB_ERROR, "panic"),
    (Verdict.KNOWN, "docs/findings/1.md: no traffic"),
)


def test_a_case_starts_in_an_empty_directory_and_ends_with_its_result_there(job: Scripted) -> None:
    job.layout.root.mkdir(parents=True)
    (job.layout.root / "left").write_text("by an earlier run")
    told: list[str] = []
    result = run_job(job, told.append)
    assert read_result(job.layout.result) == result
    assert sorted(path.name for path in job.layout.root.iterdir()) == ["evidence", "result.json"]
    assert told == ["play"]


def test_a_link_in_place_of_the_directory_is_not_followed(job: Scripted, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").touch()
    job.layout.root.parent.mkdir()
    job.layout.root.symlink_to(tmp_path / "precious")
    run_job(job, lambda _: None)
    assert (tmp_path / "precious" / "file").exists()


@pytest.mark.parametrize(
    ("verdicts", "retry", "verdict", "reason"),
    [
        ((FAILED,), 0, Verdict.FAILED, "no SA"),
        ((FAILED, FAILED), 1, Verdict.FAILED, "no SA"),
        ((FAILED, PASSED), 1, Verdict.FLAKY, "passed on try 2; before: failed: no SA"),
        ((FAILED, BROKE, PASSED), 2, Verdict.FLAKY, "passed on try 3; before: failed: no SA"),
        ((BROKE, PASSED), 1, Verdict.FLAKY, "passed on try 2; before: lab-error: panic"),
        ((FAILED, KNOWN), 1, Verdict.FLAKY, "known on try 2; before: failed: no SA"),
        ((PASSED,), 3, Verdict.PASSED, ""),
        ((KNOWN,), 3, *KNOWN),
        (((Verdict.UNSUPPORTED, "no ML-KEM"),), 3, Verdict.UNSUPPORTED, "no ML-KEM"),
    ],
)
def test_a_bad_verdict_is_tried_again_where_it_may_be_and_never_forgotten(
    job: Scripted, verdicts: tuple[tuple[Verdict, str], ...], retry: int, verdict: Verdict, reason: str
) -> None:
    result = run_job(replace(job, verdicts=verdicts, retry=retry), lambda _: None)
    assert (result.verdict, result.reason) == (verdict, reason)
    assert len(job.tries) == len(verdicts)
    assert [(each.verdict, each.reason) for each in result.attempts] == list(verdicts[:-1])
    for number, attempt in enumerate(result.attempts):
        kept = job.layout.root.with_name(attempt.directory)
        assert (kept / "evidence").read_text() == f"try {number}"
        assert read_result(kept / "result.json").verdict is verdicts[number][0]
    assert (job.layout.root / "evidence").read_text() == f"try {len(verdicts) - 1}"


def test_a_broken_job_is_a_lab_error_that_says_why(job: Scripted) -> None:
    for error, reason in (
        (LabError("its kernel ended", host="east"), "east: its kernel ended"),
        (InputError(job.layout.root, 3, "not understood"), f"{job.layout.root}:3: not understood"),
        (KeyError("toy"), "KeyError: 'toy'"),
        ("its worker ended with status -9", "its worker ended with status -9"),
    ):
        result = broken_result(job, error)
        assert (result.verdict, result.reason) == (Verdict.LAB_ERROR, reason)
        assert json.loads(job.layout.result.read_text())["reason"] == reason
        assert [(check.name, check.detail) for check in result.checks] == [("lab", reason)]
