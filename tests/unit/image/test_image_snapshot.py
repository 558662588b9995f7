from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from parley.errors import BootError
from parley.image.snapshot import ensure_snapshot, snapshot_key
from parley.image.store import Store

if TYPE_CHECKING:
    from pathlib import Path


def test_a_guest_is_saved_once(tmp_path: Path) -> None:
    saved: list[Path] = []

    def save(state: Path, disk: Path) -> None:
        saved.append(state)
        state.write_bytes(b"memory")
        disk.write_bytes(b"changes")

    first = ensure_snapshot(Store(tmp_path), "openbsd", "recipe\n", save)
    assert ensure_snapshot(Store(tmp_path), "openbsd", "recipe\n", save) == first
    assert len(saved) == 1
    assert first.state.read_bytes() == b"memory"
    assert first.disk is not None
    assert first.disk.read_bytes() == b"changes"


def test_one_without_a_disk_has_none(tmp_path: Path) -> None:
    saved = ensure_snapshot(Store(tmp_path), "linux", "r", lambda state, _: state.touch())
    assert saved.disk is None


def test_another_recipe_is_another_guest() -> None:
    assert snapshot_key("linux", "a") != snapshot_key("linux", "b")


def test_nothing_is_kept_of_one_that_could_not_be_saved(tmp_path: Path) -> None:
    def save(state: Path, _: Path) -> None:
        state.write_bytes(b"half")
        raise BootError("gone")

    with pytest.raises(BootError, match="gone"):
        ensure_snapshot(Store(tmp_path), "linux", "r", save)
    assert Store(tmp_path).entries() == []
    assert list(tmp_path.rglob("state")) == []
