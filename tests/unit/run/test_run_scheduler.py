from __future__ import annotations

import errno
import os
import signal
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fake_labs import equipment
from parley.lab.host import Limits
from parley.record.layout import CaseLayout
from parley.record.results import read_result
from parley.run.job import Job
from parley.run.scheduler import run_jobs
from parley.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from parley.record.results import CaseResult

pytestmark = pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")


@dataclass(frozen=True, slots=True, kw_only=True)
class Act(Job):
    """A job that does one thing in its worker."""

    act: Callable[[Act], Verdict]

    def attempt(self, started: str, progress: Callable[[str], None]) -> CaseResult:
        progress("play")
        return self.result(started, self.act(self), "as told")


class Watching:
    """Remembers what it hears."""

    def __init__(self, on_start: Callable[[str], None] = lambda _: None) -> None:
        self.heard: list[tuple[str, ...]] = []
        self.results: dict[str, CaseResult] = {}
        self._on_start = on_start

    def started(self, case: str) -> None:
        self.heard.append(("started", case))
        self._on_start(case)

    def progressed(self, case: str, phase: str) -> None:
        self.heard.append((phase, case))

    def finished(self, result: CaseResult) -> None:
        self.heard.append(("finished", result.case))
        self.results[result.case] = result


def job(place: Path, name: str, act: Callable[[Act], Verdict]) -> Act:
    return Act(
        name=name,
        title=name,
        layout=CaseLayout(place / "cases" / name),
        equipment=equipment(place),
        limits=Limits(),
        rerun=f"parley run {name}",
        act=act,
    )


def passes(_job: Act) -> Verdict:
    return Verdict.PASSED


def fails(_job: Act) -> Verdict:
    return Verdict.FAILED


def exits(_job: Act) -> Verdict:
    os._exit(7)


def is_killed(_job: Act) -> Verdict:
    os.kill(os.getpid(), signal.SIGKILL)
    return Verdict.PASSED


def raises(_job: Act) -> Verdict:
    raise ZeroDivisionError("by a defect of Parley's own")


def leaves(_job: Act) -> Verdict:
    raise SystemExit(3)


def sleeps(one: Act) -> Verdict:
    """Until it is stopped; says first who it is, and at last that it put its lab away."""
    try:
        (one.layout.root / "pid").write_text(str(os.getpid()))
        time.sleep(60)
    finally:
        (one.layout.root / "put-away").touch()
    return Verdict.PASSED


def run(
    place: Path, watcher: Watching, *acts: Callable[[Act], Verdict], parallel: int = 2, stop: bool = False
) -> None:
    jobs = [job(place, f"{number}-{act.__name__}", act) for number, act in enumerate(acts)]
    run_jobs(jobs, parallel=parallel, watcher=watcher, fail_fast=stop)


def test_every_job_is_run_watched_and_recorded(tmp_path: Path) -> None:
    watcher = Watching()
    run(tmp_path, watcher, passes, fails, passes)
    verdicts = {name: result.verdict for name, result in watcher.results.items()}
    assert verdicts == {"0-passes": "passed", "1-fails": "failed", "2-passes": "passed"}
    for name, result in watcher.results.items():
        assert read_result(tmp_path / "cases" / name / "result.json") == result
        events = [event for event, case in watcher.heard if case == name]
        assert events == ["started", "play", "finished"]


@pytest.mark.parametrize("parallel", [1, 2])
def test_no_more_run_at_once_than_may(tmp_path: Path, parallel: int) -> None:
    watcher = Watching()
    run(tmp_path, watcher, *[passes] * 5, parallel=parallel)
    running = most = 0
    for event, _ in watcher.heard:
        running += {"started": 1, "finished": -1}.get(event, 0)
        most = max(most, running)
    assert (most, running) == (parallel, 0)


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (exits, "its worker ended with status 7"),
        (is_killed, "its worker ended with status -9"),
        (leaves, "its worker ended with status 3"),
        (raises, "ZeroDivisionError: by a defect of Parley's own"),
    ],
)
def test_a_worker_that_dies_is_a_lab_error_and_the_run_goes_on(
    tmp_path: Path, act: Callable[[Act], Verdict], reason: str
) -> None:
    watcher = Watching()
    run(tmp_path, watcher, passes, act, passes, parallel=1)
    broken = watcher.results[f"1-{act.__name__}"]
    assert (broken.verdict, broken.reason) == (Verdict.LAB_ERROR, reason)
    assert read_result(tmp_path / "cases" / broken.case / "result.json") == broken
    assert watcher.results["2-passes"].verdict is Verdict.PASSED


def test_a_disk_that_is_full_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def full(_job: Job, _error: object) -> CaseResult:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("parley.run.scheduler.broken_result", full)
    with pytest.raises(OSError, match="No space left"):
        run(tmp_path, Watching(), raises)
    assert capfd.readouterr().err == ""


def test_a_worker_that_dies_in_the_middle_of_a_message_is_one_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(_job: Job, send: Callable[[object], None]) -> CaseResult:
        # The length of a message that never comes, as multiprocessing writes it.
        pipe: int = send.__self__.fileno()  # type: ignore[attr-defined]
        os.write(pipe, (1000).to_bytes(4, "big") + b"half")
        os._exit(9)

    monkeypatch.setattr("parley.run.scheduler.run_job", cut)
    watcher = Watching()
    run(tmp_path, watcher, passes)
    assert watcher.results["0-passes"].reason == "its worker ended with status 9"


def test_fail_fast_stops_at_the_first_bad_verdict(tmp_path: Path) -> None:
    watcher = Watching()
    run(tmp_path, watcher, passes, fails, passes, passes, parallel=1, stop=True)
    assert list(watcher.results) == ["0-passes", "1-fails"]
    assert not (tmp_path / "cases" / "2-passes").exists()


def test_fail_fast_puts_away_what_runs_beside(tmp_path: Path) -> None:
    watcher = Watching()

    def fails_later(one: Act) -> Verdict:
        beside = one.layout.root.with_name("0-sleeps") / "pid"
        while not (beside.exists() and beside.read_text()):
            time.sleep(0.01)
        return Verdict.FAILED

    run(tmp_path, watcher, sleeps, fails_later, stop=True)
    assert list(watcher.results) == ["1-fails_later"]
    assert_ended(tmp_path / "cases" / "0-sleeps")


def assert_ended(case: Path) -> None:
    assert (case / "put-away").exists()
    assert not (case / "result.json").exists()
    assert not Path("/proc", (case / "pid").read_text()).exists()


def test_control_c_stops_all_workers_and_is_heard(tmp_path: Path) -> None:
    def interrupt() -> None:
        for name in ("0-sleeps", "1-sleeps"):
            file = tmp_path / "cases" / name / "pid"
            while not (file.exists() and file.read_text()):
                time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    watcher = Watching(lambda case: thread.start() if case == "1-sleeps" else None)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, watcher, sleeps, sleeps, passes)
    thread.join()
    assert watcher.results == {}
    for name in ("0-sleeps", "1-sleeps"):
        assert_ended(tmp_path / "cases" / name)
    assert not (tmp_path / "cases" / "2-passes").exists()


def test_a_worker_does_not_hear_the_terminals_control_c(tmp_path: Path) -> None:
    def interrupted(_job: Act) -> Verdict:
        os.kill(os.getpid(), signal.SIGINT)
        return Verdict.PASSED

    watcher = Watching()
    run(tmp_path, watcher, interrupted)
    assert watcher.results["0-interrupted"].verdict is Verdict.PASSED


def test_nothing_to_run_is_no_error(tmp_path: Path) -> None:
    watcher = Watching()
    run(tmp_path, watcher)
    assert watcher.heard == []


def test_what_comes_after_a_verdict_is_waited_for_and_changes_nothing(tmp_path: Path) -> None:
    def afterwards(one: Job) -> None:
        # The verdict was told before.
        (one.layout.root / "after").write_text(read_result(one.layout.result).verdict)
        raise ZeroDivisionError

    watcher = Watching()
    jobs = [job(tmp_path, "one", passes), job(tmp_path, "other", fails)]
    run_jobs(jobs, parallel=1, watcher=watcher, afterwards=afterwards)
    assert [(tmp_path / "cases" / name / "after").read_text() for name in ("one", "other")] == [
        "passed",
        "failed",
    ]
    assert [watcher.results[name].verdict for name in ("one", "other")] == ["passed", "failed"]
