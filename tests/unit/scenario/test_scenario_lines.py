from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.scenario.lines import line_numbers
from parley.scenario.suite import default_scenarios

DOCUMENT = '''\
# a comment with [brackets] and "quotes"
title = "a = b # no comment"   # key = 1
dotted.key."quoted \\u0041 name" = 1
'literal key' = 'C:\\path'

[table]   # of contents
many = [
    "one",  # [no]

    { inline = 1, other = [2,
        3] },
]
text = """
[not.a.table]
key = "still text"
"""
raw = \'\'\'
quote: \'\'\'\'

[[array]]
first = true
[array.below]
x = 1979-05-27 07:32:00
[[array]]
second = {}
  [[array.nested]]
  deep = inf
  [[array.nested]]
[ "table" . sub ]
last = ""'''

EXPECTED = {
    ("title",): 2,
    ("dotted",): 3,
    ("dotted", "key"): 3,
    ("dotted", "key", "quoted A name"): 3,
    ("literal key",): 4,
    ("table",): 6,
    ("table", "many"): 7,
    ("table", "many", 0): 8,
    ("table", "many", 1): 10,
    ("table", "many", 1, "inline"): 10,
    ("table", "many", 1, "other"): 10,
    ("table", "many", 1, "other", 0): 10,
    ("table", "many", 1, "other", 1): 11,
    ("table", "text"): 13,
    ("table", "raw"): 17,
    ("array",): 20,
    ("array", 0): 20,
    ("array", 0, "first"): 21,
    ("array", 0, "below"): 22,
    ("array", 0, "below", "x"): 23,
    ("array", 1): 24,
    ("array", 1, "second"): 25,
    ("array", 1, "nested"): 26,
    ("array", 1, "nested", 0): 26,
    ("array", 1, "nested", 0, "deep"): 27,
    ("array", 1, "nested", 1): 28,
    ("table", "sub"): 29,
    ("table", "sub", "last"): 30,
}


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_every_place_has_the_line_where_it_is_written(newline: str) -> None:
    text = DOCUMENT.replace("\n", newline)
    tomllib.loads(text)
    assert dict(line_numbers(text)) == EXPECTED


def test_quotes_may_stand_before_the_closing_ones() -> None:
    text = 'a = """two quotes"""""\nb = \'\'\'\'one\'\'\'\'\nc = "\\\\"\nd = ""\n'
    assert tomllib.loads(text)["a"] == 'two quotes""'
    assert dict(line_numbers(text)) == {("a",): 1, ("b",): 2, ("c",): 3, ("d",): 4}


def test_an_escaped_line_end_in_a_string_is_no_end() -> None:
    text = 'a = """\\\n   b = 1\n   """\nc = 2'
    assert dict(line_numbers(text)) == {("a",): 1, ("c",): 4}


def test_an_empty_document_has_no_places() -> None:
    assert dict(line_numbers(" \n# nothing\n")) == {}


def places(value: object, place: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place of a document, as tomllib sees it."""
    below: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        below = list(value.items())
    elif isinstance(value, list):
        below = list(enumerate(value))
    found = [] if not place else [place]
    for key, each in below:
        found += places(each, (*place, key))
    return found


@pytest.mark.parametrize("path", sorted(default_scenarios().glob("*.toml")), ids=lambda path: path.stem)
def test_every_place_of_a_shipped_scenario_is_found_where_its_key_stands(path: object) -> None:
    text = default_scenarios().joinpath(str(path)).read_text()
    lines, numbers = text.splitlines(), line_numbers(text)
    expected = places(tomllib.loads(text))
    assert set(numbers) == set(expected)
    for place in expected:
        if isinstance(place[-1], str):
            assert place[-1] in lines[numbers[place] - 1]


KEYS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=8)
SCALARS = st.one_of(st.booleans(), st.integers(-99, 99), st.text(st.sampled_from("ab \"'#=[]{},.\\")))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=8,
)


def quoted(text: str) -> str:
    return '"' + "".join(f"\\U{ord(char):08x}" for char in text) + '"'


def written(value: object, newlines: bool) -> str:
    """A value in TOML, arrays over several lines where `newlines`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return (
            "{ "
            + ", ".join(f"{quoted(key)} = {written(each, newlines)}" for key, each in value.items())
            + " }"
        )
    if isinstance(value, list):
        separator = ",\n# ]\n" if newlines else ", "
        return "[" + separator.join(written(each, newlines) for each in value) + "]"
    return quoted(value) if isinstance(value, str) else str(value)


@given(st.dictionaries(KEYS, VALUES, max_size=4), st.booleans())
def test_whatever_tomllib_finds_is_found(document: dict[str, object], newlines: bool) -> None:
    text = "".join(f"{quoted(key)} = {written(value, newlines)}\n" for key, value in document.items())
    assert tomllib.loads(text) == document
    assert set(line_numbers(text)) == set(places(document))
