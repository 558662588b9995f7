"""Answers to an installer's questions, with the matching rules of OpenBSD's install.sub (autoinstall(8)).

One table serves two ways. Rendered, it is the answer file that the installer reads by itself. Played,
it answers the same questions at the prompts, by the same rules, for installers that read no file. A line
is `key = value`, a key is literal words of the question, the first line that matches wins and is used up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

# After a key comes a blank, the question mark, or nothing; a comma, say, makes it no match.
_AFTER = r"(?=[ \t?]|$)"
_BEFORE = r"(?:^|(?<=[ \t]))"


@dataclass(frozen=True, slots=True)
class Reply:
    """`value` for the question that has one of `keys`: what releases called it over the years.

    `must`: an installation that never asked it did not go as planned. `file_only` and `prompt_only` are
    questions of one of the two ways.
    """

    keys: tuple[str, ...]
    value: str
    must: bool = False
    file_only: bool = False
    prompt_only: bool = False


def reply(
    value: str, *keys: str, must: bool = False, file_only: bool = False, prompt_only: bool = False
) -> Reply:
    """A reply, in the order in which a table is read: what is said, and to what."""
    return Reply(keys, value, must, file_only, prompt_only)


def matches(key: str, question: str) -> bool:
    """Whether a key answers a question: its words, whole, anywhere in it, in any case of letters."""
    return re.search(_BEFORE + re.escape(key.lower()) + _AFTER, question.lower()) is not None


@dataclass(frozen=True, slots=True)
class Row:
    """One line of an answer file."""

    key: str
    value: str

    def __str__(self) -> str:
        return f"{self.key} = {self.value}"


class Sheet:
    """Rows that are used up by the questions they answer."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = list(rows)

    def take(self, question: str) -> str | None:
        """The answer of the first row that matches, which is then gone; None if none does."""
        for index, row in enumerate(self._rows):
            if matches(row.key, question):
                return self._rows.pop(index).value
        return None

    @property
    def left(self) -> tuple[Row, ...]:
        """The rows that no question took."""
        return tuple(self._rows)


def render(table: Iterable[Reply]) -> str:
    """The answer file: one line a key, in the table's order."""
    return "".join(f"{row}\n" for row in rows(table))


def rows(table: Iterable[Reply], *, at_prompts: bool = False) -> list[Row]:
    """A table's rows, for the file or for the prompts."""
    replies = [entry for entry in table if not (entry.file_only if at_prompts else entry.prompt_only)]
    return [Row(key, entry.value) for entry in replies for key in entry.keys]


def parse(text: str, path: Path) -> list[Row]:
    """The rows of an answer file, read as the installer does.

    Raises InputError for a line that the installer would skip without a word.
    """
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        key, separator, value = (part.strip() for part in stripped.partition("="))
        if not key or not separator or not value:
            raise InputError(path, number, f"not KEY = VALUE: {stripped!r}; the installer would skip it")
        found.append(Row(key, value))
    return found


def never_asked(table: Iterable[Reply], left: Iterable[Row], *, at_prompts: bool = False) -> list[Reply]:
    """The replies that had to be asked for and were not: every one of their rows is left.

    Rows that are left for another reason are of no interest: a release asks by one of its names for a
    question, and only what its hardware gives rise to.
    """
    remaining = list(left)
    unused = []
    for entry in table:
        mine = [Row(key, entry.value) for key in entry.keys]
        other_way = entry.file_only if at_prompts else entry.prompt_only
        if entry.must and not other_way and all(row in remaining for row in mine):
            unused.append(entry)
        for row in mine:
            if row in remaining:
                remaining.remove(row)
    return unused
