"""Disks with an installed system, frozen in the store; hosts boot clones of them (docs/how-to/openbsd.md)."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from parley.backend.base import Disk
from parley.errors import MissingError
from parley.image.store import Key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from parley.image.store import Entry, Made, Progress, Store

KIND = "disk"
DISK = "disk.qcow2"
LOG = "install.log"


@dataclass(frozen=True, slots=True)
class Base:
    """An installed system: `disk` never changes; `facts` say what it is and how it came to be."""

    name: str
    version: str
    digest: str
    disk: Disk
    facts: dict[str, Any]
    packages: dict[str, str] = field(default_factory=dict)


def base_key(name: str, recipe: dict[str, Any]) -> Key:
    """The key of a base made by a recipe: all that decides what is on it."""
    text = json.dumps(recipe, sort_keys=True)
    return Key(KIND, name, hashlib.sha256(text.encode()).hexdigest()[:12])


def freeze(
    store: Store, key: Key, make: Callable[[Path], Made], progress: Progress, *, again: bool = False
) -> Base:
    """Have `make` fill a directory with a base, which never changes from then on; see Store.ensure.

    With `again`, one that is there is removed first; raises ImageError if a run is using it.
    """
    old = store.find(key)
    if old is not None and again:
        store.remove(old)
    return as_base(store.ensure(key, make, progress))


def as_base(entry: Entry) -> Base:
    """An entry of the store as a base."""
    facts = entry.made.facts
    disk = Disk(entry.path / DISK, "qcow2", is_read_only=True)
    return Base(entry.key.name, str(facts["version"]), entry.key.digest, disk, facts, entry.made.packages)


def find_base(store: Store, platform: str, version: str = "") -> Base:
    """The base of a platform: of a version, or the newest version, made last.

    Raises MissingError if nobody has installed it.
    """
    entries = [
        entry
        for entry in store.entries(KIND)
        if entry.made.facts.get("platform") == platform
        and version in {"", str(entry.made.facts.get("version"))}
    ]
    if not entries:
        raise MissingError(
            f"{platform}{f' {version}' if version else ''} is not installed here",
            hint=f"parley install {platform} --iso FILE",
        )
    return as_base(max(entries, key=lambda entry: (_order(entry), entry.created)))


def installed_bases(store: Store, platforms: Iterable[str]) -> dict[str, Base]:
    """The bases of those platforms that are installed, each as `find_base` finds it."""
    found = {}
    for platform in platforms:
        with suppress(MissingError):
            found[platform] = find_base(store, platform)
    return found


def _order(entry: Entry) -> tuple[int, ...]:
    numbers = str(entry.made.facts["version"]).split(".")
    return tuple(int(number) for number in numbers if number.isdigit())
