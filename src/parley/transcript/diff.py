"""Shows a comparison to a person: hunks, coloured if asked for, with nothing a terminal would obey."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

import click

from parley.escape import visible
from parley.transcript.compare import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from parley.transcript.compare import Comparison, Hunk

# Marks inside a line help only where lines have much in common and can be taken in at a glance.
_SIMILAR = 0.5
_LONGEST_LINE = 300
_MOST_LINES = 200

_WORDS = re.compile(r"\w+|\s+|[^\w\s]")

_COLOURS = {"-": "red", "+": "green"}


def render_diff(
    comparison: Comparison, *, colour: bool, old: str = "reference", new: str = "transcript"
) -> str:
    """The comparison as a unified diff between files called `old` and `new`; empty if they are the same."""
    if comparison.kind is Kind.SAME:
        return ""
    names = (f"--- {visible(old)}", f"+++ {visible(new)}")
    parts = [_paint(name, colour, bold=True) for name in names]
    parts += [render_hunk(hunk, colour=colour) for hunk in comparison.hunks]
    return "\n".join(parts) + "\n"


def render_hunk(hunk: Hunk, *, colour: bool) -> str:
    """One hunk, its `@@` line first, without a newline at the end."""
    place = f"@@ -{_span(hunk.old_start, len(hunk.old))} +{_span(hunk.new_start, len(hunk.new))} @@"
    lines = [_paint(place, colour, fg="cyan")]
    for removed, added, equal in _runs(hunk):
        lines += _change(removed, added, colour=colour)
        lines += [" " + visible(line, keep="\t") for line in equal]
    return "\n".join(lines)


def _span(start: int, length: int) -> str:
    # An empty span is named by the line before it, as diff(1) does.
    first = start + 1 if length else start
    return f"{first}" if length == 1 else f"{first},{length}"


def _runs(hunk: Hunk) -> Iterator[tuple[list[str], list[str], list[str]]]:
    """Each run of removed, then added, then equal lines."""
    removed: list[str] = []
    added: list[str] = []
    equal: list[str] = []
    for mark, text in hunk.lines:
        if mark != " " and (equal or (mark == "-" and added)):
            yield removed, added, equal
            removed, added, equal = [], [], []
        {"-": removed, "+": added, " ": equal}[mark].append(text)
    yield removed, added, equal


def _change(removed: Sequence[str], added: Sequence[str], *, colour: bool) -> list[str]:
    old = [visible(line, keep="\t") for line in removed]
    new = [visible(line, keep="\t") for line in added]
    if not colour or len(old) != len(new) or len(old) > _MOST_LINES:
        return [_line("-", line, colour) for line in old] + [_line("+", line, colour) for line in new]
    pairs = [_marked(before, after) for before, after in zip(old, new, strict=True)]
    return [before for before, _ in pairs] + [after for _, after in pairs]


def _marked(old: str, new: str) -> tuple[str, str]:
    """A changed line, before and after, with the changed parts in reverse."""
    plain = _line("-", old, True), _line("+", new, True)
    if max(len(old), len(new)) > _LONGEST_LINE:
        return plain
    old_words, new_words = _WORDS.findall(old), _WORDS.findall(new)
    matcher = SequenceMatcher(None, old_words, new_words, autojunk=False)
    if matcher.ratio() < _SIMILAR:
        return plain
    before, after = _paint("-", True, fg="red"), _paint("+", True, fg="green")
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        before += _paint("".join(old_words[i1:i2]), True, fg="red", reverse=tag != "equal")
        after += _paint("".join(new_words[j1:j2]), True, fg="green", reverse=tag != "equal")
    return before, after


def _line(mark: str, text: str, colour: bool) -> str:
    return _paint(f"{mark}{text}", colour, fg=_COLOURS[mark])


def _paint(
    text: str, colour: bool, *, fg: str | None = None, bold: bool = False, reverse: bool = False
) -> str:
    if not colour or not text:
        return text
    return click.style(text, fg=fg, bold=bold or None, reverse=reverse or None)
