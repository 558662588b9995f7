"""One thing to run: what scripted cases and scenario cells have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.daemon.registry import daemon_named
from parley.record.results import CaseResult, HostRecord

if TYPE_CHECKING:
    from collections.abc import Callable

    from parley.lab.host import Limits
    from parley.lab.lab import HostPlan
    from parley.record.layout import CaseLayout
    from parley.record.results import CellRef
    from parley.run.plan import Equipment
    from parley.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(ABC):
    """A case with everything needed to run it.

    `rerun` is the command that runs it again; `retry` says how often a bad verdict is tried again;
    `first` is the host that is up before the others boot.
    """

    name: str
    title: str
    layout: CaseLayout
    equipment: Equipment
    limits: Limits
    rerun: str
    retry: int = 0
    first: str = ""
    cell: CellRef | None = None

    @abstractmethod
    def attempt(self, started: str, progress: Callable[[str], None]) -> CaseResult:
        """Run it once in its empty directory and judge it. `started` is the time for the record."""

    def result(self, started: str, verdict: Verdict, reason: str) -> CaseResult:
        """A result with what is known before anything ran."""
        return CaseResult(
            case=self.name,
            verdict=verdict,
            reason=reason,
            title=self.title,
            started=started,
            rerun=self.rerun,
            cell=self.cell,
        )


def host_record(plan: HostPlan) -> HostRecord:
    """What is remembered of a host."""
    implementation = plan.spec.implementation
    package = daemon_named(implementation).package if implementation else ""
    return HostRecord(
        name=plan.spec.name,
        platform=plan.spec.platform,
        implementation=implementation,
        backend=plan.backend.label,
        image=f"{plan.image.name} {plan.image.digest[:12]}",
        kernel=f"{plan.kernel.name} {plan.kernel.version}",
        version=plan.image.packages.get(package, ""),
    )
