"""A played cell's evidence, read safely and parsed once."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from parley.cell.commands import POLICY_MARK
from parley.cell.drivers import driver_for
from parley.lab.jail import Jail
from parley.scenario.xfrm import parse_kernel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parley.cell.record import CellRecord, Checkpoint, CommandRecord
    from parley.record.layout import CaseLayout
    from parley.scenario.model import Role, Scenario
    from parley.scenario.state import DaemonView, KernelView


class Evidence:
    """What a cell left behind. Nothing here raises for what a guest wrote: it is empty or a ValueError."""

    def __init__(self, layout: CaseLayout, record: CellRecord, scenario: Scenario) -> None:
        self.layout = layout
        self.record = record
        self.scenario = scenario
        self.jail = Jail(layout.share)
        self._kernels: dict[int, KernelView] = {}

    def host(self, role: Role) -> str:
        """The host that played `role`."""
        return self.record.roles[role]

    def output(self, index: int) -> str:
        """What a command printed."""
        return self.jail.read_text(self.record.commands[index].output, default="")

    def said(self, command: CommandRecord) -> str:
        """What a command complained of, or printed."""
        return self.jail.read_text(command.error, default="") or self.jail.read_text(
            command.output, default=""
        )

    def kernel(self, index: int) -> KernelView:
        """The kernel's view that a command showed."""
        if index not in self._kernels:
            state, _, policy = self.output(index).partition(POLICY_MARK)
            self._kernels[index] = parse_kernel(state, policy)
        return self._kernels[index]

    def daemon(self, role: Role, checkpoint: Checkpoint) -> DaemonView:
        """What the daemon of `role` said at a checkpoint. Raises ValueError for what cannot be understood."""
        driver = driver_for(self.record, self.scenario, role)
        return driver.parse_status(self.output(checkpoint.status[role]))

    def with_purpose(self, purpose: str) -> Iterator[CommandRecord]:
        """The commands that had this purpose, in order."""
        return (command for command in self.record.commands if command.purpose == purpose)

    def evidence_path(self, index: int) -> str:
        """Where a command's output lies, inside the case's directory."""
        return f"share/{self.record.commands[index].output}"


@cache
def fingerprint(key: str) -> str:
    """A key as it may be shown: enough to see whether two are equal, not enough to use it."""
    from hashlib import sha256  # noqa: PLC0415 -- only where keys are compared

    return sha256(key.encode()).hexdigest()[:12] if key else "none"
