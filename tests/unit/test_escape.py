from __future__ import annotations

import unicodedata
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.escape import escape_terminal, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain [red]text[/red]", "plain [red]text[/red]"),
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("\x9b31m", "\\x9b31m"),
        ("a\u202egnp.exe", "a\\u202egnp.exe"),
        ("a\u2066b\u2069", "a\\u2066b\\u2069"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("broken \udc80 byte", "broken \\udc80 byte"),
        ("end\x00\r\n\t", "end\\x00\\r\\n\\t"),
        ("blank\u3164\ufe0f", "blank\\u3164\\ufe0f"),
        ("Grüße, Köln 東京", "Grüße, Köln 東京"),
        ("no\u00a0break", "no\u00a0break"),
    ],
)
def test_what_cannot_be_seen_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_kept_characters_stay_and_others_do_not() -> None:
    assert visible("a\n\tb\x1b", keep="\n\t") == "a\n\tb\\x1b"


def test_a_terminal_gets_one_line() -> None:
    assert escape_terminal("  first\nsecond\x1b[A  ") == "first\\nsecond\\x1b[A"


@given(st.text(st.characters()))
def test_nothing_shown_can_drive_a_terminal_or_break_xml(text: str) -> None:
    shown = visible(text)
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"}
    element = ET.Element("x", {"value": shown})
    assert ET.fromstring(ET.tostring(element)).get("value") == shown  # noqa: S314 -- written one line above


@given(st.text(st.characters()))
def test_escaping_twice_changes_nothing(text: str) -> None:
    assert visible(visible(text)) == visible(text)
