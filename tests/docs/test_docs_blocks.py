from __future__ import annotations

from pathlib import Path

import pytest

from console_blocks import ROOT, Block, Typed, file_name, typed


def one(command: str, *shown: str) -> Typed:
    return Typed(ROOT / "page.md", 1, command, shown)


def test_commands_are_told_from_what_they_print() -> None:
    block = Block(Path("page.md"), 10, "console", "$ parley list\na\nb\n$ parley run\n")
    assert [(said.line, said.command, said.shown) for said in typed(block)] == [
        (11, "parley list", ("a", "b")),
        (14, "parley run", ()),
    ]


def test_other_blocks_hold_no_commands() -> None:
    assert list(typed(Block(Path("page.md"), 1, "text", "$ parley list\n"))) == []


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("PARLEY_CACHE=/x parley image list", [["parley", "image", "list"]]),
        ("echo 'a | b; c' | parley shell west", [["echo", "a | b; c"], ["parley", "shell", "west"]]),
        ("export PATH=$PWD/.venv/bin:$PATH", [["export", "PATH=$PWD/.venv/bin:$PATH"]]),
    ],
)
def test_words_of_every_command_of_a_line(command: str, words: list[list[str]]) -> None:
    assert list(one(command).simple_commands()) == words


@pytest.mark.parametrize(
    ("shown", "output", "same"),
    [
        (("a … c",), "a b c\n", True),
        (("a … c",), "a b\nc\n", False),
        (("a", "…", "c"), "a\nb\nb\nc\n", True),
        (("a", "…"), "a\n", True),
        (("a",), "a\nb\n", False),
        (("a.c",), "abc\n", False),
    ],
)
def test_what_was_cut_may_be_anything_and_the_rest_nothing_else(
    shown: tuple[str, ...], output: str, same: bool
) -> None:
    assert one("x", *shown).shows(output) is same


def test_files_to_be_written_have_a_title() -> None:
    assert file_name(Block(Path("page.md"), 1, 'sh title="a/b.sh"', "")) == "a/b.sh"
    assert not file_name(Block(Path("page.md"), 1, "sh", ""))
