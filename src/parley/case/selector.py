"""Which cases are meant: names, globs and `status:`/`kind:` words."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from parley.case.scripted import load_case
from parley.errors import InputError, UsageError
from parley.near import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from parley.case.model import ScriptedCase
    from parley.case.suite import Suite
    from parley.case.testlist import Listed

_FIELDS = {
    "status": lambda entry: entry.status,
    "kind": lambda entry: entry.kind,
    "issue": lambda entry: entry.issue,
}


def select_cases(
    suites: Sequence[Suite], selectors: Sequence[str], *, overrides: Mapping[str, str]
) -> tuple[list[ScriptedCase], list[InputError]]:
    """Load the cases that are meant, in the order of their suites, each once.

    Without selectors every case of status good is meant; a case named literally is meant whatever its
    status. Returns what is wrong with the suites and with single cases beside the cases that are fine.
    Raises UsageError for a selector that means nothing.
    """
    meant = [(suite, entry) for suite in suites for entry in suite.listed if _is_meant(entry, selectors)]
    _require_all_used(suites, selectors)
    cases: dict[str, ScriptedCase] = {}
    errors = [error for suite in suites for error in suite.errors]
    for suite, entry in meant:
        try:
            case = load_case(suite.path / entry.name, entry, overrides)
        except InputError as error:
            errors.append(error)
            continue
        if case.name in cases:
            errors.append(InputError(case.directory, 0, f"{cases[case.name].directory} has the same name"))
            continue
        cases[case.name] = case
    return list(cases.values()), errors


def _is_meant(entry: Listed, selectors: Sequence[str]) -> bool:
    if not selectors:
        return entry.status == "good"
    return any(_matches(entry, selector) for selector in selectors)


def _matches(entry: Listed, selector: str) -> bool:
    field, colon, pattern = selector.partition(":")
    if colon:
        if field not in _FIELDS:
            raise UsageError(f"{selector}: cases have no field {field}", hint=nearest(field, _FIELDS))
        return fnmatchcase(_FIELDS[field](entry), pattern)
    if entry.name == selector:
        return True
    return entry.status == "good" and fnmatchcase(entry.name, selector)


def _require_all_used(suites: Sequence[Suite], selectors: Sequence[str]) -> None:
    for selector in selectors:
        if not any(_matches(entry, selector) for suite in suites for entry in suite.listed):
            names = [name for suite in suites for name in suite.names()]
            where = ", ".join(str(suite.path) for suite in suites)
            raise UsageError(f"no case of {where} is meant by {selector!r}", hint=_hint(selector, names))


def _hint(selector: str, names: list[str]) -> str:
    hint = nearest(selector, names)
    return hint if hint.startswith("did") else "parley list shows all names; quote globs"
