"""The backends that Parley knows, its own and third parties'."""

from __future__ import annotations

from parley.backend.base import Backend
from parley.errors import UsageError
from parley.near import nearest
from parley.plugins import load_group

DEFAULT = "uml"


def make_backend(name: str = DEFAULT) -> Backend:
    """The backend called `name`. Raises UsageError with the nearest valid name."""
    known = load_group("parley.backends", type)
    if name not in known:
        raise UsageError(f"no backend is called {name}", hint=nearest(name, known))
    backend = known[name]()
    if not isinstance(backend, Backend):
        raise UsageError(f"backend {name} is no Backend")
    return backend
