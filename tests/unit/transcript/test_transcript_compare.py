from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.transcript.compare import Kind, apply, compare

REFERENCE = """\
ipsec start
Redirecting to: [initsystem]
west #
 ip xfrm state
src 192.1.2.45 dst 192.1.2.23
\tproto esp spi SPI#1 reqid 1 mode tunnel
src 192.1.2.23 dst 192.1.2.45
\tproto esp spi SPI#2 reqid 1 mode tunnel
west #
 ipsec stop
west #
"""
MERGED = "# both\n\nwest# ip route\n\na\nb\n\neast# true\n\n"

TEXTS = st.lists(st.sampled_from(["a", "b", " c", "west #", " cmd", ""]), max_size=30).map(
    lambda lines: "".join(f"{line}\n" for line in lines)
)


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("x", "x", Kind.SAME),
        ("\tproto esp", "        proto  esp", Kind.WHITESPACE),
        ("west #\n ipsec stop", "\nwest #\n ipsec stop", Kind.WHITESPACE),
        ("reqid 1 mode", "reqid 1mode", Kind.DIFFERENT),
        ("SPI#1 reqid 1", "SPI#1 reqid 2", Kind.DIFFERENT),
        ("[initsystem]\n", "[initsystem]\nextra\n", Kind.DIFFERENT),
        (" ipsec stop", " ipsec restart", Kind.DIFFERENT),
    ],
)
def test_kinds_of_difference(old: str, new: str, kind: Kind) -> None:
    assert compare(REFERENCE.replace(old, new, 1), REFERENCE).kind is kind


def test_lines_in_another_order_within_one_output() -> None:
    lines = REFERENCE.splitlines(keepends=True)
    moved = "".join(lines[:4] + lines[6:8] + lines[4:6] + lines[8:])
    comparison = compare(moved, REFERENCE)
    assert comparison.kind is Kind.ORDER
    assert comparison.summary == "only order differs: 2 lines missing, 2 unexpected"


def test_lines_that_moved_to_another_command_are_a_difference() -> None:
    lines = REFERENCE.splitlines(keepends=True)
    assert compare("".join(lines[:1] + lines[2:4] + lines[1:2] + lines[4:]), REFERENCE).kind is Kind.DIFFERENT


def test_commands_in_another_order_are_a_difference() -> None:
    assert (
        compare("a\nwest #\n c\nwest #\n b\nwest #\n", "a\nwest #\n b\nwest #\n c\nwest #\n").kind
        is Kind.DIFFERENT
    )


def test_the_merged_form_is_told_apart_too() -> None:
    assert compare(MERGED.replace("a\nb", "b\na"), MERGED).kind is Kind.ORDER
    assert compare(MERGED.replace("west# ip", "east# ip"), MERGED).kind is Kind.DIFFERENT
    assert compare(MERGED.replace("\n\n", "\n"), MERGED).kind is Kind.WHITESPACE


def test_a_missing_reference_is_a_kind_of_its_own_and_all_of_it_new() -> None:
    comparison = compare("a\nwest #\n", None)
    assert comparison.kind is Kind.MISSING
    assert comparison.hunks[0].lines == (("+", "a"), ("+", "west #"))
    assert compare("a\n", "").kind is Kind.DIFFERENT


def test_distant_changes_come_in_hunks_of_their_own() -> None:
    old = [str(number) for number in range(40)]
    new = [*old]
    new[5], new[30] = "five", "thirty"
    comparison = compare("\n".join(new), "\n".join(old))
    assert [hunk.old_start for hunk in comparison.hunks] == [2, 27]
    assert comparison.hunks[0].lines == (
        *((" ", text) for text in "234"),
        ("-", "5"),
        ("+", "five"),
        *((" ", text) for text in "678"),
    )


def test_only_chosen_hunks_are_applied() -> None:
    old = "".join(f"{number}\n" for number in range(40))
    new = old.replace("\n5\n", "\nfive\n").replace("\n30\n", "\n").replace("\n20\n", "\n20\n20a\n")
    hunks = compare(new, old).hunks
    assert len(hunks) == 3
    assert apply(old, hunks) == new
    assert apply(old, [hunks[1]]) == old.replace("\n20\n", "\n20\n20a\n")
    assert apply(old, []) == old


@given(TEXTS, TEXTS, st.integers(0, 4))
def test_all_hunks_turn_the_reference_into_the_transcript(new: str, old: str, context: int) -> None:
    comparison = compare(new, old, context=context)
    assert apply(old, comparison.hunks) == new
    assert comparison.is_same == (new == old)
    assert all(any(mark != " " for mark, _ in hunk.lines) for hunk in comparison.hunks)


@given(st.data(), TEXTS, TEXTS)
def test_any_choice_of_hunks_leaves_the_other_places_alone(data: st.DataObject, new: str, old: str) -> None:
    hunks = compare(new, old, context=1).hunks
    chosen = [hunk for hunk in hunks if data.draw(st.booleans())]
    rest = compare(new, apply(old, chosen), context=1)
    changed = sum(mark != " " for hunk in rest.hunks for mark, _ in hunk.lines)
    assert changed <= sum(mark != " " for hunk in hunks if hunk not in chosen for mark, _ in hunk.lines)


def test_only_newlines_end_lines() -> None:
    hunk = compare("a\x0bb\u2028c\n", "x\n").hunks[0]
    assert hunk.new == ("a\x0bb\u2028c",)


def test_a_flood_of_equal_lines_is_one_change() -> None:
    comparison = compare("start\n" + "y\n" * 5000 + "b\nend\n", "start\n" + "z\ny\n" * 5000 + "a\nend\n")
    assert len(comparison.hunks) == 1
    assert apply("start\n" + "z\ny\n" * 5000 + "a\nend\n", comparison.hunks).endswith("y\nb\nend\n")


def test_summaries_count_lines() -> None:
    assert compare("a\nc\n", "a\nb\n").summary == "1 line missing, 1 unexpected"
    assert compare("a\n", "a\nb\nc\n").summary == "2 lines missing, 0 unexpected"
    assert compare("a  b\n", "a b\n").summary == "only whitespace differs: 1 line missing, 1 unexpected"
    assert compare("a\n", None).summary == "no reference to compare with"
