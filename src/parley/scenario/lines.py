"""On which line every key and array element of a TOML document stands: tomllib does not tell."""

from __future__ import annotations

import tomllib
from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    # Keys and array indices from the root, as in document["child"][0]["mode"].
    Place = tuple[str | int, ...]

_BLANK = " \t\r\n"
_END_OF_SCALAR = frozenset(",]}#\n")


def line_numbers(text: str) -> Mapping[Place, int]:
    """The line (from 1) of each table header, key and array element of `text`, by its place.

    `text` must be valid TOML 1.0, as accepted by tomllib: nothing is checked again. A key set by several
    headers or dotted keys has the line of the first.
    """
    return _Scanner(text).scan()


class _Scanner:
    """Walks a valid document once."""

    def __init__(self, text: str) -> None:
        # tomllib does the same, so that offsets fit what it accepted.
        self.text = text.replace("\r\n", "\n")
        self.position = 0
        self.found: dict[Place, int] = {}
        self.array_sizes: dict[Place, int] = {}
        self.starts = [0, *(at + 1 for at, char in enumerate(self.text) if char == "\n")]

    def scan(self) -> Mapping[Place, int]:
        table: Place = ()
        while self._skip_blank():
            if self._peek() == "[":
                table = self._header()
            else:
                self._pair(table)
        return self.found

    def _peek(self) -> str:
        return self.text[self.position : self.position + 1]

    def _skip_blank(self) -> bool:
        """Go past white space and comments; whether anything is left."""
        while char := self._peek():
            if char == "#":
                self._skip_to_line_end()
            elif char in _BLANK:
                self.position += 1
            else:
                return True
        return False

    def _skip_to_line_end(self) -> None:
        end = self.text.find("\n", self.position)
        self.position = len(self.text) if end < 0 else end

    def _mark(self, place: Place) -> None:
        self.found.setdefault(place, bisect_right(self.starts, self.position))

    def _header(self) -> Place:
        is_array = self.text.startswith("[[", self.position)
        start = self.position
        self.position += 2 if is_array else 1
        names = self._dotted_key()
        end = self.position
        self.position = start  # a header's line is where it opens
        place = self._walk((), names[:-1])
        place = (*place, names[-1])
        self._mark(place)
        if is_array:
            place = self._next_element(place)
        self.position = end
        self._skip_blank()
        self.position += 2 if is_array else 1
        return place

    def _walk(self, table: Place, names: list[str]) -> Place:
        """Descend by `names`, into the last element of arrays of tables, as headers mean it."""
        for name in names:
            table = (*table, name)
            self._mark(table)
            if table in self.array_sizes:
                table = (*table, self.array_sizes[table] - 1)
        return table

    def _next_element(self, array: Place) -> Place:
        index = self.array_sizes.get(array, 0)
        self.array_sizes[array] = index + 1
        self._mark((*array, index))
        return (*array, index)

    def _pair(self, table: Place) -> None:
        start = self.position
        names = self._dotted_key()
        end = self.position
        self.position = start
        for name in names:
            table = (*table, name)
            self._mark(table)
        self.position = end
        self._skip_blank()
        self.position += 1  # the equals sign
        self._skip_blank()
        self._value(table)

    def _dotted_key(self) -> list[str]:
        names = []
        while True:
            self._skip_blank()
            names.append(self._key())
            self._skip_blank()
            if self._peek() != ".":
                return names
            self.position += 1

    def _key(self) -> str:
        if self._peek() in "\"'":
            start = self.position
            self._string()
            return str(tomllib.loads(f"key = {self.text[start : self.position]}")["key"])
        start = self.position
        while self._peek() and (self._peek().isalnum() or self._peek() in "-_"):
            self.position += 1
        return self.text[start : self.position]

    def _value(self, place: Place) -> None:
        char = self._peek()
        if char in "\"'":
            self._string()
        elif char == "[":
            self._array(place)
        elif char == "{":
            self._inline_table(place)
        else:
            while self._peek() and self._peek() not in _END_OF_SCALAR:
                self.position += 1

    def _array(self, place: Place) -> None:
        self.position += 1
        index = 0
        while self._skip_blank() and self._peek() != "]":
            self._mark((*place, index))
            self._value((*place, index))
            index += 1
            self._skip_comma()
        self.position += 1

    def _inline_table(self, place: Place) -> None:
        self.position += 1
        while self._skip_blank() and self._peek() != "}":
            self._pair(place)
            self._skip_comma()
        self.position += 1

    def _skip_comma(self) -> None:
        if self._skip_blank() and self._peek() == ",":
            self.position += 1

    def _string(self) -> None:
        quote = self._peek()
        mark = quote * 3 if self.text.startswith(quote * 3, self.position) else quote
        at = self.position + len(mark)
        while not self.text.startswith(mark, at):
            at += 2 if quote == '"' and self.text[at] == "\\" else 1
        end = at + len(mark)
        # Up to two quotes may stand directly before the closing three.
        while len(mark) == 3 and self.text.startswith(quote, end):  # noqa: PLR2004 -- quotes
            end += 1
        self.position = end
