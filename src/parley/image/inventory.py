"""What is in a store, and what could be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.errors import UsageError
from parley.image import kernel_list
from parley.image.kernel import KIND as KERNEL
from parley.image.kernel import find_kernel
from parley.image.pc_kernel import KIND as PC_KERNEL
from parley.image.pc_kernel import pc_kernel_key
from parley.image.recipe import IMPLEMENTATIONS, recipe
from parley.image.rootfs import KIND as IMAGE
from parley.image.rootfs import image_key
from parley.image.tree import disk_usage
from parley.near import nearest

if TYPE_CHECKING:
    from parley.image.store import Entry, Store

DOWNLOADS = "downloads"

# What `parley image build` makes when it is not told.
DEFAULT_NAMES = ("kernel", *IMPLEMENTATIONS)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the inventory; `size` in bytes, `created` in ISO 8601, `state` one of the three below."""

    name: str
    kind: str
    state: str
    version: str = ""
    digest: str = ""
    created: str = ""
    size: int = 0
    path: str = ""
    notes: tuple[str, ...] = ()


READY = "ready"
OUTDATED = "outdated"  # made from an older recipe: used no more
MISSING = "not built"


def inventory(store: Store) -> list[Row]:
    """Every entry, the downloads, and what `parley image build` would make."""
    entries = store.entries()
    rows = [_row(entry) for entry in entries]
    made = {row.name for row in rows if row.state == READY}
    rows += [Row(name, IMAGE, MISSING) for name in IMPLEMENTATIONS if name not in made]
    if find_kernel(store) is None:
        rows.append(Row("kernel", KERNEL, MISSING))
    if store.downloads.is_dir():
        size = disk_usage(store.downloads)
        rows.append(Row(DOWNLOADS, DOWNLOADS, READY, size=size, path=str(store.downloads)))
    return sorted(rows, key=lambda row: (row.kind, row.name, row.created))


def is_current(entry: Entry) -> bool:
    """Whether today's recipe makes this entry."""
    key = entry.key
    if key.kind == IMAGE and recipe_exists(key.name):
        return key == image_key(key.name)
    if key.kind == KERNEL:
        return kernel_list.is_current(key)
    if key.kind == PC_KERNEL:
        return key == pc_kernel_key()
    return key.kind != IMAGE


def recipe_exists(name: str) -> bool:
    """Whether an image of that name can be made."""
    try:
        recipe(name)
    except UsageError:
        return False
    return True


def matching(store: Store, name: str) -> list[Entry]:
    """The entries of that name or kind. Raises UsageError if there is none."""
    entries = store.entries()
    found = [entry for entry in entries if name in {entry.key.name, entry.key.kind.partition("-")[0]}]
    if not found:
        known = sorted({entry.key.name for entry in entries})
        raise UsageError(
            f"there is no {name!r} in {store.root}",
            hint=nearest(name, known) if known else "parley image build",
        )
    return found


def _row(entry: Entry) -> Row:
    return Row(
        name=entry.key.name,
        kind=entry.key.kind,
        state=READY if is_current(entry) else OUTDATED,
        version=str(entry.made.facts.get("version", "")),
        digest=entry.key.digest,
        created=entry.created.isoformat(),
        size=entry.size,
        path=str(entry.path),
        notes=entry.made.notes,
    )
