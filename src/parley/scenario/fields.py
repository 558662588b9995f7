"""Reading a TOML document key by key, so that every mistake is told with its file and line."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from parley.errors import InputError
from parley.near import nearest
from parley.scenario.lines import line_numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from enum import Enum
    from pathlib import Path

    from parley.scenario.lines import Place

# Characters of a wrong value that a message quotes.
_SHOWN = 60

_LONGEST = 30 * 86400.0  # seconds that anything in a scenario takes
_MOST = 10**9

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
E = TypeVar("E", bound="Enum")


@dataclass(frozen=True, slots=True)
class Document:
    """A TOML file as read, with the mistakes found so far."""

    path: Path
    lines: Mapping[Place, int]
    root: dict[str, object]
    errors: list[InputError] = field(default_factory=list)

    @property
    def node(self) -> Node:
        """The whole document."""
        return Node(self, (), self.root)

    def require_sound(self) -> None:
        """Raise the mistake that stands first in the file, if there is one."""
        if self.errors:
            raise min(self.errors, key=lambda error: error.line)


def parse_document(path: Path, text: str) -> Document:
    """Read TOML. Raises InputError with the line where it is none."""
    try:
        root = tomllib.loads(text)
        return Document(path, {(): 1, **line_numbers(text)}, root)
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(path, text, str(error)) from error
    except ValueError as error:  # of int(), which tomllib lets through
        line = text.count("\n", 0, _longest_number(text)) + 1
        raise InputError(path, line, "a number has thousands of digits") from error
    except RecursionError as error:
        raise InputError(path, 1, "tables or arrays are nested too deeply") from error


def _longest_number(text: str) -> int:
    return max(re.finditer(r"[0-9_]+", text), key=lambda match: len(match[0])).start()


def _not_toml(path: Path, text: str, message: str) -> InputError:
    match = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", message)
    line = int(match[1]) if match and match[1] else max(1, len(text.splitlines()))
    return InputError(path, line, f"no TOML: {message}")


@dataclass(frozen=True, slots=True)
class Node:
    """A value in a document, at its place."""

    document: Document
    place: Place
    value: object

    @property
    def name(self) -> str:
        """The place as people write it: child.mode."""
        return ".".join(part for part in self.place if isinstance(part, str))

    def error(self, message: str, hint: str = "") -> InputError:
        """A mistake here; what is not written itself is missed where its table is."""
        place = self.place
        while place not in self.document.lines:
            place = place[:-1]
        return InputError(self.document.path, self.document.lines[place], message, hint=hint)

    @property
    def shown(self) -> str:
        """The value as messages quote it."""
        return shown(self.value)

    def report(self, message: str, hint: str = "") -> None:
        """Note a mistake here and go on: an earlier line may hold another."""
        self.document.errors.append(self.error(message, hint))

    def at(self, key: str) -> Node:
        """What is below `key`; where nothing is, this node stands for it."""
        if isinstance(self.value, dict) and key in self.value:
            return Node(self.document, (*self.place, key), self.value[key])
        return self

    def elements(self) -> list[Node]:
        """The elements of an array; a single value stands for an array of one."""
        if not isinstance(self.value, list):
            return [self]
        return [Node(self.document, (*self.place, index), each) for index, each in enumerate(self.value)]


@dataclass(frozen=True, slots=True)
class Key(Generic[T_co]):
    """A key of the format: how its value is read, and what stands in its absence.

    `kind`, `absent`, `example` (TOML) and `text` describe it in docs/reference/scenarios.md.
    """

    name: str
    read: Callable[[Node], T_co]
    default: T_co
    kind: str
    absent: str
    example: str
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """The keys that a table may have; `header` as it stands in a file.

    `absent`, if not empty, is what stands in the absence of each of its keys.
    """

    header: str
    keys: tuple[Key[object], ...]
    text: str
    absent: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a document, read as a section; `is_known` if every key in it is one of the section's."""

    node: Node
    is_known: bool = True

    def has(self, key: Key[T]) -> bool:
        """Whether the key is written."""
        return key.name in cast("dict[str, object]", self.node.value)

    def at(self, key: Key[T]) -> Node:
        """The key's value, or the table itself where it is absent: for mistakes found later."""
        return self.node.at(key.name)

    def get(self, key: Key[T]) -> T:
        """The value, or the default if it is absent or wrong; a wrong one is reported."""
        if not self.has(key):
            return key.default
        try:
            return key.read(self.at(key))
        except InputError as error:
            self.node.document.errors.append(error)
            return key.default


def require(table: Table, header: str, *keys: Key[object]) -> None:
    """Report keys that must be there and are not, unless one that is mistyped was reported already."""
    for key in keys:
        if table.is_known and not table.has(key):
            table.node.report(f"{header} lacks {key.name}", f"{key.name} = {key.example}")


def open_table(node: Node, section: Section) -> Table:
    """`node` as a table of `section`; keys that it must not have are reported."""
    if not isinstance(node.value, dict):
        node.report(f"{node.name} is {node.shown}, not a table", f"a table {section.header}")
        return Table(Node(node.document, node.place, {}), is_known=False)
    known = [key.name for key in section.keys]
    unknown = [name for name in node.value if name not in known]
    for name in unknown:
        node.at(name).report(f"{section.header} has no key {shown(name)}", nearest(name, known))
    return Table(node, is_known=not unknown)


def shown(value: object) -> str:
    """A value as messages quote it: on one line and short."""
    try:
        quoted = repr(value)
    except ValueError:  # Python prints no integer of more than 4300 digits
        return "a number with thousands of digits"
    return quoted if len(quoted) <= _SHOWN else f"{quoted[:_SHOWN]}..."


def text(node: Node) -> str:
    """A string that is not empty."""
    if not isinstance(node.value, str):
        raise node.error(f"{node.name} is {node.shown}, not a string")
    if not node.value.strip():
        raise node.error(f"{node.name} is empty")
    return node.value.strip()


def word(node: Node) -> str:
    """A string for configuration files and shell scripts: nothing in it that needs quoting there."""
    value = text(node)
    if not re.fullmatch(r"[A-Za-z0-9_.:@,=/+-]+", value):
        raise node.error(f"{node.name} is {shown(value)}", "letters, digits and _ . : @ , = / + - only")
    return value


def flag(node: Node) -> bool:
    """A truth value."""
    if not isinstance(node.value, bool):
        raise node.error(f"{node.name} is {node.shown}, not true or false")
    return node.value


def number(low: int, high: int) -> Callable[[Node], int]:
    """A whole number from `low` to `high`."""

    def read(node: Node) -> int:
        value = node.value
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise node.error(f"{node.name} is {node.shown}, not a whole number from {low} to {high}")
        return value

    return read


def seconds(node: Node) -> float:
    """A duration in seconds, more than none and at most thirty days."""
    value = node.value
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= _LONGEST:
        raise node.error(f"{node.name} is {node.shown}, not a number of seconds up to thirty days")
    return float(value)


def shift(node: Node) -> float:
    """By how many seconds something moves, either way, at most thirty days and not by nothing."""
    value = node.value
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < abs(value) <= _LONGEST:
        raise node.error(
            f"{node.name} is {node.shown}, not a number of seconds up to thirty days, or minus that"
        )
    return float(value)


def number_range(node: Node) -> tuple[int, int] | None:
    """The least and the most of a number, as a list of both; a lone one is both."""
    elements = list(node.elements())
    values = [number(0, _MOST)(element) for element in elements]
    if len(values) == 1:
        return values[0], values[0]
    if len(values) != 2 or values[0] > values[1]:  # noqa: PLR2004 -- least and most
        raise node.error(f"{node.name} is {node.shown}, not a number, nor the least and the most of it")
    return values[0], values[1]


def choice(*known: str) -> Callable[[Node], str]:
    """One of some words."""

    def read(node: Node) -> str:
        value = text(node)
        if value not in known:
            raise node.error(f"{node.name} is {shown(value)}", nearest(value, known))
        return value

    return read


def member(enum: type[E]) -> Callable[[Node], E]:
    """A member of a StrEnum, by its value."""
    read_word = choice(*(each.value for each in enum))

    def read(node: Node) -> E:
        return enum(read_word(node))

    return read


def several(read: Callable[[Node], T]) -> Callable[[Node], tuple[T, ...]]:
    """A list, each element as `read` reads it and none twice; a lone value stands for a list of one."""

    def read_all(node: Node) -> tuple[T, ...]:
        found: list[T] = []
        for element in node.elements():
            value = read(element)
            if value in found:
                raise element.error(f"{node.name} has {element.shown} twice")
            found.append(value)
        if not found:
            raise node.error(f"{node.name} is an empty list")
        return tuple(found)

    return read_all
