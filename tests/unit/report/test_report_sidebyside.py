from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from parley.report.html.sanitized import Span, flow, mark_sanitized, plain
from parley.report.html.sidebyside import side_by_side

LINES = st.lists(st.sampled_from(["west #", " ping", "4 received", "spi 0x1", "", "x"]), max_size=30)


def _text(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def test_a_replaced_line_stands_beside_what_was_expected() -> None:
    compared = side_by_side("a\nb\nc\n", "a\nB\nc\n", plain("a\nB\nc\n"))
    [block] = compared.blocks
    assert [(pair.same, pair.left) for pair in block.pairs] == [(True, "a"), (False, "b"), (True, "c")]
    assert block.pairs[1].right == (Span("B"),)
    assert (block.pairs[2].left_number, block.pairs[2].right_number) == (3, 3)
    assert compared.differing == 1


def test_an_extra_line_has_nothing_beside_it_and_shifts_numbers() -> None:
    compared = side_by_side("a\nc\n", "a\nb\nc\n", plain("a\nb\nc\n"))
    [block] = compared.blocks
    extra, last = block.pairs[1:]
    assert (extra.left, extra.left_number, extra.right_number) == (None, None, 2)
    assert (last.left_number, last.right_number) == (2, 3)


def test_long_equal_stretches_are_folded_with_context_kept() -> None:
    same = [str(number) for number in range(40)]
    reference, transcript = _text([*same, "x", *same]), _text([*same, "y", *same])
    compared = side_by_side(reference, transcript, plain(transcript))
    assert [(block.folded, len(block.pairs)) for block in compared.blocks] == [
        (True, 37),
        (False, 7),
        (True, 37),
    ]


def test_equal_texts_need_no_blocks() -> None:
    assert side_by_side("a\n", "a\n", plain("a\n")).blocks == ()


@given(LINES, LINES)
def test_both_texts_can_be_read_back(left: list[str], right: list[str]) -> None:
    compared = side_by_side(_text(left), _text(right), plain(_text(right)))
    pairs = [pair for block in compared.blocks for pair in block.pairs]
    if left != right:
        assert [pair.left for pair in pairs if pair.left is not None] == left
        assert [
            "".join(span.text for span in pair.right) for pair in pairs if pair.right is not None
        ] == right
        assert [pair.left_number for pair in pairs if pair.left_number] == list(range(1, len(left) + 1))
        assert [pair.right_number for pair in pairs if pair.right_number] == list(range(1, len(right) + 1))
    assert (compared.differing > 0) == (left != right)
    assert all(pair.same for block in compared.blocks if block.folded for pair in block.pairs)


def test_only_what_a_sanitizer_wrote_is_marked() -> None:
    marked = mark_sanitized("src a spi 0x9f2c11ab mode tunnel\n", "src a spi 0xSPI mode tunnel\n")
    assert marked.lines == ((Span("src a spi "), Span("0xSPI", "0x9f2c11ab"), Span(" mode tunnel")),)
    assert (marked.changed, marked.removed) == (1, 0)


def test_words_that_vanished_are_remembered_too() -> None:
    marked = mark_sanitized("retransmit after 0.5 seconds\n", "retransmit after T seconds\n")
    assert marked.lines == ((Span("retransmit after "), Span("T", "0.5"), Span(" seconds")),)


def test_a_symbol_counts_as_one_word_even_if_its_line_grows() -> None:
    marked = mark_sanitized(
        "auth-trunc hmac(sha256) 0xb35a 128\n", "auth-trunc hmac(sha256) KEY#3(512 bits) 128\n"
    )
    start = Span("auth-trunc hmac(sha256) ")
    assert marked.lines == ((start, Span("KEY#3(512 bits)", "0xb35a"), Span(" 128")),)


def test_an_endless_line_is_marked_whole() -> None:
    marked = mark_sanitized("a b " * 50_000 + "\n", "a c " * 50_000 + "\n")
    assert marked.lines == ((Span("a c " * 50_000, ""),),)


def test_removed_lines_are_counted_and_new_ones_marked_whole() -> None:
    marked = mark_sanitized("keep\nnoise 1\nnoise 2\nkeep too\n", "keep\nkeep too\n")
    assert (marked.changed, marked.removed) == (0, 2)
    invented = mark_sanitized("a\n", "a\nentirely new words\n")
    assert invented.lines[1] == (Span("entirely new words", ""),)


@given(LINES, LINES)
def test_marking_never_changes_the_text(raw: list[str], clean: list[str]) -> None:
    marked = mark_sanitized(_text(raw), _text(clean))
    assert ["".join(span.text for span in spans) for spans in marked.lines] == clean
    assert "".join(span.text for span in flow(marked.lines)) == _text(clean)


def test_running_text_joins_plain_stretches() -> None:
    assert flow([(Span("a"),), (Span("b", "B"), Span("c"))]) == (Span("a\n"), Span("b", "B"), Span("c\n"))
