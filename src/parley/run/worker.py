"""Runs one job from an empty directory to its recorded verdict, in a process of its own."""

from __future__ import annotations

import glob
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from parley.errors import ParleyError
from parley.image.tree import remove_tree
from parley.judge.judge import as_tried
from parley.record.results import Attempt, CaseResult, write_json
from parley.verdict import Check, CheckState, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from parley.run.job import Job


def run_job(job: Job, progress: Callable[[str], None]) -> CaseResult:
    """Run a job, again if its verdict was bad and it may be, and record the result."""
    attempts: list[Attempt] = []
    while True:
        _remove(job.layout.root)
        job.layout.root.mkdir(parents=True)
        result = job.attempt(_now(), progress)
        if result.verdict.is_good or len(attempts) >= job.retry:
            break
        write_json(job.layout.result, result)
        kept = job.layout.root.with_name(f"{job.layout.root.name}.attempt-{len(attempts) + 1}")
        _remove(kept)
        job.layout.root.rename(kept)
        attempts.append(Attempt(result.verdict, result.reason, kept.name))
        progress("trying again")
    result = as_tried(replace(result, attempts=tuple(attempts)))
    write_json(job.layout.result, result)
    return result


def broken_result(job: Job, error: BaseException | str) -> CaseResult:
    """The result of a job whose worker broke before it could judge; recorded as well."""
    reason = str(error) if isinstance(error, (str, ParleyError)) else f"{type(error).__name__}: {error}"
    job.layout.root.mkdir(parents=True, exist_ok=True)
    result = job.result(_now(), Verdict.LAB_ERROR, reason)
    result = replace(result, checks=(Check("lab", CheckState.ERROR, "", reason),))
    write_json(job.layout.result, result)
    return result


def forget(case: Path) -> None:
    """Remove what an earlier run left of a case: its directory, and those of its earlier attempts."""
    for directory in (case, *case.parent.glob(f"{glob.escape(case.name)}.attempt-*")):
        _remove(directory)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _remove(directory: Path) -> None:
    if directory.is_symlink():
        directory.unlink()
    elif directory.exists():
        remove_tree(directory)
