"""Scripts: the steps of a case, in both of Libreswan's forms.

A merged script, `all.HOST[-HOST]....sh`, is the only one that counts where there is one. It holds lines
`HOST# command`; `final# command` is played on every host of the case, `# text` is a comment of no
host, and `HOST# # text` one in that host's transcript.

Otherwise each script belongs to the hosts that its name names, and they are played in this order:
`HOSTinit.sh` (nic, east, then the rest), `HOSTrun.sh` (the same), every other script that names hosts (by
its name; on one host after the other, as named), `final.sh` on all, by their full names. A script that
names no host is a helper. Each line is one command, typed at the host's console.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.case.model import HostSpec, Step
from parley.case.text import read_lines
from parley.case.words import HOSTS, Guest, guests_in, parse_guest
from parley.errors import InputError
from parley.near import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

_MERGED_LINE = re.compile(r"(?P<word>[a-z]+)# ?(?P<text>.*)")
_COMMENT = re.compile(r"\s*#")
_NUMBERED = re.compile(r"\d+-")
# A script called so was meant to be played, other than some helper: 08-final.sh, roadinit-1.sh.
_MEANT = re.compile(rf"\d+-|{'|'.join(HOSTS)}")
_FINAL = "final.sh"
# Libreswan starts these first: the router, then the responder.
_FIRST = {"nic": 0, "east": 1}


@dataclass(frozen=True, slots=True)
class Script:
    """The hosts of a case, its steps in the order they are played, and what looks like a mistake."""

    hosts: tuple[HostSpec, ...]
    steps: tuple[Step, ...]
    notes: tuple[str, ...] = ()


def load_script(directory: Path) -> Script:
    """The script of the case in `directory`. Raises InputError for anything malformed."""
    paths = sorted(path for path in directory.glob("*.sh") if path.is_file())
    merged = [path for path in paths if path.name.startswith("all.")]
    if len(merged) > 1:
        names = ", ".join(path.name for path in merged)
        raise InputError(merged[1], 0, f"a case has one merged script, and here are {len(merged)}: {names}")
    script = _merged(merged[0], paths) if merged else _split(directory, paths)
    if all(step.is_comment for step in script.steps):
        raise InputError(merged[0] if merged else directory, 0, "the script holds no command")
    return script


def has_script(directory: Path) -> bool:
    """Whether a script lies in `directory` that no directory of helpers would hold."""
    return any(
        path.name.startswith("all.")
        or _role_guest(path, "init")
        or _role_guest(path, "run")
        # Without a number it may be one that sets up a host, such as Libreswan's nic-nat.sh.
        or (_NUMBERED.match(path.name) and _named(path))
        for path in directory.glob("*.sh")
    )


def _merged(path: Path, paths: Iterable[Path]) -> Script:
    guests = guests_in(path.name)
    if not guests:
        raise InputError(
            path, 0, "names no host; expected all.HOST[-HOST].sh", hint=f"hosts: {', '.join(HOSTS)}"
        )
    ordered = _in_order((guest, path) for guest in guests)
    steps = tuple(
        step
        for number, line in enumerate(read_lines(path), 1)
        for step in _merged_line(path, number, line, ordered)
    )
    dead = [other.name for other in paths if other.name == _FINAL or _is_split_script(other)]
    notes = (f"{path.name} is played, and not {', '.join(dead)}",) if dead else ()
    return Script(tuple(guest.spec for guest in ordered), steps, notes)


def _merged_line(path: Path, number: int, line: str, guests: Sequence[Guest]) -> Iterator[Step]:
    line = line.rstrip()
    if not line:
        return
    if line.startswith("#"):
        yield Step("", line, path, number, is_comment=True)
        return
    match = _MERGED_LINE.fullmatch(line)
    if not match:
        raise InputError(
            path, number, f"neither `HOST# command` nor `# comment`: {line[:80]!r}", hint="one command a line"
        )
    text = match["text"]
    hosts = _addressed(path, number, match["word"], guests)
    if text:
        for host in hosts:
            yield Step(host, text, path, number, is_comment=bool(_COMMENT.match(text)))


def _addressed(path: Path, number: int, word: str, guests: Sequence[Guest]) -> list[str]:
    names = [guest.host for guest in guests]
    if word == "final":
        return names
    guest = parse_guest(word)
    if guest is None:
        raise InputError(path, number, f"no host is called {word}", hint=nearest(word, [*names, "final"]))
    if guest.host not in names:
        raise InputError(
            path, number, f"the script's name does not name {guest.host}", hint=nearest(word, names)
        )
    if guest.platform and guest.spec not in [known.spec for known in guests]:
        raise InputError(path, number, f"{guest.host} is another platform in the script's name")
    return [guest.host]


def _split(directory: Path, paths: Sequence[Path]) -> Script:
    inits = [(guest, path) for path in paths if (guest := _role_guest(path, "init"))]
    runs = [(guest, path) for path in paths if (guest := _role_guest(path, "run"))]
    taken = {path for _, path in (*inits, *runs)}
    others = [path for path in paths if path not in taken and path.name != _FINAL]
    order = [*sorted(inits, key=_boot_order), *sorted(runs, key=_boot_order)]
    order += [(guest, path) for path in others for guest in _named(path)]
    if not order:
        raise _nothing_to_play(directory, paths)
    guests = _in_order(order)
    order += [(guest, path) for path in paths if path.name == _FINAL for guest in guests]
    unnamed = [path.name for path in others if _MEANT.match(path.name) and not _named(path)]
    notes = tuple(f"{name} names no host in a word of its own and is not played" for name in unnamed)
    steps = tuple(step for guest, path in order for step in _lines(path, guest.host))
    return Script(tuple(guest.spec for guest in guests), steps, notes)


def _nothing_to_play(directory: Path, paths: Sequence[Path]) -> InputError:
    hint = "all.east-west.sh, eastinit.sh or 01-east.sh"
    if paths:
        names = ", ".join(path.name for path in paths)
        return InputError(directory, 0, f"no script names a host: {names}", hint=hint)
    if (directory / "all.console.txt").exists():
        # Libreswan 5.2 did so, and took what commands print for commands where it looks like one.
        hint = f"commands are not taken from all.console.txt, write {hint}"
    return InputError(directory, 0, "there is no script", hint=hint)


def _is_split_script(path: Path) -> bool:
    if path.name.startswith("all."):
        return False
    return bool(_role_guest(path, "init") or _role_guest(path, "run") or _named(path))


def _role_guest(path: Path, role: str) -> Guest | None:
    return parse_guest(path.stem.removesuffix(role)) if path.stem.endswith(role) else None


def _named(path: Path) -> list[Guest]:
    return guests_in(path.stem, glued=bool(_NUMBERED.match(path.name)))


def _boot_order(script: tuple[Guest, Path]) -> tuple[int, str]:
    guest, _ = script
    return _FIRST.get(guest.host, len(_FIRST)), guest.sort_key


def _lines(path: Path, host: str) -> Iterator[Step]:
    for number, line in enumerate(read_lines(path), 1):
        text = line.strip()
        if text:
            yield Step(host, text, path, number, is_comment=bool(_COMMENT.match(text)))


def _in_order(scripts: Iterable[tuple[Guest, Path]]) -> list[Guest]:
    """Each host once, by its full name. Raises InputError for a host on two platforms."""
    found: dict[str, tuple[Guest, Path]] = {}
    for guest, path in scripts:
        known, where = found.setdefault(guest.host, (guest, path))
        if known.spec != guest.spec:
            platforms = f"{guest.spec.platform} here and {known.spec.platform} in {where.name}"
            raise InputError(path, 0, f"{guest.host} cannot be {platforms}")
    return sorted((guest for guest, _ in found.values()), key=lambda guest: guest.sort_key)
