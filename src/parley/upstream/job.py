"""Running one of Libreswan's own cases."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from parley.case.model import HostSpec, Step
from parley.daemon.registry import daemon_named
from parley.errors import UnsupportedError
from parley.judge.judge import conclude
from parley.lab.clock import AUTO, lab_kind
from parley.lab.jail import Jail
from parley.lab.lab import HostPlan
from parley.platform.fedora_like import FedoraLike
from parley.record.results import PlayRecord, write_json
from parley.run.job import Job, host_record
from parley.run.perform import Hold, perform
from parley.run.stopwatch import Stopwatch
from parley.upstream.console import POST_MORTEM
from parley.upstream.judge import judge_upstream
from parley.upstream.lacks import declared_lack, wanted_modules
from parley.upstream.network import network_of
from parley.upstream.result import ALL, result_json
from parley.upstream.testing import drop_copies, lay_out_tree, save_in_place
from parley.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from parley.case.model import ScriptedCase
    from parley.lab.lab import Lab
    from parley.record.results import CaseResult
    from parley.upstream.tree import Tree

PLATFORM = "fedora-like"
_DAEMON = "libreswan"

# Upstream's own limit for one command, and that for its last script (seconds).
COMMAND_LIMIT = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamJob(Job):
    """A directory of Libreswan's suite. `image` names the one that all its hosts boot.

    `hold` is called while the lab still lives, after the last step, and returns when it may end; `clock`
    is the user's wish (lab.clock).
    """

    case: ScriptedCase
    tree: Tree
    image: str
    clock: str = AUTO
    in_place: bool = False
    hold: Hold | None = None

    def attempt(self, started: str, progress: Callable[[str], None]) -> CaseResult:
        """Boot, play, collect and judge."""
        lack = declared_lack(self.case)
        if lack:
            return self.result(started, Verdict.UNSUPPORTED, lack)
        plans = self._plans()
        try:
            kind = lab_kind(self.clock, AUTO, plans)
        except UnsupportedError as error:
            return self.result(started, Verdict.UNSUPPORTED, str(error))
        watch = Stopwatch()
        record = self._play(kind, plans, watch, progress)
        write_json(self.layout.play, record)
        progress("judge")
        checks = judge_upstream(self.layout, record)
        watch.done("judge")
        verdict, reason = conclude(checks)
        result = self.result(started, verdict, reason)
        result = replace(result, checks=checks, hosts=record.hosts, durations=watch.durations)
        if self.in_place:
            save_in_place(self.tree, self.case.name, Jail(self.layout.share), self._files(result))
        return result

    def _files(self, result: CaseResult) -> dict[str, bytes]:
        """What upstream's runner leaves in OUTPUT."""
        files = {"result.json": json.dumps(result_json(result), indent=2).encode() + b"\n"}
        for name in (ALL, *(host.name for host in result.hosts)):
            for path, suffix in (
                (self.layout.raw_transcript(name), "console.verbose.txt"),
                (self.layout.transcript(name), "console.txt"),
            ):
                if path.is_file():
                    files[f"{name}.{suffix}"] = path.read_bytes()
        return files

    def result(self, started: str, verdict: Verdict, reason: str) -> CaseResult:
        """A result with what is known before anything ran, the suite's list included."""
        result = Job.result(self, started, verdict, reason)
        return replace(result, kind=self.case.kind, status=self.case.status)

    def _play(
        self,
        kind: type[Lab],
        plans: tuple[HostPlan, ...],
        watch: Stopwatch,
        progress: Callable[[str], None],
    ) -> PlayRecord:
        """Never raises for what breaks in the lab: that is recorded."""
        jail = Jail(self.layout.share)
        jail.create()
        lay_out_tree(self.tree, self.case, jail)
        directory = f"/testing/pluto/{self.case.name}"
        lab = kind(
            self.layout,
            plans,
            network_of(self.tree),
            directory=directory,
            limits=self.limits,
            seed=self.equipment.seed,
        )
        played = perform(lab, self._steps(), watch, progress, self.hold)
        drop_copies(jail)
        return PlayRecord(
            case=self.case.name,
            directory=str(self.case.directory),
            hosts=tuple(host_record(plan) for plan in plans),
            steps=played.steps,
            references={reference.host: str(reference.path) for reference in self.case.references},
            durations=dict(watch.durations),
            error=played.error,
            stopped=played.stopped,
            judged_by=_DAEMON,
        )

    def _plans(self) -> tuple[HostPlan, ...]:
        platform = FedoraLike(without=("ip",) if self.tree.shows_direction() else ())
        modules = (*daemon_named(_DAEMON).modules, *wanted_modules(self.case))
        return tuple(
            HostPlan(
                spec=HostSpec(host.name, PLATFORM, _DAEMON),
                platform=platform,
                backend=self.equipment.backend,
                image=self.equipment.images[self.image],
                kernel=self.equipment.kernel,
                modules=modules,
            )
            for host in self.case.hosts
        )

    def _steps(self) -> tuple[Step, ...]:
        """The case's, and upstream's own last step on every host."""
        last = (Step(host.name, POST_MORTEM, self.case.directory, 0) for host in self.case.hosts)
        return (*self.case.steps, *last)
