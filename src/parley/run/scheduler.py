"""Runs jobs side by side, each in a forked process that dies with this one."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Protocol

from parley.run.worker import broken_result, run_job

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from parley.record.results import CaseResult
    from parley.run.job import Job

_PR_SET_PDEATHSIG = 1
# How long a worker may take to put its lab away before it is killed (seconds).
_STOP_LIMIT = 10.0


class Watcher(Protocol):
    """Whoever wants to see a run go on."""

    def started(self, case: str) -> None:
        """Hear that a case began."""

    def progressed(self, case: str, phase: str) -> None:
        """Hear that a case reached a phase or step."""

    def finished(self, result: CaseResult) -> None:
        """Hear that a case has its verdict."""


@dataclass(slots=True)
class _Worker:
    """`result` is None until the job has its verdict; the process may go on for a while after that."""

    job: Job
    process: BaseProcess
    events: Connection
    result: CaseResult | None = None


def run_jobs(
    jobs: Iterable[Job],
    *,
    parallel: int,
    watcher: Watcher,
    fail_fast: bool = False,
    afterwards: Callable[[Job], None] = lambda _: None,
) -> None:
    """Run jobs, at most `parallel` at once; results are recorded as they come.

    `afterwards` is called in a job's own process, when its verdict is told already. Raises
    KeyboardInterrupt through, after every worker has put its lab away.
    """
    waiting = iter(jobs)
    workers: dict[Connection, _Worker] = {}
    try:
        _fill(workers, waiting, parallel, watcher, afterwards)
        while workers:
            stop = False
            for events in wait(list(workers)):
                worker = workers[events]  # type: ignore[index]  # wait() returns what it was given
                if _attend(worker, watcher):
                    del workers[worker.events]
                elif worker.result is not None:
                    stop = stop or (fail_fast and not worker.result.verdict.is_good)
            if stop:
                break
            _fill(workers, waiting, parallel, watcher, afterwards)
    finally:
        _stop(workers.values())


def _fill(
    workers: dict[Connection, _Worker],
    waiting: Iterator[Job],
    parallel: int,
    watcher: Watcher,
    afterwards: Callable[[Job], None],
) -> None:
    while len(workers) < parallel:
        job = next(waiting, None)
        if job is None:
            return
        watcher.started(job.name)
        worker = _start(job, afterwards)
        workers[worker.events] = worker


def _start(job: Job, afterwards: Callable[[Job], None]) -> _Worker:
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(job, theirs, os.getpid(), afterwards), name=job.name)
    process.start()
    theirs.close()
    return _Worker(job, process, ours)


def _work(job: Job, events: Connection, parent: int, afterwards: Callable[[Job], None]) -> None:
    """Body of a worker process."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    # Ctrl-C reaches the whole process group; only the scheduler decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        result = run_job(job, events.send)
    except Exception as error:  # noqa: BLE001 -- whatever broke, the run goes on and the case says why
        try:
            result = broken_result(job, error)
        except OSError:
            # Not even that can be written: the scheduler comes upon the same, and tells it once.
            sys.exit(1)
    events.send(result)
    # The verdict stands, whatever comes after it.
    with suppress(Exception):
        afterwards(job)


def _attend(worker: _Worker, watcher: Watcher) -> bool:
    """Handle one event of a worker; whether that was the last one."""
    try:
        event: str | CaseResult = worker.events.recv()
    except (EOFError, OSError):  # OSError: it was killed in the middle of a message
        worker.process.join()
        worker.events.close()
        if worker.result is None:
            ended = f"its worker ended with status {worker.process.exitcode}"
            worker.result = broken_result(worker.job, ended)
            watcher.finished(worker.result)
        return True
    if isinstance(event, str):
        watcher.progressed(worker.job.name, event)
    else:
        worker.result = event
        watcher.finished(event)
    return False


def _stop(workers: Iterable[_Worker]) -> None:
    left = list(workers)
    for worker in left:
        with suppress(ProcessLookupError):
            worker.process.terminate()
    for worker in left:
        worker.process.join(_STOP_LIMIT)
        worker.process.kill()
        worker.process.join()
        worker.events.close()
