"""What happened in a cell, before any judgement: cell.json."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from parley.record.results import HostRecord, load_json, reading
from parley.record.typed import read_record
from parley.scenario.model import Action, Role

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = 1

# What a look at an up that must be refused is called.
REFUSED = "refused"

_WITHOUT_SAS = {
    *(Action.DOWN, Action.KILL, Action.RESTART, Action.DELETE_CHILD, Action.NOTICE),
    REFUSED,
}


@dataclass(frozen=True, slots=True)
class CommandRecord:
    """One command that the lab ran.

    `purpose` says what for: start, up, traffic, ... Times are seconds since the cell began; `output` and
    `error` are paths in the share. `status` is None for a command that ran past its limit.
    """

    host: str
    purpose: str
    command: str
    started: float
    elapsed: float
    status: int | None
    output: str
    error: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A look at both ends at one moment: indices into `CellRecord.commands`.

    `kernel` and `status` map roles to the command that showed them; `traffic` and `kernel_after` are
    empty where nothing was sent.
    """

    name: str
    kernel: dict[Role, int]
    status: dict[Role, int]
    traffic: dict[Role, int] = field(default_factory=dict)
    kernel_after: dict[Role, int] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """The action that it looks at the outcome of."""
        return self.name.partition(" ")[0]

    @property
    def expects_sas(self) -> bool:
        """Whether both ends must have SAs now."""
        return self.kind not in _WITHOUT_SAS

    @property
    def latest_kernel(self) -> dict[Role, int]:
        """The last look at the kernels."""
        return self.kernel_after or self.kernel


@dataclass(frozen=True, slots=True)
class Flow:
    """Continuous traffic: the scenario's step (its index), and the command of each side that sent."""

    step: int
    commands: dict[Role, int]


@dataclass(frozen=True, slots=True)
class CellRecord:
    """One played cell. `outcomes` are the statuses of the scenario's own steps, in order, by index."""

    scenario: str
    scenario_path: str
    initiator: str
    responder: str
    hosts: tuple[HostRecord, ...]
    roles: dict[Role, str]
    commands: tuple[CommandRecord, ...] = ()
    checkpoints: tuple[Checkpoint, ...] = ()
    flows: tuple[Flow, ...] = ()
    steps: tuple[str, ...] = ()
    durations: dict[str, float] = field(default_factory=dict)
    impairments: tuple[str, ...] = ()
    error: str = ""
    stopped: str = ""
    schema: int = SCHEMA


def read_cell(path: Path) -> CellRecord:
    """Read cell.json. Raises InputError for a file that is no such record."""
    data = load_json(path)
    with reading(path):
        record = read_record(CellRecord, data)
        if record.roles.keys() != set(Role):
            raise ValueError("roles are not those of both ends")
        for checkpoint in record.checkpoints:
            _require_sound(checkpoint, len(record.commands))
        if not all(
            0 <= index < len(record.commands) for flow in record.flows for index in flow.commands.values()
        ):
            raise ValueError("a flow names commands that are not there")
        return record


def _require_sound(point: Checkpoint, count: int) -> None:
    """Raise ValueError for a checkpoint without both ends, or with commands that are not there."""
    maps = {name: getattr(point, name).items() for name in ("kernel", "status", "traffic", "kernel_after")}
    for name, indices in maps.items():
        # Both ends are always looked at; only without traffic there is none to look at afterwards.
        if {role for role, _ in indices} != set(Role) and (indices or name in {"kernel", "status"}):
            raise ValueError(f"{name} of {point.name} is not of both ends")
        if not all(0 <= index < count for _, index in indices):
            raise ValueError(f"{name} of {point.name} names commands that are not there")
    if point.traffic.keys() != point.kernel_after.keys():
        raise ValueError(f"traffic of {point.name} without a look at the kernels, or the other way round")
