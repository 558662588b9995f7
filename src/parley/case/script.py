"""Scripts: the steps of a case, in both of Libreswan's forms.

A merged script, `all.HOST[-HOST].sh`, holds lines `HOST# command`; `final# command` is played on every
host of the case, and `# text` is a comment. Otherwise each script belongs to the hosts that its name
names, and is played in this order: `HOSTinit.sh` (nic, east, then the rest), `HOSTrun.sh` (the same),
every other script that names a host (by name; one that names several is played on one after the
other), `final.sh` on all. Each line is one command, typed at the host's console.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from parley.case.model import HostSpec, Step
from parley.case.words import HOSTS, guests_in, parse_guest
from parley.errors import InputError
from parley.near import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_MERGED_LINE = re.compile(r"(?P<word>[a-z]+)# ?(?P<text>.*)")
_COMMENT = re.compile(r"\s*#")
_ALL = re.compile(r"all\b.*\.sh")
# Libreswan starts these first: the router, then the responder.
_FIRST = {"nic": 0, "east": 1}


def load_scripts(directory: Path) -> tuple[tuple[HostSpec, ...], tuple[Step, ...]]:
    """The hosts and the steps of the case in `directory`. Raises InputError for anything malformed."""
    scripts = sorted(path for path in directory.glob("*.sh") if path.is_file())
    merged = [path for path in scripts if _ALL.fullmatch(path.name)]
    if len(merged) > 1:
        names = ", ".join(path.name for path in merged)
        raise InputError(merged[1], 0, f"a case has one merged script, and here are {len(merged)}: {names}")
    hosts, steps = _merged(merged[0], scripts) if merged else _split(directory, scripts)
    if not any(not step.is_comment for step in steps):
        raise InputError(merged[0] if merged else directory, 0, "no script of this case holds a command")
    return hosts, steps


def _read(path: Path) -> list[str]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(path, 0, f"cannot be read: {error.strerror}") from error
    try:
        return data.decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputError(path, line, f"byte 0x{data[error.start]:02x} is not UTF-8") from error


def _merged(path: Path, scripts: Iterable[Path]) -> tuple[tuple[HostSpec, ...], tuple[Step, ...]]:
    hosts = _by_name(guests_in(path.name))
    if not hosts:
        raise InputError(
            path, 0, "names no host; expected all.HOST[-HOST].sh", hint=f"hosts: {', '.join(HOSTS)}"
        )
    steps = [
        step for number, line in enumerate(_read(path), 1) for step in _merged_line(path, number, line, hosts)
    ]
    # Beside a merged script, only the `final#` lines of a final.sh count.
    for final in (script for script in scripts if script.name == "final.sh"):
        for number, line in enumerate(_read(final), 1):
            if line.startswith("final#"):
                steps += _merged_line(final, number, line, hosts)
    return hosts, tuple(steps)


def _merged_line(path: Path, number: int, line: str, hosts: tuple[HostSpec, ...]) -> Iterator[Step]:
    text = line.strip()
    if not text:
        return
    if text.startswith("#"):
        yield Step("", text, path, number, is_comment=True)
        return
    match = _MERGED_LINE.fullmatch(text)
    if not match:
        raise InputError(
            path, number, f"neither `HOST# command` nor `# comment`: {text[:80]!r}", hint="one command a line"
        )
    command = match["text"].strip()
    if not command:
        return
    for host in _addressed(path, number, match["word"], hosts):
        yield Step(host, command, path, number, is_comment=bool(_COMMENT.match(command)))


def _addressed(path: Path, number: int, word: str, hosts: tuple[HostSpec, ...]) -> list[str]:
    names = [host.name for host in hosts]
    if word == "final":
        return names
    guest = parse_guest(word)
    if guest is None:
        raise InputError(path, number, f"no host is called {word}", hint=nearest(word, [*names, "final"]))
    if guest.name not in names:
        raise InputError(
            path, number, f"{word} is not among the hosts that the script's name names: {', '.join(names)}"
        )
    return [guest.name]


def _split(directory: Path, scripts: list[Path]) -> tuple[tuple[HostSpec, ...], tuple[Step, ...]]:
    inits = [(path, spec) for path in scripts if (spec := _role_script(path, "init"))]
    runs = [(path, spec) for path in scripts if (spec := _role_script(path, "run"))]
    taken = {path for path, _ in (*inits, *runs)}
    finals = [path for path in scripts if path.name == "final.sh"]
    others = [path for path in scripts if path not in taken and path not in finals]
    order = [*sorted(inits, key=_boot_order), *sorted(runs, key=_boot_order)]
    order += [(path, spec) for path in others for spec in guests_in(path.stem)]
    if not order:
        raise InputError(
            directory, 0, "no script names a host", hint="all.east-west.sh, eastinit.sh or 01-east.sh"
        )
    hosts = _by_name(spec for _, spec in order)
    order += [(path, spec) for path in finals for spec in hosts]
    return hosts, tuple(step for path, spec in order for step in _lines(path, spec.name))


def _role_script(path: Path, role: str) -> HostSpec | None:
    return parse_guest(path.stem.removesuffix(role)) if path.stem.endswith(role) else None


def _boot_order(script: tuple[Path, HostSpec]) -> tuple[int, str]:
    path, spec = script
    return _FIRST.get(spec.name, len(_FIRST)), path.name


def _lines(path: Path, host: str) -> Iterator[Step]:
    for number, line in enumerate(_read(path), 1):
        text = line.strip()
        if text:
            yield Step(host, text, path, number, is_comment=bool(_COMMENT.match(text)))


def _by_name(specs: Iterable[HostSpec]) -> tuple[HostSpec, ...]:
    unique: dict[str, HostSpec] = {}
    for spec in specs:
        unique.setdefault(spec.name, spec)
    return tuple(sorted(unique.values(), key=lambda spec: (spec.platform, spec.name)))
