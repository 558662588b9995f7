"""Installed systems in the store: disks of OpenBSD or FreeBSD that cases boot clones of.

::

    ROOT/system/PLATFORM-RELEASE-DIGEST/disk.qcow2    never written to again, and meta.json
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.backend.base import Disk
from parley.image.recipe import digest
from parley.image.store import Entry, Key, Made, Progress, Store, silent

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KIND = "system"
_DISK = "disk.qcow2"


@dataclass(frozen=True, slots=True)
class System:
    """An installed system; `version` is the kernel's, as the system tells it."""

    platform: str
    release: str
    disk: Disk
    digest: str
    version: str
    packages: dict[str, str]

    @classmethod
    def of(cls, entry: Entry) -> System:
        """The system that a store's entry holds."""
        facts = entry.made.facts
        return cls(
            platform=str(facts["platform"]),
            release=str(facts["release"]),
            disk=Disk(entry.path / _DISK, "qcow2"),
            digest=entry.key.digest,
            version=str(facts["version"]),
            packages=entry.made.packages,
        )


@dataclass(frozen=True, slots=True)
class Installed:
    """What an installer says of the disk that it has filled."""

    version: str
    packages: dict[str, str]
    notes: tuple[str, ...] = ()


def find_system(store: Store, platform: str, release: str = "") -> System | None:
    """The system of a platform that was installed last, of any release or that one; None if there is none."""
    entries = [entry for entry in store.entries(KIND) if entry.made.facts.get("platform") == platform]
    fitting = [entry for entry in entries if release in {"", entry.made.facts.get("release")}]
    newest = max(fitting, key=lambda entry: entry.created, default=None)
    return System.of(newest) if newest else None


def ensure_system(
    store: Store,
    platform: str,
    release: str,
    recipe: str,
    install: Callable[[Path], Installed],
    *,
    progress: Progress = silent,
) -> System:
    """A system, installed if there is none of this `recipe`, which is all that decides what it is.

    `install` gets the path at which it is to make the disk. What it raises comes through, and then nothing
    is kept.
    """
    key = Key(KIND, f"{platform}-{release}", digest(recipe))

    def make(directory: Path) -> Made:
        done = install(directory / _DISK)
        facts = {"platform": platform, "release": release, "version": done.version}
        return Made(recipe, done.packages, done.notes, facts)

    return System.of(store.ensure(key, make, progress))
