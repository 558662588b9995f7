from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from parley.errors import UsageError
from parley.upstream.tree import changed_cases, tree_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A tree that looks like Libreswan's, with two cases."""
    for name in ("guestbin/swan-prep", "utils/sanitizer.sh", "sanitizers/a.sed", "pluto/a-01/eastinit.sh"):
        path = tmp_path / "testing" / name
        path.parent.mkdir(parents=True)
        path.write_text("true\n")
    other = tmp_path / "testing" / "pluto" / "b-02"
    other.mkdir()
    (other / "eastinit.sh").write_text("true\n")
    return tmp_path / "testing" / "pluto"


def git(directory: Path, *words: str) -> None:
    command = ("git", "-c", "user.name=x", "-c", "user.email=x@example.com", "-C", str(directory), *words)
    subprocess.run(command, check=True, capture_output=True)


def test_a_suite_is_known_by_what_lies_beside_it(suite: Path) -> None:
    tree = tree_of(suite)
    assert tree is not None
    assert tree.suite == suite.resolve()
    assert tree.sanitizer.is_file()


@pytest.mark.parametrize("missing", ["guestbin/swan-prep", "utils/sanitizer.sh"])
def test_any_other_suite_is_none(suite: Path, missing: str) -> None:
    (suite.parent / missing).unlink()
    assert tree_of(suite) is None


def test_a_directory_beside_the_suite_is_none(suite: Path) -> None:
    assert tree_of(suite.parent / "utils") is None


def test_changed_are_edited_new_and_removed_files_of_cases(suite: Path) -> None:
    root = suite.parent.parent
    git(root, "init", "--quiet")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "-m", "all")
    assert changed_cases(suite) == []
    (suite / "a-01" / "OUTPUT").mkdir()
    (suite / "a-01" / "OUTPUT" / "east.console.txt").write_text("left by a run\n")
    (suite / "TESTLIST").write_text("")
    assert changed_cases(suite) == []
    (suite / "b-02" / "west.console.txt").write_text("new\n")
    assert changed_cases(suite) == ["b-02"]
    (suite / "a-01" / "eastinit.sh").unlink()
    assert changed_cases(suite) == ["a-01", "b-02"]


def test_where_git_knows_nothing_that_is_said(suite: Path) -> None:
    with pytest.raises(UsageError, match="in no checkout of git"):
        changed_cases(suite)


@pytest.mark.parametrize(("line", "expected"), [("\tdir out\n", True), ("", False)])
def test_references_tell_the_age_of_their_iproute2(suite: Path, line: str, *, expected: bool) -> None:
    state = f"src 192.1.2.45 dst 192.1.2.23\n\treplay-window 0 flag af-unspec\n{line}"
    (suite / "a-01" / "east.console.txt").write_text(state)
    tree = tree_of(suite)
    assert tree is not None
    assert tree.shows_direction() is expected
