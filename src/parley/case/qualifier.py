"""One script, several references or configurations: which file of several is meant.

A file is called `HOST[.QUALIFIER]....SUFFIX`. A qualifier is a WORD, the platform or implementation of
HOST itself, or OTHER=WORD, that of another host of the case. A file applies when all its qualifiers
hold; of those that apply, the one with the most qualifiers is meant. Two with equally many are an error.

For HOST west and suffix console.txt, with OpenIKED on a real OpenBSD as east:
`west.east=openbsd.console.txt` beats `west.console.txt`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from parley.case.words import has_role, is_role_word, role_words
from parley.errors import InputError
from parley.near import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from parley.case.model import HostSpec

# The stem of what belongs to all hosts together.
ALL = "all"


def select(files: Iterable[Path], stem: str, suffix: str, hosts: Sequence[HostSpec]) -> Path | None:
    """The file called `STEM[.QUALIFIER]....SUFFIX` that is meant, or None.

    `stem` is the name of one of `hosts`, or ALL. Raises InputError for an unknown word and for a tie.
    """
    best: list[Path] = []
    most = -1
    for path in sorted(files):
        qualifiers = split_qualifiers(path.name, stem, suffix)
        if qualifiers is None:
            continue
        # Every one is looked at, so that a mistyped one is found behind one that does not hold, too.
        held = [_holds(path, word, stem, hosts) for word in qualifiers]
        if not all(held):
            continue
        if len(qualifiers) > most:
            best, most = [path], len(qualifiers)
        elif len(qualifiers) == most:
            best.append(path)
    if len(best) > 1:
        raise InputError(best[1], 0, f"applies exactly as well as {best[0].name}", hint="qualify one further")
    return best[0] if best else None


def split_qualifiers(name: str, stem: str, suffix: str) -> list[str] | None:
    """The qualifiers in a file's name, or None if it is not called `STEM[.QUALIFIER]....SUFFIX`."""
    if not name.startswith(f"{stem}.") or not name.endswith(f".{suffix}"):
        return None
    return name.removesuffix(f".{suffix}").split(".")[1:]


def _holds(path: Path, qualifier: str, stem: str, hosts: Sequence[HostSpec]) -> bool:
    other, equals, word = qualifier.partition("=")
    if not equals:
        other, word = stem, qualifier
    if not is_role_word(word):
        raise InputError(
            path, 0, f"{word!r} is no platform or implementation", hint=_hint(word, role_words())
        )
    if other == ALL:
        raise InputError(path, 0, f"{word}: of which host?", hint=f"{hosts[0].name}={word}")
    names = [host.name for host in hosts]
    if other not in names:
        raise InputError(path, 0, f"{other!r} is no host of this case", hint=_hint(other, names))
    return has_role(hosts[names.index(other)], word)


def _hint(word: str, known: Sequence[str]) -> str:
    return f"rename the file; {nearest(word, known)}"
