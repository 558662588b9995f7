"""TESTLIST: which directories of a suite are cases, of which kind, and whether they are any good."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.case.text import read_lines
from parley.errors import InputError
from parley.near import nearest

if TYPE_CHECKING:
    from collections.abc import Container
    from pathlib import Path

KIND = "kvmplutotest"
STATUSES = ("good", "wip", "skiptest", "skip")
_FORM = "kind name status [issue] [# comment]"


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of a TESTLIST."""

    name: str
    kind: str = KIND
    status: str = "good"
    issue: str = ""


def parse_testlist(path: Path) -> tuple[list[Listed], list[InputError]]:
    """The lines of a TESTLIST in order, and one error for each line that cannot be used.

    Raises InputError if the file cannot be read at all.
    """
    listed: dict[str, Listed] = {}
    errors: list[InputError] = []
    for number, line in enumerate(read_lines(path), 1):
        fields = line.partition("#")[0].split()
        if not fields:
            continue
        try:
            entry = _entry(path, number, fields, listed)
        except InputError as error:
            errors.append(error)
        else:
            listed[entry.name] = entry
    return list(listed.values()), errors


def _entry(path: Path, number: int, fields: list[str], known: Container[str]) -> Listed:
    if len(fields) not in {3, 4}:
        raise InputError(path, number, f"{len(fields)} fields where 3 or 4 are expected", hint=_FORM)
    kind, name, status, *issue = fields
    if status not in STATUSES:
        raise InputError(path, number, f"no status is called {status}", hint=nearest(status, STATUSES))
    if name in known:
        raise InputError(path, number, f"{name} is listed twice")
    if "/" in name or name in {".", ".."}:
        raise InputError(path, number, f"{name} is no directory directly beside this file")
    if not (path.parent / name).is_dir():
        raise InputError(path, number, f"there is no directory {name}")
    return Listed(name, kind, status, "".join(issue))
