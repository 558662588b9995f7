from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from parley.image.source import BuildError, Source, ensure_source
from parley.image.store import Store
from parley.image.tree import remove_tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.lab

CMAKE = """\
cmake_minimum_required(VERSION 3.12)
project(toy C)
add_executable(iked iked/iked.c iked/other.c)
install(TARGETS iked DESTINATION sbin)
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """What passes for a tree of OpenIKED, and compiles in no time."""
    (tmp_path / "toy" / "iked").mkdir(parents=True)
    files = {
        "CMakeLists.txt": CMAKE,
        "iked/iked.h": "int other(void);\n",
        "iked/version.h": '#define IKED_VERSION\t"9.9"\n',
        "iked/iked.c": '#include "iked.h"\nint main(void) { return other(); }\n',
        "iked/other.c": '#include "iked.h"\nint other(void) { return 0; }\n',
    }
    for name, text in files.items():
        (tmp_path / "toy" / name).write_text(text)
    return tmp_path / "toy"


@pytest.fixture
def store() -> Iterator[Store]:
    """The user's store, without what the toy leaves there."""
    store = Store.default()
    yield store
    for entry in store.entries():
        if entry.key.name.startswith("openiked@src-toy"):
            store.remove(entry)
    for copy in (store.root / "builds").glob("openiked@src-toy-*"):
        remove_tree(copy)


def test_a_tree_becomes_an_image_and_only_what_changed_is_compiled_again(tree: Path, store: Store) -> None:
    source = Source("openiked", tree)
    before = {path: path.stat().st_mtime_ns for path in tree.rglob("*")}
    image = ensure_source(store, source, "openiked")
    assert image.packages["openiked"] == image.version == "9.9"
    installed = subprocess.run(
        ["debugfs", "-R", "stat /usr/sbin/iked", image.path], capture_output=True, text=True, check=True
    )
    assert "Type: regular" in installed.stdout
    assert {path: path.stat().st_mtime_ns for path in tree.rglob("*")} == before

    (tree / "iked/other.c").write_text('#include "iked.h"\nint other(void) { return 1; }\n')
    ensure_source(store, source, "openiked")
    built = [entry for entry in store.entries("build") if entry.key.name == source.label]
    logs = sorted((store.log(entry.key) for entry in built), key=lambda log: log.stat().st_mtime)
    compiled = [line for line in logs[-1].read_text().splitlines() if "Building C object" in line]
    assert [line.rsplit("/", 1)[-1] for line in compiled] == ["other.c.o"]

    (tree / "iked/iked.c").write_text("int main(void) { return }\n")
    with pytest.raises(BuildError, match=r"does not compile: iked/iked\.c:1:\d+: error:") as caught:
        ensure_source(store, source, "openiked")
    assert caught.value.exit_code == 125
