"""Which parts of a transcript sanitizers wrote: nobody should have to guess what a reference hides."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_WORDS: Final = re.compile(r"\w+|\s+|[^\w\s]")
_ALIKE: Final = 0.5
_LONG_BLOCK: Final = 100
_LONG_LINE: Final = 1000


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a line; `was` is None, or what stood there before a sanitizer wrote `text`."""

    text: str
    was: str | None = None


Spans = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Marked:
    """A sanitized transcript's lines, with how many of them were changed and how many are gone."""

    lines: tuple[Spans, ...]
    changed: int = 0
    removed: int = 0


def plain(lines: Sequence[str]) -> Marked:
    """Lines that no sanitizer is known to have touched."""
    return Marked(tuple((Span(line),) for line in lines))


def mark_sanitized(raw: Sequence[str], clean: Sequence[str]) -> Marked:
    """Mark in `clean` what is not as in `raw`, the same transcript before sanitizing."""
    if raw == clean:
        return plain(clean)
    lines: list[Spans] = []
    removed = 0
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, raw, clean).get_opcodes():
        if tag == "equal":
            lines += [(Span(line),) for line in clean[j1:j2]]
        else:
            block = _match(raw[i1:i2], clean[j1:j2])
            lines += block
            removed += max(0, (i2 - i1) - (j2 - j1))
    changed = sum(any(span.was is not None for span in spans) for spans in lines)
    return Marked(tuple(lines), changed, removed)


def _match(raw: Sequence[str], clean: Sequence[str]) -> list[Spans]:
    """Pair each clean line with the first unused raw line that resembles it."""
    if len(raw) > _LONG_BLOCK or len(clean) > _LONG_BLOCK:
        return [(Span(line, ""),) for line in clean]
    spans: list[Spans] = []
    start = 0
    for line in clean:
        at = next((at for at in range(start, len(raw)) if _resembles(raw[at], line)), None)
        if at is None:
            spans.append((Span(line, ""),))
        else:
            spans.append(_within(raw[at], line))
            start = at + 1
    return spans


def _resembles(raw: str, clean: str) -> bool:
    if len(raw) > _LONG_LINE or len(clean) > _LONG_LINE:
        return False
    return SequenceMatcher(None, _WORDS.findall(raw), _WORDS.findall(clean), autojunk=False).ratio() >= _ALIKE


def _within(raw: str, clean: str) -> Spans:
    before, after = _WORDS.findall(raw), _WORDS.findall(clean)
    spans: list[Span] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        text = "".join(after[j1:j2])
        spans.append(Span(text) if tag == "equal" else Span(text, "".join(before[i1:i2])))
    return tuple(spans)
