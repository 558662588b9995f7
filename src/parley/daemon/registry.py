"""The implementations that Parley knows, its own and third parties' (entry points `parley.daemons`)."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from parley.daemon.base import Daemon
from parley.errors import UsageError
from parley.near import nearest

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

_GROUP = "parley.daemons"


@cache
def daemons() -> dict[str, Daemon]:
    """All implementations by name. Raises UsageError for an entry point that is broken."""
    return dict(sorted((point.name, _load(point)) for point in entry_points(group=_GROUP)))


def _load(point: EntryPoint) -> Daemon:
    where = f"entry point {point.name} = {point.value} of group {_GROUP}"
    try:
        daemon = point.load()
    except Exception as error:  # whatever a third party's module does when it is imported
        problem = f"{where} cannot be loaded: {type(error).__name__}: {error}"
        raise UsageError(problem, hint="mend or uninstall the package that brings it") from error
    if not isinstance(daemon, Daemon):
        raise UsageError(f"{where} is no Daemon")
    return daemon


def daemon_named(name: str) -> Daemon:
    """The implementation called `name` (a version after `@` is the image's business).

    Raises UsageError with the nearest valid name.
    """
    base = name.partition("@")[0]
    known = daemons()
    if base not in known:
        raise UsageError(f"no implementation is called {name}", hint=nearest(base, known))
    return known[base]
