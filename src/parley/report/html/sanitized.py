"""Which parts of a transcript sanitizers wrote: nobody should have to guess what a reference hides."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Final

from parley.report.html.align import aligned
from parley.transcript.compare import split_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# A symbol such as SPI#1 is one word, as the number was that it stands for.
_WORDS: Final = re.compile(r"\w+#\d+|\w+|\s+|[^\w\s]")
_ALIKE: Final = 0.5
# Beyond these, in lines and words, a guest could make the comparison take minutes.
_LONG_BLOCK: Final = 100
_LONG_LINE: Final = 400


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
    """Whether at least half of a clean line's words stood in the raw one; endless lines resemble nothing."""
    if len(before) > _LONG_LINE or len(after) > _LONG_LINE:
        return False
    common = Counter(before) & Counter(after)
    return common.total() >= _ALIKE * len(after)


def _within(before: Sequence[str], after: Sequence[str]) -> Spans:
    """A clean line in stretches of words: those that were there before, and those that replaced others."""
    spans: list[Span] = []
    for tag, i1, i2, j1, j2 in _changes(before, after):
        text = "".join(after[j1:j2])
        if text:
            spans.append(Span(text, None if tag == "equal" else "".join(before[i1:i2])))
    return tuple(spans)


def _changes(before: Sequence[str], after: Sequence[str]) -> Iterable[tuple[str, int, int, int, int]]:
    if len(before) != len(after):
        return SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    # A sanitizer mostly writes one word for one word; then place tells more than likeness.
    same = [ours == theirs for ours, theirs in zip(before, after, strict=True)]
    cuts = [0, *(at for at in range(1, len(same)) if same[at] != same[at - 1]), len(same)]
    return [("equal" if same[i] else "replace", i, j, i, j) for i, j in pairwise(cuts) if i < j]
