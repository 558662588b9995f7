from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from parley.errors import InputError
from parley.image.source_tree import source_files, synchronize, tree_digest

if TYPE_CHECKING:
    from pathlib import Path


def put(tree: Path, name: str, text: str = "x\n") -> Path:
    path = tree / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_ignored_directories_go_but_files_beside_them_stay(tmp_path: Path) -> None:
    for name in ("a.c", "testing/pluto/TESTLIST", "testing/pluto/case/run.sh", "OBJ.linux/a.o", "OBJ.h"):
        put(tmp_path, name)
    names = source_files(tmp_path, ("testing/pluto/*/", "OBJ.*"))
    assert names == ["OBJ.h", "a.c", "testing/pluto/TESTLIST"]


def test_git_says_what_is_a_product(tmp_path: Path) -> None:
    put(tmp_path, ".gitignore", "*.o\n")
    for name in ("a.c", "a.o", "new.c"):
        put(tmp_path, name)
    subprocess.run(("git", "-C", str(tmp_path), "init", "-q"), check=True)
    subprocess.run(("git", "-C", str(tmp_path), "add", "a.c", ".gitignore"), check=True)
    assert source_files(tmp_path, ()) == [".gitignore", "a.c", "new.c"]


def test_a_removed_file_that_git_still_lists_is_no_source(tmp_path: Path) -> None:
    put(tmp_path, "a.c")
    put(tmp_path, "b.c")
    subprocess.run(("git", "-C", str(tmp_path), "init", "-q"), check=True)
    subprocess.run(("git", "-C", str(tmp_path), "add", "."), check=True)
    (tmp_path / "b.c").unlink()
    assert source_files(tmp_path, ()) == ["a.c"]


def test_the_digest_follows_name_content_and_mode_but_not_time(tmp_path: Path) -> None:
    path = put(tmp_path, "a.sh")
    first = tree_digest(tmp_path, ["a.sh"])
    os.utime(path, (1, 1))
    assert tree_digest(tmp_path, ["a.sh"]) == first
    path.chmod(0o755)
    executable = tree_digest(tmp_path, ["a.sh"])
    path.write_text("y\n")
    assert len({first, executable, tree_digest(tmp_path, ["a.sh"])}) == 3


def test_content_cannot_move_from_one_file_to_the_next(tmp_path: Path) -> None:
    put(tmp_path, "one/a", "xy")
    put(tmp_path, "one/b", "z")
    put(tmp_path, "two/a", "x")
    put(tmp_path, "two/b", "yz")
    assert tree_digest(tmp_path / "one", ["a", "b"]) != tree_digest(tmp_path / "two", ["a", "b"])


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.c: cannot be read"):
        tree_digest(tmp_path, ["gone.c"])


def test_a_copy_takes_changes_and_keeps_objects(tmp_path: Path) -> None:
    tree, copy = tmp_path / "tree", tmp_path / "copy"
    put(tree, "a.c", "one\n")
    put(tree, "sub/b.c")
    synchronize(tree, ["a.c", "sub/b.c"], copy)
    put(copy, "src/a.o", "object\n")
    put(tree, "a.c", "three\n")
    (tree / "sub/b.c").unlink()
    synchronize(tree, ["a.c"], copy)
    assert (copy / "src/a.c").read_text() == "three\n"
    assert (copy / "src/a.o").exists()
    assert not (copy / "src/sub/b.c").exists()


def test_what_has_not_changed_is_not_touched(tmp_path: Path) -> None:
    tree, copy = tmp_path / "tree", tmp_path / "copy"
    os.utime(put(tree, "a.c"), (1_000_000, 1_000_000))
    synchronize(tree, ["a.c"], copy)
    before = (copy / "src/a.c").stat()
    assert before.st_mtime == 1_000_000
    synchronize(tree, ["a.c"], copy)
    assert (copy / "src/a.c").stat().st_ino == before.st_ino
    assert (copy / "src/a.c").stat().st_ctime_ns == before.st_ctime_ns


def test_links_are_copied_as_links(tmp_path: Path) -> None:
    tree, copy = tmp_path / "tree", tmp_path / "copy"
    put(tree, "a.c")
    (tree / "link").symlink_to("a.c")
    synchronize(tree, ["a.c", "link"], copy)
    synchronize(tree, ["a.c", "link"], copy)
    assert (copy / "src/link").readlink() == (tree / "link").readlink()
