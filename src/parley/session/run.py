"""One invocation of `parley run`, from what was asked for to the exit code."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from parley.case.selector import select_cases
from parley.case.suite import default_suite, load_suite
from parley.errors import InputError, UsageError
from parley.image.equip import equip
from parley.image.recipe import NFS_SERVER
from parley.lab.clock import AUTO, REAL
from parley.lab.host import Limits
from parley.record.layout import RunLayout
from parley.record.results import read_run
from parley.run.plan import images_needed
from parley.run.scripted import ScriptedJob
from parley.run.share import NFS
from parley.run.testing import certificate_kinds
from parley.scenario.suite import default_scenarios
from parley.session.booting import check_booting, equipment_of
from parley.session.bsd_builds import builds_for
from parley.session.common import RUNS, begin, carry_out, new_directory, new_record
from parley.session.options import LabOptions, recorded_lab
from parley.session.upstream import parse_sources, sources_for, upstream_job, with_old_forms, with_sources
from parley.upstream.tree import changed_cases, tree_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from parley.case.model import ScriptedCase
    from parley.image.equip import Tools
    from parley.lab.lab import Lab
    from parley.record.results import RunRecord
    from parley.run.job import Job
    from parley.run.plan import Equipment


@dataclass(frozen=True, slots=True)
class RunOptions(LabOptions):
    """What was asked for.

    `sources` are IMPLEMENTATION=TREE; `changed` means the cases that git sees a change in, `in_place` has
    Libreswan's own cases leave their OUTPUT in the user's tree.
    """

    selectors: tuple[str, ...] = ()
    suites: tuple[Path, ...] = ()
    hosts: Mapping[str, str] = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    changed: bool = False
    in_place: bool = False
    keep: bool = False


def execute(options: RunOptions, *, html: bool | None = None) -> int:
    """Run what was asked for, show it, and return the exit code."""
    cases, errors = _load(options)
    for error in errors:
        click.echo(f"parley: {error}", err=True)
    if errors and not cases:
        return UsageError.exit_code
    for case in cases:
        for note in case.notes:
            click.echo(f"parley: {note}", err=True)
    if options.keep and len(cases) != 1:
        raise UsageError(f"--keep keeps the lab of one case, and {len(cases)} were selected")
    run = RunLayout(options.output or new_directory())
    waiting = [case for case in cases if not (options.resume and run.case(case.name).result.exists())]
    hosts = {host.name for case in cases for host in case.hosts}
    options.check()
    check_booting(options.backends, options.first, hosts)
    tools = _equip(options, waiting)
    record = _record(options, cases)
    begin(run, record)
    with tools.held():
        code = carry_out(
            run,
            record,
            _jobs(options, run, waiting, tools, _clock(options, cases)),
            parallel=options.jobs,
            fail_fast=options.fail_fast,
            html=len(cases) > 1 if html is None else html,
            may_be_interrupted=options.keep,
        )
    return 2 if errors else code


def resume(directory: Path, *, jobs: int, html: bool | None = None) -> int:
    """Go on with a run that was stopped, of cases or of a matrix. Raises UsageError if there is none."""
    if not directory.exists():
        raise UsageError(f"there is no run {directory}", hint=f"ls {RUNS}")
    root = directory.resolve()
    record = read_run(RunLayout(root).record)
    if record.cells:
        from parley.session.matrix import execute_matrix, resume_matrix  # noqa: PLC0415 -- only for a matrix

        return execute_matrix(resume_matrix(root, record, jobs=jobs), html=html is not False)
    return execute(_options_of(root, record, jobs), html=html)


def _options_of(root: Path, record: RunRecord, jobs: int) -> RunOptions:
    try:
        return RunOptions(
            selectors=tuple(record.cases),
            suites=tuple(Path(suite) for suite in record.suites),
            hosts=dict(record.options["hosts"]),
            sources=tuple(record.options["sources"]),
            in_place=bool(record.options["in_place"]),
            **recorded_lab(record.options),
            jobs=jobs,
            output=root,
            resume=True,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(RunLayout(root).record, 0, f"its options are damaged: {error!r}") from error


def _load(options: RunOptions) -> tuple[list[ScriptedCase], list[InputError]]:
    suites = [load_suite(path) for path in options.suites or (default_suite(),)]
    selectors = options.selectors
    if options.changed:
        changed = {name for suite in suites for name in changed_cases(suite.path)}
        selectors = tuple(name for suite in suites for name in suite.names() if name in changed)
        if not selectors:
            raise UsageError("--changed: git sees no change in any case", hint="git status")
    try:
        selected = select_cases(suites, selectors, overrides=options.hosts)
    except UsageError as error:
        scenario = next((name for name in selectors if (default_scenarios() / f"{name}.toml").is_file()), "")
        if not scenario:
            raise
        hint = f"{scenario} is a scenario: parley matrix {scenario}"
        raise UsageError(str(error.args[0]), hint=hint) from error
    return with_old_forms(suites, *selected)


def _equip(options: RunOptions, cases: Sequence[ScriptedCase]) -> Tools:
    own = [case for case in cases if tree_of(case.suite) is None]
    kinds = sorted({kind for case in own for kind in certificate_kinds(case)})
    images = images_needed(host for case in own for host in case.hosts)
    if options.share == NFS:
        images = (*images, NFS_SERVER)
    return equip(images, kinds, kernel=options.kernel, sources=sources_for(cases, options.sources))


def _jobs(
    options: RunOptions, run: RunLayout, cases: Sequence[ScriptedCase], tools: Tools, clock: str
) -> list[Job]:
    images = with_sources(tools.images, options.sources)
    equipment = replace(equipment_of(tools, images, options.backends, options.seed), share=options.share)
    builds = builds_for(cases, parse_sources(options.sources), equipment)
    equipment = replace(equipment, builds=builds)
    return [_job(options, run, case, equipment, clock) for case in cases]


def _clock(options: RunOptions, cases: Sequence[ScriptedCase]) -> str:
    """A case alone is quicker with a kernel, and so a processor, for each host, unless it waits.

    `cases` are all of the run's, so that one that is left of many when the run goes on gets their time.
    """
    if options.clock != AUTO or len(cases) != 1 or tree_of(cases[0].suite) is not None:
        return options.clock
    return AUTO if any("sleep" in step.text for step in cases[0].steps) else REAL


def _job(options: RunOptions, run: RunLayout, case: ScriptedCase, equipment: Equipment, clock: str) -> Job:
    job = ScriptedJob(
        name=case.name,
        title=case.title,
        layout=run.case(case.name),
        equipment=equipment,
        limits=Limits().scaled(options.timeout_scale * equipment.slowness),
        rerun=_rerun(case, options),
        retry=options.retry,
        case=case,
        clock=clock,
        first=options.first,
        hold=_holder(case) if options.keep else None,
    )
    return upstream_job(job, options.sources, in_place=options.in_place) or job


def _holder(case: ScriptedCase) -> Callable[[Lab, Callable[[str], None]], None]:
    from parley.lab.keep import Keeper  # noqa: PLC0415 -- only kept labs need it

    return Keeper(case.name).hold


def _rerun(case: ScriptedCase, options: RunOptions) -> str:
    words = ["parley", "run", case.name, *(f"--suite={suite}" for suite in options.suites)]
    words += [f"--host={host}={value}" for host, value in options.hosts.items()]
    words += [f"--impl={source}" for source in options.sources]
    return shlex.join(words + options.lab_words())


def _record(options: RunOptions, cases: Sequence[ScriptedCase]) -> RunRecord:
    return replace(
        new_record([case.name for case in cases]),
        suites=tuple(str(suite.resolve()) for suite in options.suites),
        options={
            "hosts": dict(options.hosts),
            "sources": list(options.sources),
            "in_place": options.in_place,
            **options.lab_record(),
        },
    )
