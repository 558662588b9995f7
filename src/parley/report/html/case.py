"""The page of one case: reason first, then everything that the verdict rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.report.html.artifacts import Artifact, Group, grouped
from parley.report.html.checks import CheckRow, view_checks
from parley.report.html.kernels import KernelState, view_kernels
from parley.report.html.ladder import LadderView, view_ladder
from parley.report.html.links import case_page
from parley.report.html.steps import StepRow, read_story
from parley.report.html.timeline import TimelineView, view_timeline
from parley.report.html.transcripts import Transcript, transcripts
from parley.report.marks import Mark, mark_of
from parley.report.summary import seconds

if TYPE_CHECKING:
    from parley.record.results import CaseResult
    from parley.report.compare import Change
    from parley.report.html.trend import Past
    from parley.report.load import LoadedRun


@dataclass(frozen=True, slots=True)
class Phase:
    """Part of a case's time; `start` and `share` are percents of the whole, for the bar."""

    name: str
    seconds: float
    start: float
    share: float


@dataclass(frozen=True, slots=True)
class CasePage:
    """Everything that the template of a case shows."""

    page: str
    result: CaseResult
    mark: Mark
    seconds: float
    phases: tuple[Phase, ...]
    checks: tuple[CheckRow, ...]
    transcripts: tuple[Transcript, ...]
    steps: tuple[StepRow, ...]
    groups: tuple[Group, ...]
    ladder: LadderView | None = None
    timeline: TimelineView | None = None
    kernels: tuple[KernelState, ...] = ()
    change: Change | None = None
    trend: tuple[Past, ...] = ()
    previous: str = ""
    following: str = ""
    damage: str = ""


def build_case(
    run: LoadedRun,
    result: CaseResult,
    artifacts: tuple[Artifact, ...],
    *,
    change: Change | None = None,
    trend: tuple[Past, ...] = (),
    neighbours: tuple[str, str] = ("", ""),
    with_logs: bool = True,
) -> CasePage:
    """Read what is left of a case; `neighbours` are the names of the cases before and after it."""
    layout = run.case(result.case)
    linkable = {artifact.path for artifact in artifacts if not artifact.note}
    story = read_story(layout, linkable)
    return CasePage(
        page=case_page(result.case),
        result=result,
        mark=mark_of(result.verdict),
        seconds=seconds(result),
        phases=_phases(result.durations),
        checks=view_checks(result.checks, linkable),
        transcripts=transcripts(layout.root, artifacts, story.references),
        steps=story.steps,
        groups=grouped(artifacts),
        ladder=view_ladder(layout),
        timeline=view_timeline(layout, result) if with_logs else None,
        kernels=view_kernels(layout) if with_logs else (),
        change=change,
        trend=trend,
        previous=neighbours[0],
        following=neighbours[1],
        damage=story.damage,
    )


def _phases(durations: dict[str, float]) -> tuple[Phase, ...]:
    whole = sum(durations.values())
    phases = []
    start = 0.0
    for name, length in durations.items():
        share = 100 * length / whole if whole else 0.0
        phases.append(Phase(name, length, start, share))
        start += share
    return tuple(phases)
