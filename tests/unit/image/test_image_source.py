from __future__ import annotations

from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest

from parley.errors import UsageError
from parley.image.command import CommandError
from parley.image.rootfs import Image
from parley.image.source import BuildError, Source, ensure_source, first_error, parse_source
from parley.image.store import Store

if TYPE_CHECKING:
    from pathlib import Path

LIBRESWAN = "programs/pluto/Makefile"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    marker = tmp_path / "My Branch" / LIBRESWAN
    marker.parent.mkdir(parents=True)
    marker.touch()
    return tmp_path / "My Branch"


def test_a_name_with_a_tree_is_a_source(tree: Path) -> None:
    source = parse_source(f"libreswan={tree}")
    assert source == Source("libreswan", tree)
    assert source.label == "libreswan@src-my-branch"


def test_a_name_alone_is_none() -> None:
    assert parse_source("libreswan@sid") is None


def test_images_are_named_after_what_they_are_laid_into(tree: Path) -> None:
    source = Source("libreswan", tree)
    assert source.image("libreswan") == "libreswan@src-my-branch"
    assert source.image("fedora-like") == "libreswan@src-my-branch+fedora-like"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("libreswan=/nowhere", "there is no directory /nowhere"),
        ("libreswa={tree}", "did you mean libreswan"),
        ("strongswan={tree}", "it looks like libreswan"),
        ("libreswan={parent}", "is no source tree of libreswan"),
    ],
)
def test_what_is_no_tree_of_it_is_refused(tree: Path, text: str, complaint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_source(text.format(tree=tree, parent=tree.parent))
    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    "line",
    [
        "src/ike.c:12:3: error: expected ';' before 'return'",
        "src/ike.c:12: fatal error: nss.h: No such file or directory",
        "/usr/bin/ld: ike.c:(.text+0x1): undefined reference to `f'",
        "make[1]: *** No rule to make target 'x.c'.  Stop.",
        "CMake Error at CMakeLists.txt:3 (find_package):",
        "configure: error: no usable libgmp",
        "sh: 1: xmlto: command not found",
    ],
)
def test_the_first_error_is_found_among_warnings_and_what_follows_it(line: str) -> None:
    output = ["cc -c a.c", "a.c:1:2: warning: unused", line, "make: *** [Makefile:9: all] Error 2"]
    assert first_error(output) == line


def test_output_without_an_error_has_none() -> None:
    assert first_error(["cc -c a.c", "a.c:1:2: warning: error is not used"]) == ""


def test_a_tree_that_does_not_compile_says_why_and_leaves_nothing(tree: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "cache")

    def fail(_step: object, log: Path, _directory: Path) -> None:
        log.write_text("cc\npluto.c:1:1: error: broken\nmake: *** Error 2\n")
        raise CommandError("the install step failed", "make: *** Error 2")

    with (
        patch(
            "parley.image.source.ensure_image", return_value=Image("x", tmp_path / "root.ext4", {}, "0" * 12)
        ),
        patch("parley.image.source.require"),
        patch("parley.image.source._Step.run", fail),
        pytest.raises(BuildError, match=r"does not compile: pluto\.c:1:1: error: broken") as caught,
    ):
        ensure_source(store, Source("libreswan", tree), "libreswan")
    assert caught.value.exit_code == 125
    assert "less " in caught.value.hint
    assert store.entries() == []


def test_one_state_of_a_tree_is_compiled_once(tree: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "cache")
    steps: list[str] = []

    def succeed(step: Any, _log: Path, directory: Path) -> None:
        result = str(step.result)
        steps.append(result)
        (directory / "version.txt").write_text("5.2\n")
        (directory / ("install.tar" if result == "install" else "root.ext4")).touch()

    with (
        patch(
            "parley.image.source.ensure_image", return_value=Image("x", tmp_path / "root.ext4", {}, "0" * 12)
        ),
        patch("parley.image.source.require"),
        patch("parley.image.source._Step.run", succeed),
    ):
        first = ensure_source(store, Source("libreswan", tree), "libreswan")
        again = ensure_source(store, Source("libreswan", tree), "libreswan")
        ensure_source(store, Source("libreswan", tree), "fedora-like")
        (tree / LIBRESWAN).write_text("changed\n")
        changed = ensure_source(store, Source("libreswan", tree), "libreswan")
    assert steps == ["install", "image", "image", "install", "image"]
    assert first == again
    assert first.digest != changed.digest
    assert first.packages["libreswan"] == "5.2"
