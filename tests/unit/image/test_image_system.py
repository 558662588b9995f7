from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from parley.errors import LabError
from parley.image.store import Store
from parley.image.system import Installed, ensure_system, find_system

if TYPE_CHECKING:
    from pathlib import Path


def install(path: Path) -> Installed:
    path.write_bytes(b"disk")
    return Installed("7.9 GENERIC#1", {"bash": "5.3"})


def test_a_system_is_installed_once_and_found(tmp_path: Path) -> None:
    store = Store(tmp_path)
    made = ensure_system(store, "openbsd", "7.9", "recipe", install)
    assert (made.disk.path.read_bytes(), made.disk.format) == (b"disk", "qcow2")
    assert (made.version, made.packages) == ("7.9 GENERIC#1", {"bash": "5.3"})
    again = ensure_system(store, "openbsd", "7.9", "recipe", lambda _: pytest.fail("was installed"))
    assert again == made == find_system(store, "openbsd") == find_system(store, "openbsd", "7.9")


def test_another_platform_or_release_is_none(tmp_path: Path) -> None:
    store = Store(tmp_path)
    ensure_system(store, "openbsd", "7.9", "recipe", install)
    assert find_system(store, "freebsd") is None
    assert find_system(store, "openbsd", "7.8") is None


def test_an_installation_that_failed_leaves_nothing(tmp_path: Path) -> None:
    def fail(path: Path) -> Installed:
        path.write_bytes(b"half a disk")
        raise LabError("no disk is large enough")

    store = Store(tmp_path)
    with pytest.raises(LabError, match="large enough"):
        ensure_system(store, "openbsd", "7.9", "recipe", fail)
    assert find_system(store, "openbsd") is None
