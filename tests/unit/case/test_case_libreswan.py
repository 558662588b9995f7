"""Libreswan's own suite, against Libreswan's own parser; in no test run but a developer's who has the tree.

PARLEY_LIBRESWAN_TREE names a source tree of Libreswan, of 5.2 or later.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from parley.case.selector import select_cases
from parley.case.suite import load_suite

if TYPE_CHECKING:
    from parley.case.model import ScriptedCase, Step
    from parley.errors import InputError

VARIABLE = "PARLEY_LIBRESWAN_TREE"

pytestmark = pytest.mark.skipif(VARIABLE not in os.environ, reason=f"{VARIABLE} names no tree of Libreswan")

# Prints [ordered, {case: [[host, line], ...]}]; names of cases come on standard input.
UPSTREAM = """
import json, logging, os, sys
utils = os.path.abspath("../utils")
sys.path.insert(0, utils)
sys.argv[0] = os.path.join(utils, "kvmrunner.py")
from fab import scripts
logging.disable()
found = {name: scripts.commands(name, logging.getLogger()) for name in sys.stdin.read().split()}
# 5.2 returns the commands alone; it plays a script of several hosts in an order that changed since.
ordered = all(isinstance(result, tuple) for result in found.values())
commands = {name: result[1] if ordered else result for name, result in found.items()}
print(json.dumps([ordered, {
    name: [[c.guest.host.name if c.guest else "", c.line] for c in lines] for name, lines in commands.items()
}]))
"""

# Why a directory may be no case.
BROKEN = (
    "there is no script",
    "no script names a host",
    "the script holds no command",
    # Output pasted between the commands, which Libreswan drops without a word.
    "neither `HOST# command` nor `# comment`",
    # A form that Libreswan gave up after 5.2, in one case.
    "all.sh: names no host",
)


@pytest.fixture(scope="module")
def pluto() -> Path:
    return Path(os.environ[VARIABLE]) / "testing" / "pluto"


@pytest.fixture(scope="module")
def loaded(pluto: Path) -> tuple[list[ScriptedCase], list[InputError]]:
    return select_cases([load_suite(pluto)], ["status:*"], overrides={})


def test_nearly_all_directories_load_and_the_others_say_why(
    loaded: tuple[list[ScriptedCase], list[InputError]],
) -> None:
    cases, errors = loaded
    assert [str(error) for error in errors if not any(reason in str(error) for reason in BROKEN)] == []
    assert len(cases) > 1300
    assert len(errors) / len(cases) < 0.03


def test_every_reference_is_used_or_noted(loaded: tuple[list[ScriptedCase], list[InputError]]) -> None:
    for case in loaded[0]:
        if case.reference("") is not None:
            continue
        files = {path.name for path in case.directory.glob("*.console.txt")}
        used = {reference.path.name for reference in case.references}
        noted = {note.split()[0] for note in case.notes}
        assert files - used - noted <= {"all.console.txt"}, case.name


def test_hosts_with_a_configuration_of_their_own_run_a_daemon(
    loaded: tuple[list[ScriptedCase], list[InputError]],
) -> None:
    for case in loaded[0]:
        for host in case.hosts:
            if (case.directory / f"{host.name}.conf").exists():
                assert host.implementation in {"libreswan", "strongswan"}, case.name


def test_steps_are_those_of_libreswans_own_parser(
    pluto: Path, loaded: tuple[list[ScriptedCase], list[InputError]]
) -> None:
    # Where one of them plays a script that the other does not, a note says so.
    cases = [case for case in loaded[0] if not any("not played" in note for note in case.notes)]
    ordered, theirs = _upstream(pluto, [case.name for case in cases])
    for case in cases:
        lines = [(host, _plain(line)) for host, line in theirs[case.name] if line.strip()]
        steps = [(step.host, _plain(step.text)) for step in case.steps]
        if not ordered:
            lines.sort(key=itemgetter(0))
            steps.sort(key=itemgetter(0))
        assert steps == lines, case.name


def test_steps_know_the_line_they_stand_on(loaded: tuple[list[ScriptedCase], list[InputError]]) -> None:
    sources: dict[Path, list[str]] = {}
    for step in (step for case in loaded[0] for step in case.steps):
        if step.source not in sources:
            sources[step.source] = step.source.read_text().split("\n")
        assert step.text in sources[step.source][step.line - 1], _where(step)


def _upstream(pluto: Path, names: list[str]) -> tuple[bool, dict[str, list[tuple[str, str]]]]:
    done = subprocess.run(
        [sys.executable, "-B", "-W", "ignore", "-c", UPSTREAM],
        cwd=pluto,
        input="\n".join(names),
        capture_output=True,
        text=True,
        check=True,
    )
    ordered, found = json.loads(done.stdout)
    return ordered, found


def _plain(text: str) -> str:
    """Libreswan puts a blank after a comment's sign where there was none."""
    return f"# {text.lstrip('# ')}" if text.startswith("#") else text.rstrip()


def _where(step: Step) -> str:
    return f"{step.source}:{step.line}"
