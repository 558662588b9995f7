"""One script, several references or configurations: which file of several is meant.

A file is called `HOST[.QUALIFIER]....SUFFIX`. A qualifier is a WORD, the platform or implementation of
HOST itself, or OTHER=WORD, that of another host of the case. A file applies when all its qualifiers
hold; of those that apply, the one with the most qualifiers is meant. Two with equally many are an error.

For HOST west and suffix console.txt, with OpenIKED on a real OpenBSD as east:
`west.east=openbsd.console.txt` beats `west.console.txt`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from parley.case.words import PLATFORMS, implementations
from parley.errors import InputError
from parley.near import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from parley.case.model import HostSpec


def select(files: Iterable[Path], stem: str, suffix: str, hosts: Sequence[HostSpec]) -> Path | None:
    """The file called `STEM[.QUALIFIER]....SUFFIX` that is meant, or None.

    `stem` is a host's name, or a word that is no host (then only OTHER=WORD qualifiers can hold).
    Raises InputError for an unknown word and for a tie.
    """
    best: list[Path] = []
    most = -1
    for path in sorted(files):
        qualifiers = _qualifiers(path.name, stem, suffix)
        if qualifiers is None or not all(_holds(path, word, stem, hosts) for word in qualifiers):
            continue
        if len(qualifiers) > most:
            best, most = [path], len(qualifiers)
        elif len(qualifiers) == most:
            best.append(path)
    if len(best) > 1:
        raise InputError(best[1], 0, f"applies exactly as well as {best[0].name}", hint="qualify one further")
    return best[0] if best else None


def _qualifiers(name: str, stem: str, suffix: str) -> list[str] | None:
    if not name.endswith(f".{suffix}"):
        return None
    first, *qualifiers = name.removesuffix(f".{suffix}").split(".")
    return qualifiers if first == stem else None


def _holds(path: Path, qualifier: str, stem: str, hosts: Sequence[HostSpec]) -> bool:
    other, equals, word = qualifier.partition("=")
    if not equals:
        other, word = stem, qualifier
    known = (*PLATFORMS, *implementations())
    if word.partition("@")[0] not in known:
        raise InputError(path, 0, f"{word} is no platform or implementation", hint=nearest(word, known))
    spec = next((host for host in hosts if host.name == other), None)
    return spec is not None and word in {
        spec.platform,
        spec.implementation,
        spec.implementation.partition("@")[0],
    }
