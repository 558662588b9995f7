from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from parley.case.model import HostSpec, ScriptedCase
from parley.errors import UsageError
from parley.image.rootfs import Image
from parley.session.upstream import parse_sources, sources_for, with_sources

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree of Libreswan's with a suite of its own."""
    tree = tmp_path / "mine"
    for name in (
        "programs/pluto/Makefile",
        "testing/guestbin/swan-prep",
        "testing/utils/sanitizer.sh",
        "testing/sanitizers/a.sed",
        "testing/pluto/a-01/eastinit.sh",
    ):
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tree


def case(suite: Path) -> ScriptedCase:
    return ScriptedCase("a-01", suite / "a-01", suite, (HostSpec("east"),), ())


def test_a_suite_of_its_own_runs_what_its_tree_compiles_to(tree: Path) -> None:
    [(source, base)] = sources_for([case(tree / "testing/pluto")], ())
    assert (source.implementation, source.tree, base) == ("libreswan", tree, "fedora-like")


def test_another_tree_may_be_asked_for(tree: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    (other / "programs/pluto").mkdir(parents=True)
    (other / "programs/pluto/Makefile").touch()
    [(source, base)] = sources_for([case(tree / "testing/pluto")], [f"libreswan={other}"])
    assert (source.tree, base) == (other, "fedora-like")


def test_other_suites_compile_only_what_is_asked_for(tree: Path, tmp_path: Path) -> None:
    plain = [case(tmp_path)]
    assert sources_for(plain, ()) == []
    [(source, base)] = sources_for(plain, [f"libreswan={tree}"])
    assert source.image(base) == "libreswan@src-mine"


def test_what_was_compiled_stands_in_for_the_package(tree: Path, tmp_path: Path) -> None:
    package, compiled = (Image(name, tmp_path, {}, "0" * 12) for name in ("package", "compiled"))
    images = {"libreswan": package, "openiked": package, "libreswan@src-mine": compiled}
    mapped = with_sources(images, [f"libreswan={tree}"])
    assert mapped["libreswan"] is compiled
    assert mapped["openiked"] is package


def test_an_implementation_without_a_tree_is_a_mistake() -> None:
    with pytest.raises(UsageError, match="--impl strongswan is not NAME=TREE"):
        parse_sources(["strongswan"])
