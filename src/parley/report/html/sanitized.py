"""Which parts of a transcript sanitizers wrote: nobody should have to guess what a reference hides."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import groupby, takewhile
from operator import eq
from typing import TYPE_CHECKING, Final

from parley.report.html.align import aligned
from parley.transcript.compare import split_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_WORDS: Final = re.compile(r"\w+|\s+|[^\w\s]")
_ALIKE: Final = 0.5
_LONG_BLOCK: Final = 100


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

    @property
    def text(self) -> Spans:
        """The lines as running text."""
        return flow(self.lines)


def plain(text: str) -> Marked:
    """A transcript that no sanitizer is known to have touched."""
    return Marked(tuple((Span(line),) for line in split_lines(text)))


def mark_sanitized(raw: str, clean: str) -> Marked:
    """Mark in `clean` what is not as in `raw`, the same transcript before sanitizing."""
    if raw == clean:
        return plain(clean)
    lines: list[Spans] = []
    removed = 0
    for same, run in groupby(aligned(raw, clean), key=lambda line: line[0] == " "):
        if same:
            lines += [(Span(text),) for _, text in run]
            continue
        block = list(run)
        before = [text for mark, text in block if mark == "-"]
        after = [text for mark, text in block if mark == "+"]
        lines += _match(before, after)
        removed += max(0, len(before) - len(after))
    changed = sum(any(span.was is not None for span in spans) for spans in lines)
    return Marked(tuple(lines), changed, removed)


def flow(lines: Iterable[Spans]) -> Spans:
    """Lines as one running text, each with its newline; neighbouring plain stretches become one."""
    spans: list[Span] = []
    loose: list[str] = []
    for line in lines:
        for span in line:
            if span.was is None:
                loose.append(span.text)
            else:
                spans += (Span("".join(loose)), span)
                loose = []
        loose.append("\n")
    return (*spans, Span("".join(loose)))


def _match(raw: Sequence[str], clean: Sequence[str]) -> list[Spans]:
    """Pair each clean line with the first unused raw line that resembles it."""
    if len(raw) > _LONG_BLOCK or len(clean) > _LONG_BLOCK:
        return [(Span(line, ""),) for line in clean]
    before = [_WORDS.findall(line) for line in raw]
    found: list[Spans] = []
    start = 0
    for line in clean:
        words = _WORDS.findall(line)
        at = next((at for at in range(start, len(before)) if _resembles(before[at], words)), None)
        if at is None:
            found.append((Span(line, ""),))
        else:
            found.append(_within(before[at], words))
            start = at + 1
    return found


def _resembles(before: Sequence[str], after: Sequence[str]) -> bool:
    same = sum(map(eq, before, after)) if len(before) == len(after) else sum(_ends(before, after))
    return bool(same >= _ALIKE * max(len(before), len(after)))


def _within(before: Sequence[str], after: Sequence[str]) -> Spans:
    """Word by word where both lines have as many; else all between what they begin and end with alike."""
    if len(before) != len(after):
        head, tail = _ends(before, after)
        parts = (
            Span("".join(after[:head])),
            Span("".join(after[head : len(after) - tail]), "".join(before[head : len(before) - tail])),
            Span("".join(after[len(after) - tail :])),
        )
        return tuple(part for part in parts if part.text)
    spans: list[Span] = []
    for same, pairs in groupby(zip(before, after, strict=True), key=lambda pair: pair[0] == pair[1]):
        was, text = map("".join, zip(*pairs, strict=True))
        spans.append(Span(text) if same else Span(text, was))
    return tuple(spans)


def _ends(before: Sequence[str], after: Sequence[str]) -> tuple[int, int]:
    head = _common(before, after)
    return head, _common(before[head:][::-1], after[head:][::-1])


def _common(before: Sequence[str], after: Sequence[str]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False)))
