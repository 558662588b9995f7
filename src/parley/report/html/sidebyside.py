"""A transcript beside its reference: differing lines in two columns, long equal stretches folded."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from parley.report.html.sanitized import Marked, Spans

_CONTEXT: Final = 3
_FOLD: Final = 2 * _CONTEXT + 3
# Beyond this, the exact alignment costs more than it shows; the heuristic of difflib takes over.
_EXACT: Final = 2000

Opcode = tuple[str, int, int, int, int]


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


@dataclass(frozen=True, slots=True)
class SideBySide:
    """A comparison; `differing` counts lines that are not on both sides."""

    blocks: tuple[Block, ...]
    differing: int


def side_by_side(reference: Sequence[str], transcript: Sequence[str], marked: Marked) -> SideBySide:
    """Align `reference` and `transcript`; `marked` is the transcript, sanitized parts marked."""
    opcodes = _align(reference, transcript)
    blocks: list[Block] = []
    loose: list[Pair] = []
    for number, (tag, i1, i2, j1, j2) in enumerate(opcodes):
        pairs = list(_pairs(reference, marked, (tag, i1, i2, j1, j2)))
        head = _CONTEXT if number else 0
        tail = _CONTEXT if number < len(opcodes) - 1 else 0
        if tag != "equal" or len(pairs) < _FOLD:
            loose += pairs
            continue
        loose += pairs[:head]
        if loose:
            blocks.append(Block(tuple(loose)))
        blocks.append(Block(tuple(pairs[head : len(pairs) - tail]), folded=True))
        loose = pairs[len(pairs) - tail :] if tail else []
    if loose:
        blocks.append(Block(tuple(loose)))
    differing = sum(max(i2 - i1, j2 - j1) for tag, i1, i2, j1, j2 in opcodes if tag != "equal")
    return SideBySide(tuple(blocks), differing)


def _align(reference: Sequence[str], transcript: Sequence[str]) -> list[Opcode]:
    if reference == transcript:
        return [("equal", 0, len(reference), 0, len(transcript))] if reference else []
    autojunk = max(len(reference), len(transcript)) > _EXACT
    return list(SequenceMatcher(None, reference, transcript, autojunk=autojunk).get_opcodes())


def _pairs(reference: Sequence[str], marked: Marked, opcode: Opcode) -> Iterator[Pair]:
    tag, i1, i2, j1, j2 = opcode
    for offset in range(max(i2 - i1, j2 - j1)):
        i, j = i1 + offset, j1 + offset
        on_left, on_right = i < i2, j < j2
        yield Pair(
            same=tag == "equal",
            left_number=i + 1 if on_left else None,
            left=reference[i] if on_left else None,
            right_number=j + 1 if on_right else None,
            right=marked.lines[j] if on_right else None,
        )
