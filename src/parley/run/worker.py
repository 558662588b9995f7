"""Runs one case from an empty directory to its verdict, in a process of its own."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from parley.daemon.registry import daemon_named
from parley.errors import LabError, ParleyError, UnsupportedError
from parley.judge.judge import conclude, judge
from parley.lab.jail import Jail
from parley.lab.lab import Lab
from parley.lab.play import collect, play
from parley.lab.topology import NETWORK
from parley.record.results import Attempt, CaseResult, HostRecord, PlayRecord, StepRecord, write_json
from parley.run.plan import plan_hosts
from parley.run.testing import GUEST_TESTING, lay_out_testing
from parley.verdict import Check, CheckState, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from parley.case.model import ScriptedCase
    from parley.lab.host import Limits
    from parley.lab.lab import HostPlan
    from parley.record.layout import CaseLayout
    from parley.run.plan import Equipment


@dataclass(frozen=True, slots=True)
class Job:
    """One case to run.

    `rerun` is the command that runs it again; `retry` says how often a bad verdict is tried again.
    `hold` is called while the lab still lives, after the last step, and returns when it may end.
    """

    case: ScriptedCase
    layout: CaseLayout
    equipment: Equipment
    limits: Limits
    rerun: str
    retry: int = 0
    hold: Callable[[Lab, Callable[[str], None]], None] | None = None


def run_job(job: Job, progress: Callable[[str], None]) -> CaseResult:
    """Run a case, again if it was bad and may be, and record the result."""
    attempts: list[Attempt] = []
    while True:
        result = _attempt(job, progress)
        if result.verdict.is_good or len(attempts) >= job.retry:
            break
        kept = job.layout.root.with_name(f"{job.layout.root.name}.attempt-{len(attempts) + 1}")
        _remove(kept)
        job.layout.root.rename(kept)
        attempts.append(Attempt(result.verdict, result.reason, kept.name))
        progress("trying again")
    if attempts and result.verdict is Verdict.PASSED:
        first = attempts[0]
        reason = f"passed on try {len(attempts) + 1}; before: {first.verdict}: {first.reason}"
        result = replace(result, verdict=Verdict.FLAKY, reason=reason)
    result = replace(result, attempts=tuple(attempts))
    write_json(job.layout.result, result)
    return result


def _attempt(job: Job, progress: Callable[[str], None]) -> CaseResult:
    started = datetime.now(UTC).isoformat(timespec="milliseconds")
    _remove(job.layout.root)
    job.layout.root.mkdir(parents=True)
    try:
        plans = plan_hosts(job.case, job.equipment)
    except UnsupportedError as error:
        return _result(job, started, Verdict.UNSUPPORTED, str(error))
    record = _play(job, plans, progress)
    write_json(job.layout.play, record)
    progress("judge")
    judged = time.monotonic()
    checks = judge(job.layout, record)
    durations = {**record.durations, "judge": round(time.monotonic() - judged, 4)}
    verdict, reason = conclude(checks)
    result = _result(job, started, verdict, reason)
    return replace(result, checks=checks, hosts=record.hosts, durations=durations)


def _play(job: Job, plans: tuple[HostPlan, ...], progress: Callable[[str], None]) -> PlayRecord:
    """Boot, play, collect. Never raises for what breaks in the lab: that is recorded."""
    began = time.monotonic()
    steps: list[StepRecord] = []
    durations: dict[str, float] = {}
    error = stopped = ""

    def done(phase: str) -> None:
        durations[phase] = round(time.monotonic() - began - sum(durations.values()), 4)

    jail = Jail(job.layout.share)
    jail.create()
    lay_out_testing(job.case, jail, job.equipment.certificates)
    directory = f"{GUEST_TESTING}/{job.case.suite.name}/{job.case.name}"
    progress("boot")
    try:
        with Lab(job.layout, plans, NETWORK, directory=directory, limits=job.limits) as lab:
            done("boot")
            steps, stopped = play(job.case.steps, lab, began, progress)
            done("play")
            if job.hold:
                job.hold(lab, progress)
                done("hold")
            progress("collect")
            collect(lab)
            done("collect")
    except LabError as broken:
        error = str(broken)
        done("lab error")
    return PlayRecord(
        case=job.case.name,
        directory=str(job.case.directory),
        hosts=tuple(_host_record(plan) for plan in plans),
        steps=tuple(steps),
        references={reference.host: str(reference.path) for reference in job.case.references},
        durations=durations,
        error=error,
        stopped=stopped,
    )


def _host_record(plan: HostPlan) -> HostRecord:
    implementation = plan.spec.implementation
    package = daemon_named(implementation).package if implementation else ""
    return HostRecord(
        name=plan.spec.name,
        platform=plan.spec.platform,
        implementation=implementation,
        backend=plan.backend.name,
        image=f"{plan.image.name} {plan.image.digest[:12]}",
        kernel=f"{plan.kernel.name} {plan.kernel.version}",
        version=plan.image.packages.get(package, ""),
    )


def _result(job: Job, started: str, verdict: Verdict, reason: str) -> CaseResult:
    return CaseResult(
        case=job.case.name,
        verdict=verdict,
        reason=reason,
        title=job.case.title,
        started=started,
        rerun=job.rerun,
    )


def broken_result(job: Job, error: BaseException | str) -> CaseResult:
    """The result of a case whose worker broke before it could judge; recorded as well."""
    reason = str(error) if isinstance(error, (str, ParleyError)) else f"{type(error).__name__}: {error}"
    job.layout.root.mkdir(parents=True, exist_ok=True)
    started = datetime.now(UTC).isoformat(timespec="milliseconds")
    result = _result(job, started, Verdict.LAB_ERROR, reason)
    result = replace(result, checks=(Check("lab", CheckState.ERROR, "", reason),))
    write_json(job.layout.result, result)
    return result


def _remove(directory: Path) -> None:
    if directory.is_symlink():
        directory.unlink()
    elif directory.exists():
        shutil.rmtree(directory)
