"""Running a scenario's cell."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from parley.case.model import HostSpec
from parley.cell.drivers import declared_lack, hosts_of, make_driver, part_of
from parley.cell.judge import judge_cell
from parley.cell.known import as_declared
from parley.cell.player import Player, StoppedError
from parley.cell.record import CellRecord
from parley.errors import LabError, UnsupportedError
from parley.judge.judge import conclude
from parley.lab.clock import AUTO, REAL
from parley.lab.jail import Jail
from parley.lab.play import collect
from parley.lab.topology import NETWORK
from parley.record.results import write_json
from parley.run.job import Job, host_record
from parley.run.plan import plan_hosts
from parley.run.share import set_stage
from parley.run.stopwatch import Stopwatch
from parley.run.testing import lay_out_certificates
from parley.scenario.model import Role
from parley.verdict import Verdict
from parley.wire.impair import parse_impairment

if TYPE_CHECKING:
    from collections.abc import Callable

    from parley.daemon.driver import Driver
    from parley.lab.lab import HostPlan, Lab
    from parley.record.results import CaseResult
    from parley.run.share import Stage
    from parley.scenario.model import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class CellJob(Job):
    """A scenario between two implementations.

    `try_lacks` runs it in spite of a declared lack, to see whether the declaration still holds;
    `impairments` come on top of the scenario's own; `clock` is the user's wish (lab.clock).
    """

    scenario: Scenario
    implementations: dict[Role, str]
    impairments: tuple[str, ...] = ()
    try_lacks: bool = False
    clock: str = AUTO

    def attempt(self, started: str, progress: Callable[[str], None]) -> CaseResult:
        """Boot, play, collect and judge, unless an implementation is declared to lack something."""
        drivers = self._drivers()
        lack = declared_lack(drivers)
        if lack and not self.try_lacks:
            return self.result(started, Verdict.UNSUPPORTED, lack)
        watch = Stopwatch()
        try:
            plans = plan_hosts(self._hosts(), self.equipment, self.scenario.needs)
            stage = set_stage(plans, self.equipment, asked=self.clock, case=self._preferred_clock())
        except UnsupportedError as error:
            return self.result(started, Verdict.UNSUPPORTED, str(error))
        record = self._play(stage, drivers, watch, progress)
        write_json(self.layout.cell, record)
        progress("judge")
        checks = judge_cell(self.layout, record, self.scenario)
        watch.done("judge")
        verdict, reason = conclude(checks)
        initiator, responder = (self.implementations[role] for role in Role)
        verdict, reason = as_declared(
            self.scenario, initiator, responder, verdict=verdict, reason=reason, lack=lack
        )
        result = self.result(started, verdict, reason)
        return replace(result, checks=checks, hosts=record.hosts, durations=watch.durations)

    def _drivers(self) -> dict[Role, Driver]:
        hosts = hosts_of(self.scenario)
        return {
            role: make_driver(name, self.scenario, role, hosts, self.equipment.version(name))
            for role, name in self.implementations.items()
        }

    def _hosts(self) -> list[HostSpec]:
        names = hosts_of(self.scenario)
        specs = [HostSpec(names[role], *part_of(name)) for role, name in self.implementations.items()]
        if self.scenario.nat.initiator or self.scenario.nat.responder:
            specs.append(HostSpec("nic"))
        return specs

    def _preferred_clock(self) -> str:
        """Core scenarios stay in real time: what virtual time hides (races, CPU costs) shows in them."""
        return REAL if self.scenario.core and self.scenario.clock == AUTO else self.scenario.clock

    def _play(
        self,
        stage: Stage,
        drivers: dict[Role, Driver],
        watch: Stopwatch,
        progress: Callable[[str], None],
    ) -> CellRecord:
        """Never raises for what breaks in the lab: that is recorded, with all that was done before."""
        jail = Jail(self.layout.share)
        jail.create()
        lay_out_certificates(self.scenario, jail, self.equipment.certificates)
        record = self._record(stage.plans)
        player: Player | None = None
        progress("boot")
        try:
            with self._lab(stage) as lab:
                watch.done("boot")
                player = Player(lab, drivers, record.roles, began=watch.began, progress=progress)
                record = replace(record, stopped=_drive(player))
                watch.done("play")
                progress("collect")
                collect(lab)
                watch.done("collect")
        except LabError as broken:
            record = replace(record, error=str(broken))
            watch.done("lab error")
        if player:
            record = replace(
                record,
                commands=tuple(player.commands),
                checkpoints=tuple(player.checkpoints),
                flows=tuple(player.flows),
            )
        return replace(record, durations=dict(watch.durations))

    def _lab(self, stage: Stage) -> Lab:
        impairments = [parse_impairment(text) for text in self._impairments()]
        return stage.kind(
            self.layout,
            stage.plans,
            NETWORK,
            limits=self.limits,
            impairments=impairments,
            first=self.first,
            share=stage.share,
            seed=self.equipment.seed,
        )

    def _impairments(self) -> tuple[str, ...]:
        return (*self.scenario.impairments, *self.impairments)

    def _record(self, plans: tuple[HostPlan, ...]) -> CellRecord:
        """What is known before anything happens."""
        return CellRecord(
            scenario=self.scenario.name,
            scenario_path=str(self.scenario.path),
            initiator=self.implementations[Role.INITIATOR],
            responder=self.implementations[Role.RESPONDER],
            hosts=tuple(host_record(plan) for plan in plans),
            roles=hosts_of(self.scenario),
            steps=tuple(step.action for step in self.scenario.steps),
            impairments=self._impairments(),
        )


def _drive(player: Player) -> str:
    """Play the scenario; returns why it stopped, empty if it did not."""
    try:
        player.play()
    except StoppedError as stop:
        player.finish()
        return str(stop)
    return ""
