"""Cases in a form that Libreswan had up to 5.2: all commands in one file that names no host in its name.

The file is all.sh or, without any script, the merged reference itself, out of which upstream's runner took
every line that looks like a command (testing/utils/fab/scripts.py of 5.2). Newer trees, and Parley's own
cases, have none of them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from parley.case.model import HostSpec, Reference, ScriptedCase, Step
from parley.case.text import read_lines
from parley.case.words import parse_guest
from parley.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from parley.case.testlist import Listed

_LINE = re.compile(r"(?P<word>[a-z]*)# ?(?P<text>.*)")
_SCRIPT, _CONSOLE = "all.sh", "all.console.txt"


def load_old_case(directory: Path, listed: Listed) -> ScriptedCase | None:
    """The case in `directory` if it has that form, else None. Raises InputError for one that is broken."""
    scripts = sorted(path.name for path in directory.glob("*.sh"))
    if scripts not in ([], [_SCRIPT]):
        return None
    path = directory / (_SCRIPT if scripts else _CONSOLE)
    if not path.is_file():
        return None
    hosts: dict[str, HostSpec] = {}
    steps: list[Step] = []
    for number, line in enumerate(read_lines(path), 1):
        match = _LINE.fullmatch(line)
        if match:
            steps += _step(path, number, match, hosts)
    reference = directory / _CONSOLE
    return ScriptedCase(
        name=directory.name,
        directory=directory,
        suite=directory.parent,
        hosts=tuple(hosts[name] for name in sorted(hosts)),
        steps=tuple(steps),
        references=(Reference("", reference),) if reference.is_file() else (),
        kind=listed.kind,
        status=listed.status,
        issue=listed.issue,
    )


def _step(path: Path, number: int, match: re.Match[str], hosts: dict[str, HostSpec]) -> list[Step]:
    word, text = match["word"], match["text"]
    if not word:
        return [Step("", f"# {text}" if text else "#", path, number, is_comment=True)]
    guest = parse_guest(word)
    if guest is None:
        raise InputError(path, number, f"no host is called {word}")
    hosts.setdefault(guest.host, guest.spec)
    return [Step(guest.host, text, path, number, is_comment=text.startswith("#"))] if text else []
