"""Compares a sanitized transcript with its reference, and says in what way they differ."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

CONTEXT = 3

# SequenceMatcher looks at pairs of equal lines again and again; a guest may print one line a million times.
_PAIRS_LIMIT = 500_000

_PROMPT = re.compile(r"^[a-z][\w-]* #$|^[a-z][\w-]*# ")


class Kind(StrEnum):
    """How a transcript relates to its reference; the first that fits."""

    SAME = "same"
    MISSING = "missing"
    WHITESPACE = "whitespace"
    ORDER = "order"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Hunk:
    """Neighbouring changes with context. `lines` are (mark, text), mark one of ` `, `-`, `+`.

    `old_start` and `new_start` count lines from 0 in the reference and in the transcript.
    """

    old_start: int
    new_start: int
    lines: tuple[tuple[str, str], ...]

    @property
    def old(self) -> tuple[str, ...]:
        """The lines of the reference that this hunk covers, context included."""
        return tuple(text for mark, text in self.lines if mark != "+")

    @property
    def new(self) -> tuple[str, ...]:
        """What stands in their place in the transcript."""
        return tuple(text for mark, text in self.lines if mark != "-")


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of a comparison; `hunks` turn the reference into the transcript."""

    kind: Kind
    hunks: tuple[Hunk, ...] = ()

    @property
    def is_same(self) -> bool:
        """Whether the transcript is its reference."""
        return self.kind is Kind.SAME

    @property
    def summary(self) -> str:
        """One line for a verdict's reason."""
        if self.kind is Kind.SAME:
            return "as the reference"
        if self.kind is Kind.MISSING:
            return "no reference to compare with"
        marks = Counter(mark for hunk in self.hunks for mark, _ in hunk.lines)
        only = "" if self.kind is Kind.DIFFERENT else f"only {self.kind.value} differs: "
        lines = "line" if marks["-"] == 1 else "lines"
        return f"{only}{marks['-']} {lines} missing, {marks['+']} unexpected"


def compare(transcript: str, reference: str | None, *, context: int = CONTEXT) -> Comparison:
    """Compare a sanitized transcript with the text of its reference (None: there is none)."""
    new = split_lines(transcript)
    if reference is None:
        return Comparison(Kind.MISSING, tuple(_hunks([], new, context)))
    old = split_lines(reference)
    if old == new:
        return Comparison(Kind.SAME)
    return Comparison(_kind(old, new), tuple(_hunks(old, new, context)))


def split_lines(text: str) -> list[str]:
    r"""Lines without their ends. Only `\n` ends a line; the text's last one may lack it."""
    lines = text.split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def apply(reference: str, hunks: Iterable[Hunk]) -> str:
    """The reference with some of the hunks of a comparison with it applied."""
    old = split_lines(reference)
    new: list[str] = []
    at = 0
    for hunk in sorted(hunks, key=lambda hunk: hunk.old_start):
        new += old[at : hunk.old_start]
        new += hunk.new
        at = hunk.old_start + len(hunk.old)
    new += old[at:]
    return "".join(f"{line}\n" for line in new)


def _kind(old: Sequence[str], new: Sequence[str]) -> Kind:
    old_words, new_words = _squeezed(old), _squeezed(new)
    if old_words == new_words:
        return Kind.WHITESPACE
    if _sections(old_words) == _sections(new_words):
        return Kind.ORDER
    return Kind.DIFFERENT


def _squeezed(lines: Iterable[str]) -> list[str]:
    squeezed = (" ".join(line.split()) for line in lines)
    return [line for line in squeezed if line]


def _sections(lines: Sequence[str]) -> list[tuple[tuple[str, ...], Counter[str]]]:
    """Each command with its prompt, and the lines of its output regardless of their order."""
    starts = [at for at, line in enumerate(lines) if at == 0 or _PROMPT.match(line)]
    sections = []
    for start, end in pairwise([*starts, len(lines)]):
        # The first command, and all of the merged form, stand on the prompt's own line.
        body = start + (2 if lines[start].endswith(" #") else 1)
        sections.append((tuple(lines[start:body]), Counter(lines[body:end])))
    return sections


def _hunks(old: Sequence[str], new: Sequence[str], context: int) -> Iterator[Hunk]:
    for group in _groups(_changes(old, new), context):
        lines: list[tuple[str, str]] = []
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                lines += [(" ", line) for line in old[i1:i2]]
            else:
                lines += [("-", line) for line in old[i1:i2]]
                lines += [("+", line) for line in new[j1:j2]]
        yield Hunk(old_start=group[0][1], new_start=group[0][3], lines=tuple(lines))


_Change = tuple[str, int, int, int, int]


def _changes(old: Sequence[str], new: Sequence[str]) -> list[_Change]:
    """What turns old into new; the common head and tail are set aside first."""
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    old_middle, new_middle = old[head : len(old) - tail], new[head : len(new) - tail]
    changes: list[_Change] = [("equal", 0, head, 0, head)] if head else []
    for tag, i1, i2, j1, j2 in _match(old_middle, new_middle):
        changes.append((tag, i1 + head, i2 + head, j1 + head, j2 + head))
    if tail:
        changes.append(("equal", len(old) - tail, len(old), len(new) - tail, len(new)))
    return changes


def _match(old: Sequence[str], new: Sequence[str]) -> list[_Change]:
    """The difference, or one great change where finding it would take minutes."""
    if not old and not new:
        return []
    counts = Counter(new)
    if sum(counts[line] for line in old) > _PAIRS_LIMIT:
        return [("replace", 0, len(old), 0, len(new))]
    return list(SequenceMatcher(None, old, new, autojunk=False).get_opcodes())


def _common(old: Sequence[str], new: Sequence[str]) -> int:
    return next(
        (at for at, (ours, theirs) in enumerate(zip(old, new, strict=False)) if ours != theirs),
        min(len(old), len(new)),
    )


def _groups(changes: Sequence[_Change], context: int) -> Iterator[list[_Change]]:
    """Changes with up to `context` equal lines around them; distant ones in groups of their own."""
    group: list[_Change] = []
    for at, change in enumerate(changes):
        tag, i1, i2, j1, j2 = change
        length = i2 - i1
        before = 0 if at == 0 else min(context, length)
        after = 0 if at == len(changes) - 1 else min(context, length)
        if tag != "equal" or before + after >= length:
            group.append(change)
            continue
        if before:
            group.append((tag, i1, i1 + before, j1, j1 + before))
        if group:
            yield group
        group = [(tag, i2 - after, i2, j2 - after, j2)] if after else []
    if group:
        yield group
