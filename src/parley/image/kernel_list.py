"""The kernels of a store, and their removal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.errors import ImageError, UsageError
from parley.image.kernel import CHOICES, KIND, LAB, SUITES, find_kernel, kernel_key
from parley.image.kernel_lab import build_tree, forget_build, lab_key
from parley.image.lock import Busy
from parley.image.store import Key
from parley.image.tree import disk_usage

if TYPE_CHECKING:
    from pathlib import Path

    from parley.image.store import Entry, Store

DEFAULT = "default"
READY = "ready"
OUTDATED = "outdated"  # made from an older recipe
UNFINISHED = "unfinished"  # what a stopped build goes on with
MISSING = "not built"


@dataclass(frozen=True, slots=True)
class KernelRow:
    """One kernel; `size` in bytes, `created` in ISO 8601, `state` one of those above.

    `missing` are options that were wanted and that its source does not have.
    """

    name: str
    state: str
    version: str = ""
    package: str = ""
    size: int = 0
    created: str = ""
    features: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    path: str = ""


def kernel_rows(store: Store) -> list[KernelRow]:
    """Every kernel that is there, an unfinished build, and the lab kernel if there is none."""
    chosen = find_kernel(store)
    default = chosen.binary.parent if chosen else None
    rows = [_row(entry, default) for entry in store.entries(KIND)]
    rows += [
        KernelRow(LAB, UNFINISHED, size=disk_usage(tree), path=str(tree)) for tree in _build_trees(store)
    ]
    if not any(row.name == LAB for row in rows):
        rows.append(KernelRow(LAB, MISSING))
    return rows


def is_current(key: Key) -> bool:
    """Whether today's recipe makes the kernel of this key."""
    return key in {lab_key(), *(kernel_key(suite) for suite in SUITES)}


def remove_kernels(store: Store, name: str, *, missing_ok: bool = False) -> int:
    """Remove all kernels called NAME or kernel@NAME, of whatever recipe; returns the bytes that this frees.

    Raises UsageError if there is none, ImageError if one is in use or somebody else's.
    """
    suite = name.removeprefix("kernel@")
    entries = [entry for entry in store.entries(KIND) if entry.key.name == f"kernel@{suite}"]
    trees = _build_trees(store) if suite == "lab" else []
    if not entries and not trees and not missing_ok:
        raise UsageError(f"there is no kernel {suite!r} in {store.root}", hint=", ".join(CHOICES))
    for entry in entries:
        store.remove(entry)
    return sum(entry.size for entry in entries) + sum(_remove_build(tree) for tree in trees)


def _build_trees(store: Store) -> list[Path]:
    """What unfinished builds of lab kernels have left, of whatever recipe."""
    any_lab = build_tree(store, Key(KIND, LAB, "*"))
    return sorted(any_lab.parent.glob(any_lab.name))


def _remove_build(tree: Path) -> int:
    try:
        return forget_build(tree)
    except Busy:
        raise ImageError(f"{LAB}: being built", hint="again, when that build has ended") from None


def _row(entry: Entry, default: Path | None) -> KernelRow:
    state = READY if is_current(entry.key) else OUTDATED
    facts = entry.made.facts
    packages = entry.made.packages.items()
    return KernelRow(
        name=entry.key.name,
        state=DEFAULT if entry.path == default else state,
        version=str(facts["version"]),
        package=", ".join(f"{name} {version}" for name, version in packages),
        size=entry.size,
        created=entry.created.isoformat(),
        features=tuple(facts["features"]),
        missing=tuple(facts.get("missing", ())),
        path=str(entry.path),
    )
