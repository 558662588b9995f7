from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from parley.transcript.compare import compare
from parley.transcript.diff import render_diff

if TYPE_CHECKING:
    from pathlib import Path

OLD = "a\nb\nc\nd\nESP:AES_CBC-256/HMAC_SHA2_256_128\ne\n"
NEW = "a\nb\nc\nd\nESP:AES_CBC-128/HMAC_SHA2_256_128\ne\n"
SGR = re.compile("\x1b\\[[0-9;]*m")


def test_the_plain_form_is_a_unified_diff() -> None:
    assert render_diff(compare(NEW, OLD), colour=False, old="west.console.txt", new="run") == (
        "--- west.console.txt\n+++ run\n@@ -2,5 +2,5 @@\n b\n c\n d\n"
        "-ESP:AES_CBC-256/HMAC_SHA2_256_128\n+ESP:AES_CBC-128/HMAC_SHA2_256_128\n e\n"
    )


def test_patch_understands_the_plain_form(tmp_path: Path) -> None:
    reference = tmp_path / "west.console.txt"
    reference.write_text(OLD)
    new = "0\n" + NEW + "f\n"
    subprocess.run(
        ["patch", str(reference)],
        input=render_diff(compare(new, OLD), colour=False),
        text=True,
        check=True,
        capture_output=True,
    )
    assert reference.read_text() == new


def test_nothing_to_show_for_equal_texts() -> None:
    assert render_diff(compare(OLD, OLD), colour=True) == ""


def test_a_missing_reference_is_an_empty_span() -> None:
    assert "@@ -0,0 +1,2 @@\n+a\n+b\n" in render_diff(compare("a\nb\n", None), colour=False)


def test_colours_mark_what_changed_inside_a_line() -> None:
    shown = render_diff(compare(NEW, OLD), colour=True)
    removed, added = (line for line in shown.splitlines() if "AES_CBC" in line)
    assert re.findall("\x1b\\[31m\x1b\\[7m([^\x1b]*)", removed) == ["256"]
    assert re.findall("\x1b\\[32m\x1b\\[7m([^\x1b]*)", added) == ["128"]
    assert SGR.sub("", shown) == render_diff(compare(NEW, OLD), colour=False)


def test_lines_without_likeness_are_not_marked_inside() -> None:
    assert "\x1b[7m" not in render_diff(compare("one thing\n", "another matter\n"), colour=True)


def test_hostile_text_reaches_no_terminal() -> None:
    shown = render_diff(compare("x\x1b[2J\x9b1A\u202e\n", "y\x1b]0;t\x07\n"), colour=False, old="a\x1bb")
    assert "\x1b" not in shown
    assert "\x9b" not in shown
    assert "+x\\x1b[2J\\x9b1A\\u202e\n" in shown
    assert "--- a\\x1bb\n" in shown


@given(st.text(max_size=80), st.text(max_size=80))
def test_colour_adds_colour_and_nothing_else(new: str, old: str) -> None:
    comparison = compare(new, old)
    coloured = render_diff(comparison, colour=True)
    assert SGR.sub("", coloured) == render_diff(comparison, colour=False)
    assert "\x1b" not in SGR.sub("", coloured)
