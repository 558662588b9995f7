"""Hints for who mistyped a word, or a path."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# As many as fit a few lines of a terminal; transforms and verdicts are fewer, scenarios are not.
_MANY = 24


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint for a user who typed `word`: the nearest known word, or all of them if that can be read."""
    words = list(known)
    close = get_close_matches(word, words, n=1, cutoff=0.5)
    if close:
        return f"did you mean {close[0]}?"
    more = f" and {len(words) - _MANY} more" if len(words) > _MANY else ""
    return f"known: {', '.join(words[:_MANY])}{more}"


def whence(path: Path) -> str:
    """A hint for a user whose `path` is not there: a relative one may have been meant from elsewhere."""
    return "" if path.is_absolute() else f"another directory; this one is {Path.cwd()}"
