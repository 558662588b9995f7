"""A transcript beside its reference: differing lines in two columns, long equal stretches folded."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby, zip_longest
from typing import TYPE_CHECKING, Final

from parley.report.html.align import aligned
from parley.report.html.sanitized import flow

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from parley.report.html.sanitized import Marked, Spans

_CONTEXT: Final = 3
_FOLD: Final = 2 * _CONTEXT + 3


@dataclass(frozen=True, slots=True)
class Pair:
    """One row: the reference's line and the transcript's; None where a side has none. Lines count from 1."""

    same: bool
    left_number: int | None
    left: str | None
    right_number: int | None
    right: Spans | None


@dataclass(frozen=True, slots=True)
class Block:
    """Rows in sequence; `folded` ones are all the same on both sides."""

    pairs: tuple[Pair, ...]
    folded: bool = False

    @property
    def text(self) -> Spans:
        """The transcript's side as running text."""
        return flow(pair.right for pair in self.pairs if pair.right is not None)


@dataclass(frozen=True, slots=True)
class SideBySide:
    """A comparison; `differing` counts rows that are not the same on both sides.

    There are no blocks if nothing differs: the transcript alone says it all.
    """

    blocks: tuple[Block, ...]
    differing: int


def side_by_side(reference: str, transcript: str, marked: Marked) -> SideBySide:
    """Align `reference` and `transcript`; `marked` is the transcript, sanitized parts marked."""
    if reference == transcript:
        return SideBySide((), 0)
    runs = [
        (same, tuple(pairs))
        for same, pairs in groupby(_pairs(aligned(reference, transcript), marked), key=lambda pair: pair.same)
    ]
    blocks: list[Block] = []
    loose: tuple[Pair, ...] = ()
    for number, (same, pairs) in enumerate(runs):
        if not same or len(pairs) < _FOLD:
            loose += pairs
            continue
        head = _CONTEXT if number else 0
        tail = len(pairs) - (_CONTEXT if number < len(runs) - 1 else 0)
        if loose or head:
            blocks.append(Block(loose + pairs[:head]))
        blocks.append(Block(pairs[head:tail], folded=True))
        loose = pairs[tail:]
    if loose:
        blocks.append(Block(loose))
    return SideBySide(tuple(blocks), sum(len(pairs) for same, pairs in runs if not same))


def _pairs(lines: Sequence[tuple[str, str]], marked: Marked) -> Iterator[Pair]:
    """Rows: what is in both texts, and between them what was expected beside what came instead."""
    left = right = 0
    for same, run in groupby(lines, key=lambda line: line[0] == " "):
        texts = list(run)
        gone = [text for mark, text in texts if mark in " -"]
        come = sum(mark in " +" for mark, _ in texts)
        for expected, offset in zip_longest(gone, range(come)):
            left += expected is not None
            right += offset is not None
            yield Pair(
                same,
                left if expected is not None else None,
                expected,
                right if offset is not None else None,
                marked.lines[right - 1] if offset is not None else None,
            )
