"""JSON values as records: nothing gets into a dataclass whose type is not the annotated one.

A record may have been damaged, edited by hand or written by another version; what reads it later would
otherwise break far from the cause.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")
Reader = Callable[[object], Any]

_PLAIN = frozenset({str, int, float, bool})
# How much of a wrong value is shown.
_SHOWN = 60


def read_record(kind: type[T], data: object) -> T:
    """Build a dataclass from a JSON object, and whatever is inside of it.

    Raises ValueError that names the field for a value of another type, a missing or an unknown field.
    """
    record: T = _reader(cast("Hashable", kind))(data)
    return record


@cache
def _reader(kind: Any) -> Reader:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in {Union, UnionType}:
        return _optional(_reader(next(each for each in arguments if each is not NoneType)))
    if origin is tuple:
        return _sequence(_reader(arguments[0]))
    if origin is dict:
        return _mapping(_reader(arguments[0]), _reader(arguments[1]))
    return _record(kind) if is_dataclass(kind) else _value(kind)


def _value(kind: Any) -> Reader:
    if kind is Any:
        return lambda value: value
    if issubclass(kind, Enum):
        read_enum: Reader = kind
        return read_enum
    # JSON has one type of number; for Python a bool is an int as well.
    accepted = {float, int} if kind is float else {kind}

    def read(value: object) -> object:
        if type(value) not in accepted:
            raise _wrong(value, kind.__name__)
        return value

    return read


def _optional(inner: Reader) -> Reader:
    return lambda value: None if value is None else inner(value)


def _sequence(inner: Reader) -> Reader:
    def read(value: object) -> tuple[object, ...]:
        if not isinstance(value, list):
            raise _wrong(value, "list")
        return tuple(map(inner, value))

    return read


def _mapping(key: Reader, inner: Reader) -> Reader:
    def read(value: object) -> dict[object, object]:
        if not isinstance(value, dict):
            raise _wrong(value, "object")
        return {key(name): inner(each) for name, each in value.items()}

    return read


def _record(kind: Any) -> Reader:
    hints = get_type_hints(kind)
    readers = {field.name: _reader(hints[field.name]) for field in fields(kind)}
    plain = {name: hints[name] for name in readers if hints[name] in _PLAIN}
    required = {field.name for field in fields(kind) if _is_required(field)}

    def read(value: object) -> object:
        if not isinstance(value, dict):
            raise _wrong(value, kind.__name__)
        if missing := sorted(required - value.keys()):
            raise ValueError(f"a {kind.__name__} without {missing[0]}")
        arguments = {}
        for name, each in value.items():
            # Most values, and told at once.
            if plain.get(name) is type(each):
                arguments[name] = each
            elif name in readers:
                arguments[name] = _named(name, readers[name], each)
            else:
                raise ValueError(f"a {kind.__name__} has no {name[:_SHOWN]!r}")
        return kind(**arguments)

    return read


def _named(name: str, read: Reader, value: object) -> object:
    try:
        return read(value)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def _is_required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _wrong(value: object, wanted: str) -> ValueError:
    return ValueError(f"{repr(value)[:_SHOWN]} is no {wanted}")
