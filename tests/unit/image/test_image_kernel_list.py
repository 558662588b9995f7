from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from parley.errors import ImageError, UsageError
from parley.image.kernel import kernel_key
from parley.image.kernel_lab import build_tree, lab_key
from parley.image.kernel_list import kernel_rows, remove_kernels
from parley.image.lock import locked
from parley.image.store import Key, Made, Store

if TYPE_CHECKING:
    from pathlib import Path

OLD = Key("kernel", "kernel@lab", "0123456789ab")


def add(store: Store, key: Key) -> None:
    def make(directory: Path) -> Made:
        (directory / "linux").write_bytes(bytes(8192))
        facts = {"version": "7.2", "features": ["time-travel"], "missing": ["CONFIG_A=y (is n)"]}
        return Made("recipe", {"linux-source-7.2": "7.2-1"}, facts=facts)

    store.ensure(key, make)


def states(store: Store) -> list[tuple[str, str]]:
    return [(row.name, row.state) for row in kernel_rows(store)]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def test_what_runs_boot_is_marked(store: Store) -> None:
    add(store, kernel_key("sid"))
    assert states(store) == [("kernel@sid", "default"), ("kernel@lab", "not built")]
    add(store, lab_key())
    assert states(store) == [("kernel@lab", "default"), ("kernel@sid", "ready")]
    (row, _) = kernel_rows(store)
    assert (row.version, row.package) == ("7.2", "linux-source-7.2 7.2-1")
    assert (row.features, row.missing) == (("time-travel",), ("CONFIG_A=y (is n)",))
    assert row.size >= 8192


def test_a_lab_kernel_of_an_older_recipe_serves_all_the_same(store: Store) -> None:
    add(store, OLD)
    add(store, kernel_key("sid"))
    assert states(store) == [("kernel@lab", "default"), ("kernel@sid", "ready")]


def test_an_unfinished_build_is_told_and_goes_with_the_lab_kernel(store: Store) -> None:
    add(store, OLD)
    tree = build_tree(store, lab_key())
    (tree / "tree").mkdir(parents=True)
    (tree / "source.json").write_bytes(bytes(4096))
    assert states(store) == [("kernel@lab", "default"), ("kernel@lab", "unfinished")]
    assert remove_kernels(store, "lab") >= 8192 + 4096
    assert not tree.exists()
    assert states(store) == [("kernel@lab", "not built")]


def test_a_kernel_that_is_being_built_is_left_alone(store: Store) -> None:
    tree = build_tree(store, lab_key())
    tree.mkdir(parents=True)
    with locked(tree.with_suffix(".lock")), pytest.raises(ImageError, match="being built"):
        remove_kernels(store, "kernel@lab")
    assert tree.is_dir()


def test_only_kernels_of_that_name_go(store: Store) -> None:
    add(store, kernel_key("sid"))
    add(store, lab_key())
    remove_kernels(store, "sid")
    assert states(store) == [("kernel@lab", "default")]


def test_a_kernel_that_is_not_there_is_told(store: Store) -> None:
    assert remove_kernels(store, "lab", missing_ok=True) == 0
    with pytest.raises(UsageError, match="there is no kernel 'sid'"):
        remove_kernels(store, "sid")
