"""What every run has: a directory, a record, progress, a report and an exit code."""

from __future__ import annotations

import platform
import secrets
import shlex
import sys
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from parley import __version__
from parley.errors import UsageError
from parley.record.history import write_verdicts
from parley.record.lock import going_on, is_going_on
from parley.record.results import RunRecord, read_result, write_json
from parley.report.load import load_run
from parley.report.progress import progress_for
from parley.report.summary import exit_code
from parley.report.terminal import print_report
from parley.run.scheduler import run_jobs
from parley.run.worker import forget
from parley.wire.ladder import record_ladder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from parley.record.layout import RunLayout
    from parley.run.job import Job

RUNS = Path("parley-runs")
LATEST = "latest"

INTERRUPTED = 130
# From so many jobs on, their pages are written as they end; those of fewer are written soon enough.
_MANY = 20


def now() -> str:
    """The time for a record."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def new_directory() -> Path:
    """A directory for a new run, below `RUNS`."""
    stamp = datetime.now().astimezone().strftime("%Y-%m-%dT%H-%M-%S")
    return RUNS / f"{stamp}-{secrets.token_hex(2)}"


def new_record(cases: Sequence[str]) -> RunRecord:
    """The record of a run that begins now, with the command line that began it."""
    return RunRecord(
        command=("parley", *sys.argv[1:]),
        cases=tuple(cases),
        started=now(),
        parley=__version__,
        machine={
            "system": platform.platform(),
            "machine": platform.machine(),
            "python": platform.python_version(),
        },
    )


def begin(run: RunLayout, record: RunRecord) -> None:
    """Make the run's directory, and `latest` point to it.

    Raises UsageError if it cannot be written, if it is `latest` itself, if a run goes on there, and if it
    holds what is no run: directories of cases are emptied before they are run.
    """
    if run.root.parent.name == RUNS.name and run.root.name == LATEST:
        raise UsageError(f"{run.root} always points to the newest run", hint="--output with another name")
    try:
        if run.root.is_dir() and any(run.root.iterdir()) and not run.record.is_file():
            problem = f"{run.root} holds something that is no run"
            raise UsageError(problem, hint="--output with a new directory, or with an earlier run")
        if run.root.is_dir() and is_going_on(run.root):
            raise UsageError(
                f"a run goes on in {run.root}", hint="wait for it, or --output with another directory"
            )
        run.root.mkdir(parents=True, exist_ok=True)
        write_json(run.record, record)
    except OSError as error:
        problem = f"cannot write the run to {run.root}: {error.strerror}"
        raise UsageError(problem, hint="--output DIR") from error
    if run.root.parent.name == RUNS.name:
        latest = run.root.parent / LATEST
        with suppress(FileNotFoundError):
            latest.unlink()
        with suppress(FileExistsError):
            latest.symlink_to(run.root.name)


def carry_out(
    run: RunLayout,
    record: RunRecord,
    jobs: Sequence[Job],
    *,
    parallel: int,
    fail_fast: bool,
    html: bool,
    may_be_interrupted: bool = False,
) -> int:
    """Run the jobs of a run that has begun, show what came of it, and return the exit code.

    Jobs of `record` that are not among `jobs` have their results already. `may_be_interrupted`: Ctrl-C
    is how this run is meant to end.
    """
    for job in jobs:
        # What an earlier run left there must not stand for a case that is not reached this time.
        forget(job.layout.root)
    afterwards = _write_ahead(run, jobs) if html else _nothing
    interrupted = False
    done = len(record.cases) - len(jobs)
    shown = progress_for(sys.stdout, total=len(record.cases), done=done)
    with going_on(run.root), shown as progress:
        try:
            run_jobs(
                jobs,
                parallel=parallel,
                watcher=progress,
                fail_fast=fail_fast,
                # Here one after the other would do it, there several do at once.
                afterwards=afterwards,
            )
        except KeyboardInterrupt:
            interrupted = True
    write_json(run.record, replace(record, finished=now()))
    loaded = load_run(run.root)
    write_verdicts(run.root, record.started, {result.case: result.verdict for result in loaded.results})
    print_report(loaded, sys.stdout)
    if html:
        from parley.report.html.write import write_report  # noqa: PLC0415 -- costs a single case 0.2 s

        click.echo(f"report: {write_report(loaded)}")
    if interrupted and not may_be_interrupted:
        click.echo(f"interrupted; go on: parley run --resume {shlex.quote(str(run.root))}", err=True)
        return INTERRUPTED
    return exit_code(loaded.results)


def _write_ahead(run: RunLayout, jobs: Sequence[Job]) -> Callable[[Job], None]:
    """Writes ahead of the report what it shows of a job that has ended; the report then finds it there."""
    if len(jobs) < _MANY:
        return _record_ladder
    from parley.report.html.pages import PageWriter  # noqa: PLC0415 -- costs a single case 0.2 s
    from parley.report.html.write import report_of  # noqa: PLC0415 -- the same

    writer = PageWriter(load_run(run.root), report_of(run.root))
    return lambda job: writer.write(read_result(job.layout.result))


def _record_ladder(job: Job) -> None:
    record_ladder(job.layout)


def _nothing(_job: Job) -> None:
    pass
