"""Running a scripted case."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from parley.errors import UnsupportedError
from parley.judge.judge import conclude, judge
from parley.lab.clock import AUTO, VIRTUAL
from parley.lab.jail import Jail
from parley.lab.lab import Lab
from parley.lab.topology import NETWORK
from parley.record.results import PlayRecord, write_json
from parley.run.job import Job, host_record
from parley.run.perform import Hold, perform
from parley.run.plan import plan_hosts
from parley.run.share import set_stage
from parley.run.stopwatch import Stopwatch
from parley.run.testing import GUEST_TESTING, lay_out_testing
from parley.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from parley.case.model import ScriptedCase
    from parley.record.results import CaseResult
    from parley.run.share import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedJob(Job):
    """A directory of a suite.

    `hold` is called while the lab still lives, after the last step, and returns when it may end; `clock`
    is the user's wish (lab.clock).
    """

    case: ScriptedCase
    clock: str = AUTO
    hold: Hold | None = None

    def attempt(self, started: str, progress: Callable[[str], None]) -> CaseResult:
        """Boot, play, collect and judge."""
        try:
            plans = plan_hosts(self.case.hosts, self.equipment, self.case.needs)
            stage = set_stage(plans, self.equipment, asked=self.clock)
        except UnsupportedError as error:
            return self.result(started, Verdict.UNSUPPORTED, str(error))
        watch = Stopwatch()
        record = self._play(stage, watch, progress)
        write_json(self.layout.play, record)
        progress("judge")
        checks = judge(self.layout, record)
        watch.done("judge")
        verdict, reason = conclude(checks)
        result = self.result(started, verdict, reason)
        return replace(
            result,
            checks=checks,
            hosts=record.hosts,
            durations=watch.durations,
            rerun=self._rerun(stage.kind),
        )

    def _rerun(self, kind: type[Lab]) -> str:
        """The command that runs it again, in the same time even when it is alone then."""
        is_said = kind is Lab or self.clock == VIRTUAL
        return self.rerun if is_said else f"{self.rerun} --clock={VIRTUAL}"

    def _play(self, stage: Stage, watch: Stopwatch, progress: Callable[[str], None]) -> PlayRecord:
        """Never raises for what breaks in the lab: that is recorded."""
        jail = Jail(self.layout.share)
        jail.create()
        lay_out_testing(self.case, jail, self.equipment.certificates)
        lab = stage.kind(
            self.layout,
            stage.plans,
            NETWORK,
            directory=f"{GUEST_TESTING}/{self.case.suite.name}/{self.case.name}",
            limits=self.limits,
            first=self.first,
            share=stage.share,
            seed=self.equipment.seed,
        )
        played = perform(lab, self.case.steps, watch, progress, self.hold)
        return PlayRecord(
            case=self.case.name,
            directory=str(self.case.directory),
            hosts=tuple(host_record(plan) for plan in stage.plans),
            steps=played.steps,
            references={reference.host: str(reference.path) for reference in self.case.references},
            durations=dict(watch.durations),
            error=played.error,
            stopped=played.stopped,
        )
