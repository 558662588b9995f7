"""The implementations that Parley knows, its own and third parties'."""

from __future__ import annotations

from parley.daemon.base import Daemon
from parley.errors import UsageError
from parley.near import nearest
from parley.plugins import load_group


def daemons() -> dict[str, Daemon]:
    """All implementations by name. Raises UsageError for an entry point that is broken."""
    return load_group("parley.daemons", Daemon)


def daemon_named(name: str) -> Daemon:
    """The implementation called `name` (a version after `@` is the image's business).

    Raises UsageError with the nearest valid name.
    """
    base = name.partition("@")[0]
    known = daemons()
    if base not in known:
        raise UsageError(f"no implementation is called {name}", hint=nearest(base, known))
    return known[base]
