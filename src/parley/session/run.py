"""One invocation of `parley run`, from what was asked for to the exit code."""

from __future__ import annotations

import platform
import secrets
import shlex
import sys
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from parley import __version__
from parley.backend.uml import UmlBackend
from parley.case.selector import select_cases
from parley.case.suite import default_suite, load_suite
from parley.errors import InputError, UsageError
from parley.image.equip import equip
from parley.lab.host import Limits
from parley.record.layout import RunLayout
from parley.record.results import RunRecord, read_run, write_json
from parley.report.load import load_run
from parley.report.progress import progress_for
from parley.report.summary import exit_code
from parley.report.terminal import print_report
from parley.run.plan import Equipment, images_needed
from parley.run.scheduler import run_jobs
from parley.run.testing import certificate_kinds
from parley.run.worker import Job

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from parley.case.model import ScriptedCase
    from parley.lab.lab import Lab

RUNS = Path("parley-runs")


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What was asked for. `output` is the run's directory, or None for a new one below `RUNS`."""

    selectors: tuple[str, ...] = ()
    suites: tuple[Path, ...] = ()
    hosts: Mapping[str, str] = field(default_factory=dict)
    jobs: int = 1
    retry: int = 0
    fail_fast: bool = False
    keep: bool = False
    timeout_scale: float = 1.0
    output: Path | None = None
    resume: bool = False


def execute(options: RunOptions, *, html: bool | None = None) -> int:
    """Run what was asked for, show it, and return the exit code."""
    cases, errors = _load(options)
    for error in errors:
        click.echo(f"parley: {error}", err=True)
    if options.keep and len(cases) != 1:
        raise UsageError(f"--keep keeps the lab of one case, and {len(cases)} were selected")
    run = RunLayout(options.output or _new_directory())
    finished = _finished(run, cases) if options.resume else set()
    record = _record(options, cases)
    _begin(run, record)
    jobs = _jobs(options, run, [case for case in cases if case.name not in finished])
    interrupted = False
    with progress_for(sys.stdout, total=len(cases), done=len(finished)) as progress:
        try:
            run_jobs(jobs, parallel=options.jobs, watcher=progress, fail_fast=options.fail_fast)
        except KeyboardInterrupt:
            interrupted = True
    write_json(run.record, replace(record, finished=_now()))
    loaded = load_run(run.root)
    print_report(loaded, sys.stdout)
    if html or (html is None and len(cases) > 1):
        from parley.report.html.write import write_report  # noqa: PLC0415 -- costs a single case 0.2 s

        click.echo(f"report: {write_report(loaded)}")
    if interrupted and not options.keep:
        click.echo(f"interrupted; go on: parley run --resume {shlex.quote(str(run.root))}", err=True)
        return 130
    return 2 if errors else exit_code(loaded.results)


def resume_options(directory: Path, *, jobs: int) -> RunOptions:
    """The options of a run that was stopped, to go on with it."""
    if not directory.exists():
        raise UsageError(f"there is no run {directory}", hint=f"ls {RUNS}")
    root = directory.resolve()
    record = read_run(RunLayout(root).record)
    try:
        return RunOptions(
            selectors=tuple(record.cases),
            suites=tuple(Path(suite) for suite in record.suites),
            hosts=dict(record.options["hosts"]),
            jobs=jobs,
            retry=int(record.options["retry"]),
            timeout_scale=float(record.options["timeout_scale"]),
            output=root,
            resume=True,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(RunLayout(root).record, 0, f"its options are damaged: {error!r}") from error


def _load(options: RunOptions) -> tuple[list[ScriptedCase], list[InputError]]:
    suites = [load_suite(path) for path in options.suites or (default_suite(),)]
    return select_cases(suites, options.selectors, overrides=options.hosts)


def _jobs(options: RunOptions, run: RunLayout, cases: Sequence[ScriptedCase]) -> list[Job]:
    if not cases:
        return []
    kinds = sorted({kind for case in cases for kind in certificate_kinds(case)})
    tools = equip(images_needed(cases), kinds)
    equipment = Equipment(tools.images, tools.kernel, UmlBackend(), tools.certificates)
    return [
        Job(
            case=case,
            layout=run.case(case.name),
            equipment=equipment,
            limits=Limits().scaled(options.timeout_scale),
            rerun=_rerun(case, options),
            retry=options.retry,
            hold=_holder(case) if options.keep else None,
        )
        for case in cases
    ]


def _holder(case: ScriptedCase) -> Callable[[Lab, Callable[[str], None]], None]:
    from parley.lab.keep import Keeper  # noqa: PLC0415 -- only kept labs need it

    return Keeper(case.name).hold


def _finished(run: RunLayout, cases: Sequence[ScriptedCase]) -> set[str]:
    return {case.name for case in cases if run.case(case.name).result.exists()}


def _rerun(case: ScriptedCase, options: RunOptions) -> str:
    words = ["parley", "run", case.name, *(f"--suite={suite}" for suite in options.suites)]
    words += [f"--host={host}={value}" for host, value in options.hosts.items()]
    return shlex.join(words)


def _record(options: RunOptions, cases: Sequence[ScriptedCase]) -> RunRecord:
    return RunRecord(
        command=("parley", *sys.argv[1:]),
        cases=tuple(case.name for case in cases),
        started=_now(),
        parley=__version__,
        machine={
            "system": platform.platform(),
            "machine": platform.machine(),
            "python": platform.python_version(),
        },
        suites=tuple(str(suite.resolve()) for suite in options.suites),
        options={
            "hosts": dict(options.hosts),
            "jobs": options.jobs,
            "retry": options.retry,
            "timeout_scale": options.timeout_scale,
        },
    )


def _begin(run: RunLayout, record: RunRecord) -> None:
    try:
        run.root.mkdir(parents=True, exist_ok=True)
        write_json(run.record, record)
    except OSError as error:
        raise UsageError(
            f"cannot write the run to {run.root}: {error.strerror}", hint="--output DIR"
        ) from error
    if run.root.parent.name == RUNS.name:
        latest = run.root.parent / "latest"
        with suppress(FileNotFoundError):
            latest.unlink()
        with suppress(FileExistsError):
            latest.symlink_to(run.root.name)


def _new_directory() -> Path:
    stamp = datetime.now().astimezone().strftime("%Y-%m-%dT%H-%M-%S")
    return RUNS / f"{stamp}-{secrets.token_hex(2)}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
