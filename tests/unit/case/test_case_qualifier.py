from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.case.model import HostSpec
from parley.case.qualifier import ALL, select
from parley.errors import InputError

HOSTS = (HostSpec("west", "debian", "libreswan"), HostSpec("east", "openbsd", "openiked"))
TRUE = ("debian", "libreswan", "linux", "west=debian", "east=openbsd", "east=openiked")
FALSE = ("freebsd", "strongswan", "west=openiked", "east=debian")


def chosen(*names: str, stem: str = "west") -> str:
    path = select([Path(name) for name in names], stem, "console.txt", HOSTS)
    return path.name if path else ""


@pytest.mark.parametrize("word", TRUE)
def test_a_qualifier_that_holds_beats_none(word: str) -> None:
    qualified = f"west.{word}.console.txt"
    assert chosen("west.console.txt", qualified) == qualified


@pytest.mark.parametrize("word", FALSE)
def test_a_qualifier_that_does_not_hold_excludes(word: str) -> None:
    assert chosen("west.console.txt", f"west.debian.{word}.console.txt") == "west.console.txt"
    assert not chosen(f"west.{word}.console.txt")


def test_more_qualifiers_win() -> None:
    names = ("west.debian.console.txt", "west.debian.east=openbsd.console.txt", "west.console.txt")
    assert chosen(*names) == names[1]


def test_a_tie_names_both_files() -> None:
    with pytest.raises(InputError) as caught:
        chosen("west.debian.console.txt", "west.libreswan.console.txt")
    assert "west.debian.console.txt" in str(caught.value)
    assert "west.libreswan.console.txt" in str(caught.value)


def test_a_tie_among_losers_is_none() -> None:
    best = "west.debian.libreswan.console.txt"
    assert chosen("west.debian.console.txt", "west.libreswan.console.txt", best) == best


@pytest.mark.parametrize(
    "other", ["east.console.txt", "west.console.txt.orig", "xwest.console.txt", "console.txt"]
)
def test_other_files_are_not_looked_at(other: str) -> None:
    assert not chosen(other)


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("west.opnbsd.console.txt", "'opnbsd' is no platform", "openbsd"),
        ("west.east=iked.console.txt", "'iked' is no platform", "openiked"),
        ("west.easst=openbsd.console.txt", "'easst' is no host of this case", "east"),
        ("west.north=openbsd.console.txt", "'north' is no host of this case", "west, east"),
        ("west..console.txt", "'' is no platform", ""),
        # Behind one that does not hold, too.
        ("west.freebsd.opnbsd.console.txt", "'opnbsd' is no platform", "openbsd"),
    ],
)
def test_a_mistyped_qualifier_is_an_error(name: str, message: str, hint: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        chosen("west.console.txt", name)
    assert hint in caught.value.hint


def test_the_merged_transcript_needs_the_hosts_name() -> None:
    assert (
        chosen("all.console.txt", "all.east=openbsd.console.txt", stem=ALL) == "all.east=openbsd.console.txt"
    )
    with pytest.raises(InputError, match="of which host") as caught:
        chosen("all.openbsd.console.txt", stem=ALL)
    assert caught.value.hint == "west=openbsd"


@given(sets=st.lists(st.lists(st.sampled_from(TRUE + FALSE), unique=True, max_size=4), unique_by=tuple))
def test_the_most_specific_that_holds_is_meant_in_any_order(sets: list[list[str]]) -> None:
    names = {".".join(["west", *words, "console.txt"]): words for words in sets}
    holding = sorted((words for words in sets if not set(words) & set(FALSE)), key=len, reverse=True)
    if len(holding) > 1 and len(holding[0]) == len(holding[1]):
        with pytest.raises(InputError, match="exactly as well"):
            chosen(*names)
        return
    expected = ".".join(["west", *holding[0], "console.txt"]) if holding else ""
    assert chosen(*names) == chosen(*reversed(names)) == expected
