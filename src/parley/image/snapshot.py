"""Saved guests in the store: booted once, gone on from many times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.image.recipe import digest
from parley.image.store import Key, Made, Progress, Store, silent

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KIND = "snapshot"
_STATE = "state"
_DISK = "disk.qcow2"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A saved guest: its memory and devices, and what it had written to its disk, if it has one."""

    state: Path
    disk: Path | None


def snapshot_key(name: str, recipe: str) -> Key:
    """The key of a saved guest; `recipe` is all that decides what it is: images, devices, emulator."""
    return Key(KIND, name, digest(recipe))


def ensure_snapshot(
    store: Store,
    name: str,
    recipe: str,
    save: Callable[[Path, Path], None],
    progress: Progress = silent,
) -> Snapshot:
    """The saved guest, saved if need be: `save` gets the paths of its state and of its disk to write to.

    What `save` raises comes through, and then nothing is kept.
    """

    def make(directory: Path) -> Made:
        save(directory / _STATE, directory / _DISK)
        return Made(recipe)

    entry = store.ensure(snapshot_key(name, recipe), make, progress)
    disk = entry.path / _DISK
    return Snapshot(entry.path / _STATE, disk if disk.exists() else None)
