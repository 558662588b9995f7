"""What happened in a cell, before any judgement: cell.json."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from parley.record.results import HostRecord, load_json, reading
from parley.scenario.model import Role

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = 1


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
        data["hosts"] = tuple(HostRecord(**host) for host in data["hosts"])
        data["roles"] = _roles(data["roles"])
        data["commands"] = tuple(CommandRecord(**command) for command in data["commands"])
        data["checkpoints"] = tuple(_checkpoint(checkpoint) for checkpoint in data["checkpoints"])
        for name in ("steps", "impairments"):
            data[name] = tuple(data[name])
        return CellRecord(**data)


def _checkpoint(data: dict[str, Any]) -> Checkpoint:
    maps = {name: _roles(data[name]) for name in ("kernel", "status", "traffic", "kernel_after")}
    return Checkpoint(name=data["name"], **maps)


def _roles(data: dict[str, Any]) -> dict[Role, Any]:
    return {Role(role): value for role, value in data.items()}
