"""The implementations that Parley knows, its own and third parties' (entry points `parley.daemons`)."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points

from parley.daemon.base import Daemon
from parley.errors import UsageError
from parley.near import nearest


@cache
def daemons() -> dict[str, Daemon]:
    """All implementations by name."""
    found: dict[str, Daemon] = {}
    for point in entry_points(group="parley.daemons"):
        daemon = point.load()
        if not isinstance(daemon, Daemon):
            raise UsageError(f"entry point {point.value} of group parley.daemons is no Daemon")
        found[point.name] = daemon
    return dict(sorted(found.items()))


def daemon_named(name: str) -> Daemon:
    """The implementation called `name` (a version after `@` is the image's business).

    Raises UsageError with the nearest valid name.
    """
    base = name.partition("@")[0]
    known = daemons()
    if base not in known:
        raise UsageError(f"no implementation is called {name}", hint=nearest(base, known))
    return known[base]
