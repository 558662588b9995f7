"""Which scenarios there are, and which of them are meant."""

from __future__ import annotations

from fnmatch import fnmatchcase
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from parley.errors import InputError, UsageError
from parley.near import nearest, whence
from parley.scenario.load import SUFFIX, load_scenario
from parley.scenario.schema_steps import ESTABLISHED, REFUSED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from parley.scenario.model import Scenario


def default_scenarios() -> Path:
    """The scenarios that come with Parley: beside the sources, or inside the installed package."""
    package = Path(str(files("parley")))
    for candidate in (package / "_scenarios", package.parents[1] / "scenarios"):
        if candidate.is_dir():
            return candidate
    raise UsageError("this installation of Parley lacks its own scenarios", hint="name a directory of yours")


def load_scenarios(paths: Iterable[Path]) -> tuple[list[Scenario], list[InputError]]:
    """Load files, and all files of directories, in order of name: the good ones, and what is wrong.

    Of two scenarios with one name the second is wrong. Raises UsageError for a path that leads nowhere.
    """
    scenarios: dict[str, Scenario] = {}
    errors: list[InputError] = []
    for path in dict.fromkeys(file.resolve() for given in paths for file in _files(given)):
        try:
            scenario = load_scenario(path)
        except InputError as error:
            errors.append(error)
            continue
        if scenario.name in scenarios:
            errors.append(InputError(path, 1, f"{scenarios[scenario.name].path} has the same name"))
            continue
        scenarios[scenario.name] = scenario
    return list(scenarios.values()), errors


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise UsageError(f"there is no file or directory {path}", hint=whence(path))
    found = sorted(path.glob(f"*{SUFFIX}"))
    if not found:
        raise UsageError(f"no file in {path} ends in {SUFFIX}")
    return found


# What a selector FIELD:PATTERN is matched with; any of the words will do.
_FIELDS: dict[str, Callable[[Scenario], Iterable[str]]] = {
    "rfc": lambda scenario: [rfc.removeprefix("RFC ").partition(" ")[0] for rfc in scenario.rfcs],
    "ready": lambda scenario: scenario.ipv6_ready,
    "auth": lambda scenario: [
        side.authentication.method for side in (scenario.connection.initiator, scenario.connection.responder)
    ],
    "do": lambda scenario: [step.action for step in scenario.steps],
    "outcome": lambda scenario: [ESTABLISHED if scenario.expect.established else REFUSED],
}

CORE = "core"


def is_meant(scenario: Scenario, selector: str) -> bool:
    """Whether a selector means a scenario.

    A selector is a glob on names, `core`, or FIELD:GLOB, e.g. `rfc:7383`, `auth:eap-*`, `do:rekey-*`.
    Raises UsageError for a field that scenarios do not have.
    """
    field, colon, pattern = selector.partition(":")
    if colon:
        if field not in _FIELDS:
            raise UsageError(f"{selector}: scenarios have no field {field}", hint=nearest(field, _FIELDS))
        return any(fnmatchcase(word, pattern) for word in _FIELDS[field](scenario))
    if selector == CORE:
        return scenario.core
    return fnmatchcase(scenario.name, selector)
