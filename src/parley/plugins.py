"""What third parties may add: Python package entry points, Parley's own going the same way."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, TypeVar

from parley.errors import UsageError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

_T = TypeVar("_T")


@cache
def load_group(group: str, kind: type[_T]) -> dict[str, _T]:
    """Everything registered in a group, by name. Raises UsageError for an entry point that is broken."""
    return dict(sorted((point.name, _load(point, kind)) for point in entry_points(group=group)))


def _load(point: EntryPoint, kind: type[_T]) -> _T:
    where = f"entry point {point.name} = {point.value} of group {point.group}"
    try:
        loaded = point.load()
    except Exception as error:  # whatever a third party's module does when it is imported
        problem = f"{where} cannot be loaded: {type(error).__name__}: {error}"
        raise UsageError(problem, hint="mend or uninstall the package that brings it") from error
    if not isinstance(loaded, kind):
        raise UsageError(f"{where} is no {kind.__name__}")
    return loaded
