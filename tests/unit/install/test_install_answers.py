from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.errors import InputError
from parley.install.answers import Row, Sheet, matches, never_asked, parse, render, reply, rows
from parley.install.openbsd_answers import Release, answer_table

NOWHERE = Path("ai.conf")
RELEASE = Release("7.8", "amd64")

# Questions of install.sub, and what a table must say to them (openbsd.md 1.4, and OpenBSD 5.1 as seen).
DIALOGUE = [
    ("System hostname? (short form, e.g. 'foo')", "obsd"),
    ("Network interface to configure?", "done"),
    ("Which network interface do you wish to configure?", "done"),
    ("DNS nameservers? (IP address list or 'none')", "none"),
    ("Password for root account?", "parley"),
    ("Start sshd(8) by default?", "no"),
    ("Do you want the X Window System to be started by xenodm(1)?", "no"),
    ("Change the default console to com0?", "yes"),
    ("Which speed should com0 use?", "115200"),
    ("What timezone are you in? ('?' for list)", "UTC"),
    ("Which disk is the root disk? ('?' for details)", "sd0"),
    ("Encrypt the root disk with a (p)assphrase or (k)eydisk?", "no"),
    ("Use (W)hole disk MBR, whole disk (G)PT or (E)dit?", "whole"),
    ("URL to autopartitioning template for disklabel?", "file:/disklabel"),
    ("Which disk do you wish to initialize?", "done"),
    ("Location of sets?", "cd0"),
    ("Pathname to the sets? (or 'done')", "7.8/amd64"),
    ("Set name(s)?", "-all bsd bsd.mp base* etc* site* done"),
    ("Checksum test for site78.tgz failed. Continue anyway?", "yes"),
    ("Unverified sets: site78.tgz. Continue without verification?", "yes"),
    ("Location of sets?", "done"),
]


@pytest.mark.parametrize(
    ("key", "question", "expected"),
    [
        ("Use (W)hole disk", "Use (W)hole disk MBR, whole disk (G)PT or (E)dit?", True),
        (
            "Use (W)hole disk MBR",
            "Use (W)hole disk MBR, whole disk (G)PT or (E)dit?",
            False,
        ),  # a comma follows
        ("Which disk", "Which disk is the root disk? ('?' for details)", True),
        ("which DISK", "Which disk is the root disk?", True),
        ("disk is the root disk", "Which disk is the root disk?", True),
        ("isk is the root disk", "Which disk is the root disk?", False),
        ("Which disk is the root dis", "Which disk is the root disk?", False),
        ("S.stem", "System hostname?", False),  # no regular expression, no pattern
        ("*", "Use (A)uto layout?", False),
        ("hostname", "hostname or System hostname?", True),
        ("System hostname?", "System hostname? (short form, e.g. 'foo')", True),
    ],
)
def test_a_key_matches_whole_words(key: str, question: str, expected: bool) -> None:
    assert matches(key, question) is expected


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1), st.text("ab ?,"))
def test_a_key_is_literal(key: str, around: str) -> None:
    assert matches(key, f"{around} {key}? {around}")


def test_the_first_row_wins_and_is_used_up() -> None:
    sheet = Sheet([Row("Which disk", "sd0"), Row("Which disk is", "sd1"), Row("never", "x")])
    assert sheet.take("Which disk is the root disk?") == "sd0"
    assert sheet.take("Which disk is the root disk?") == "sd1"
    assert sheet.take("Which disk is the root disk?") is None
    assert sheet.left == (Row("never", "x"),)


def test_a_dialogue_gets_its_answers_and_nothing_that_must_be_asked_is_left() -> None:
    table = answer_table(RELEASE)
    sheet = Sheet(rows(table))
    assert [(question, sheet.take(question)) for question, _ in DIALOGUE] == DIALOGUE
    assert never_asked(table, sheet.left) == []


@pytest.mark.parametrize(
    "lost", [question for question, _ in DIALOGUE if question.startswith(("Start", "Set", "Path"))]
)
def test_a_question_that_went_missing_is_noticed(lost: str) -> None:
    table = answer_table(RELEASE)
    sheet = Sheet(rows(table))
    for question, _ in DIALOGUE:
        if question != lost:
            sheet.take(question)
    assert [entry.keys[0] for entry in never_asked(table, sheet.left)] == [lost.partition("?")[0]]


def test_unsigned_sets_of_the_release_are_not_waved_through() -> None:
    sheet = Sheet(rows(answer_table(RELEASE)))
    for question in (
        "Directory does not contain SHA256.sig. Continue without verification?",
        "Signature check of SHA256.sig failed. Continue without verification?",
        "Unverified sets: base78.tgz. Continue without verification?",
        "Unverified sets: base78.tgz site78.tgz. Continue without verification?",
        "Checksum test for base78.tgz failed. Continue anyway?",
        "Installation of base78.tgz failed. Continue anyway?",
    ):
        assert sheet.take(question) is None


def test_an_answer_file_is_read_as_it_was_written() -> None:
    table = answer_table(RELEASE, sets=("comp",))
    assert parse(render(table), NOWHERE) == rows(table)
    assert "Set name(s) = -all bsd bsd.mp base* etc* comp* site* done" in render(table)


def test_each_way_has_its_own_answers() -> None:
    table = [
        reply("a", "only at prompts", prompt_only=True, must=True),
        reply("f", "only in the file", file_only=True),
    ]
    assert rows(table) == [Row("only in the file", "f")]
    assert rows(table, at_prompts=True) == [Row("only at prompts", "a")]
    assert never_asked(table, []) == []
    assert never_asked(table, [Row("only at prompts", "a")], at_prompts=True) == [table[0]]


@pytest.mark.parametrize("line", ["no separator", "= no key", "no value =", "key ="])
def test_a_line_that_the_installer_would_skip_is_an_error(line: str) -> None:
    with pytest.raises(InputError, match="not KEY = VALUE") as caught:
        parse(f"# fine\n\nkey = value = more\n{line}\n", NOWHERE)
    assert caught.value.line == 4


def test_a_value_may_have_an_equals_sign() -> None:
    assert parse("URL = http://x/?a=b\n", NOWHERE) == [Row("URL", "http://x/?a=b")]


def test_releases_that_read_answer_files() -> None:
    assert not Release("5.4", "amd64").reads_answer_file
    assert Release("5.5", "amd64").reads_answer_file
    assert Release("10.0", "amd64").reads_answer_file
