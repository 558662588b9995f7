"""The backends that Parley knows, its own and third parties'."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from parley.backend.base import Backend
from parley.errors import UsageError
from parley.lab.topology import NETWORK
from parley.near import nearest
from parley.plugins import load_group

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DEFAULT = "uml"


@dataclass(frozen=True, slots=True)
class Choice:
    """Names of backends: the one of hosts that have none of their own, and of those that do."""

    default: str = DEFAULT
    by_host: Mapping[str, str] = field(default_factory=dict)


def parse_choice(words: Iterable[str]) -> Choice:
    """Turn words `BACKEND` and `HOST=BACKEND` into a choice; a later word goes before an earlier one.

    Raises UsageError for a backend or a host that does not exist.
    """
    default, by_host = DEFAULT, {}
    for word in words:
        host, separator, name = word.rpartition("=")
        known = load_group("parley.backends", type)
        if name not in known:
            raise UsageError(f"--backend {word}: no backend is called {name}", hint=nearest(name, known))
        if separator:
            by_host[NETWORK.host(host).name] = name
        else:
            default = name
    return Choice(default, by_host)


def make_backend(name: str = DEFAULT) -> Backend:
    """The backend called `name`. Raises UsageError with the nearest valid name."""
    known = load_group("parley.backends", type)
    if name not in known:
        raise UsageError(f"no backend is called {name}", hint=nearest(name, known))
    backend = known[name]()
    if not isinstance(backend, Backend):
        raise UsageError(f"backend {name} is no Backend")
    return backend
