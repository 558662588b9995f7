"""What is remembered of a run: run.json, play.json and result.json, with a schema version.

Reports and later judgements read these files and nothing else. Readers accept the schema they know
and refuse newer ones with a clear message (docs/reference/results.md).
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from parley.errors import InputError
from parley.record.typed import read_record
from parley.verdict import Check, Verdict  # noqa: TC001 -- read_record looks types up when it runs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCHEMA = 1
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class HostRecord:
    """What a host of a case was: enough to boot the same again."""

    name: str
    platform: str
    implementation: str
    backend: str
    image: str
    kernel: str
    version: str = ""
    packages: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One played step. Times are seconds since the case began; `status` is None while unknown."""

    index: int
    host: str
    text: str
    is_comment: bool
    started: float = 0.0
    elapsed: float = 0.0
    status: int | None = None
    output: str = ""


@dataclass(frozen=True, slots=True)
class PlayRecord:
    """What happened in the lab, before any judgement.

    `error` is empty, or says how the lab broke; `stopped` is empty, or names the step that ran past its
    limit and ended the case early. `references` maps hosts to absolute reference paths;
    `durations` maps phases (boot, play, collect) to seconds. `judged_by` names the implementation whose
    own sanitizers and compare decide; empty: Parley's.
    """

    case: str
    directory: str
    hosts: tuple[HostRecord, ...]
    steps: tuple[StepRecord, ...]
    references: dict[str, str] = field(default_factory=dict)
    durations: dict[str, float] = field(default_factory=dict)
    error: str = ""
    stopped: str = ""
    judged_by: str = ""
    schema: int = SCHEMA


@dataclass(frozen=True, slots=True)
class Attempt:
    """The verdict of an earlier try of the same case, kept beside the final one."""

    verdict: Verdict
    reason: str
    directory: str


@dataclass(frozen=True, slots=True)
class CellRef:
    """Where a scenario cell stands in the matrix.

    `initiator` and `responder` are labels: an implementation, or `implementation@platform`
    where one implementation runs on several platforms. `rfc` are the sections that the scenario is about.
    """

    scenario: str
    initiator: str
    responder: str
    rfc: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseResult:
    """The judgement of one case. `reason` is one line; `rerun` is the exact command to run it again.

    `cell` is None for a scripted case; `kind` and `status` are what the list of a suite of Libreswan's own
    says of the case.
    """

    case: str
    verdict: Verdict
    reason: str = ""
    title: str = ""
    checks: tuple[Check, ...] = ()
    hosts: tuple[HostRecord, ...] = ()
    durations: dict[str, float] = field(default_factory=dict)
    started: str = ""
    rerun: str = ""
    attempts: tuple[Attempt, ...] = ()
    cell: CellRef | None = None
    kind: str = ""
    status: str = ""
    schema: int = SCHEMA


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One invocation: what was asked for (`cases`, in order), with which command, on which machine.

    `cells` maps names of cases to their place in the matrix, so that those never reached have one too.
    """

    command: tuple[str, ...]
    cases: tuple[str, ...]
    started: str
    parley: str
    machine: dict[str, str] = field(default_factory=dict)
    suites: tuple[str, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)
    cells: dict[str, CellRef] = field(default_factory=dict)
    finished: str = ""
    schema: int = SCHEMA


def _default(value: object) -> object:
    raise TypeError(f"not JSON: {value!r}")


def write_json(path: Path, record: object) -> None:
    """Write a record whole or not at all: a killed run leaves no half file behind."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    text = json.dumps(asdict(record), indent=1, default=_default)  # type: ignore[call-overload]
    temporary.write_text(text + "\n", encoding="utf-8")
    temporary.replace(path)


def load_json(path: Path) -> dict[str, Any]:
    """A record's JSON object. Raises InputError for unreadable files and newer schemas."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise InputError(path, error.lineno, f"not JSON: {error.msg}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(path, 0, f"cannot be read: {error}") from error
    if not isinstance(data, dict) or not isinstance(data.get("schema"), int):
        raise InputError(path, 0, "no record of Parley's: it lacks a schema number")
    if data["schema"] > SCHEMA:
        raise InputError(
            path,
            0,
            f"written with schema {data['schema']}, this Parley reads up to {SCHEMA}",
            hint="a newer Parley",
        )
    return data


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what goes wrong while JSON becomes records into one clear InputError."""
    try:
        yield
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise InputError(path, 0, f"damaged record: {error}") from error


def read_play(path: Path) -> PlayRecord:
    """Read play.json. Raises InputError for a file that is no such record."""
    return _read(PlayRecord, path)


def read_result(path: Path) -> CaseResult:
    """Read result.json. Raises InputError for a file that is no such record."""
    return _read(CaseResult, path)


def read_run(path: Path) -> RunRecord:
    """Read run.json. Raises InputError for a file that is no such record."""
    return _read(RunRecord, path)


def _read(kind: type[T], path: Path) -> T:
    data = load_json(path)
    with reading(path):
        return read_record(kind, data)
