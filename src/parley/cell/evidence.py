"""A played cell's evidence, read safely and parsed once."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from parley.cell.commands import POLICY_MARK
from parley.cell.drivers import driver_for
from parley.lab.jail import Jail
from parley.scenario.kernels import parse_kernel_of
from parley.scenario.model import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parley.cell.record import CellRecord, Checkpoint, CommandRecord
    from parley.daemon.driver import Driver
    from parley.record.layout import CaseLayout
    from parley.scenario.model import Scenario
    from parley.scenario.state import DaemonView, KernelSa, KernelView

# A kernel with a thousand SAs prints one MiB (bytes).
_LIMIT = 4 * 1024 * 1024
_KEYED = {"esp", "ah"}


class Evidence:
    """What a cell left behind. Nothing here raises for what a guest wrote: it is empty or a ValueError."""

    def __init__(self, layout: CaseLayout, record: CellRecord, scenario: Scenario) -> None:
        self.layout = layout
        self.record = record
        self.scenario = scenario
        self.jail = Jail(layout.share)
        self._kernels: dict[int, KernelView] = {}
        self._drivers = {role: driver_for(record, scenario, role) for role in Role}

    def driver(self, role: Role) -> Driver:
        """What knows the daemon that played `role`."""
        return self._drivers[role]

    def host(self, role: Role) -> str:
        """The host that played `role`."""
        return self.record.roles[role]

    def output(self, index: int) -> str:
        """What a command printed."""
        return self.jail.read_text(self.record.commands[index].output, default="", limit=_LIMIT)

    def said(self, command: CommandRecord) -> str:
        """What a command complained of, or printed."""
        files = (command.error, command.output)
        return next(filter(None, (self.jail.read_text(name, default="", limit=_LIMIT) for name in files)), "")

    def kernel(self, index: int) -> KernelView:
        """The kernel's view that a command showed. Raises ValueError if it did not show all of it."""
        if index not in self._kernels:
            state, mark, policy = self.output(index).partition(POLICY_MARK)
            if not mark or self.record.commands[index].status != 0:
                # An empty kernel would otherwise be proven by a command that never ran.
                host = self.record.commands[index].host
                raise ValueError(f"{host} did not show its kernel's state: {self.evidence_path(index)}")
            self._kernels[index] = parse_kernel_of(self._platform(index), state, policy)
        return self._kernels[index]

    def _platform(self, index: int) -> str:
        name = self.record.commands[index].host
        return next((host.platform for host in self.record.hosts if host.name == name), "")

    def keyed(self, index: int) -> dict[tuple[str, str], KernelSa]:
        """The SAs that a command showed, by protocol and SPI, but for IPComp's, which have no keys."""
        sas = self.kernel(index).sas
        return {
            (sa.protocol, sa.spi): sa
            for sa in sas
            if sa.protocol in _KEYED and (sa.encryption or sa.integrity)
        }

    def daemon(self, role: Role, checkpoint: Checkpoint) -> DaemonView:
        """What the daemon of `role` said at a checkpoint. Raises ValueError for what cannot be understood."""
        text = self.output(checkpoint.status[role])
        try:
            return self._drivers[role].parse_status(text)
        except Exception as error:  # whatever a third party's parser does with what a hostile guest printed
            raise ValueError(f"status not understood: {type(error).__name__}: {error}"[:500]) from error

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
