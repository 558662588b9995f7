"""The messages of a case on its page."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from markupsafe import Markup

from parley.errors import InputError
from parley.report.html.markup import ARROWS, shown
from parley.report.ladder import Rung, rungs
from parley.wire.ladder import read_ladder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from parley.record.layout import CaseLayout
    from parley.report.ladder import Word

# More rungs than this are shown on demand only.
_MANY = 60


@dataclass(frozen=True, slots=True)
class LadderView:
    """What the template shows; `damage` says why there is nothing to show."""

    rungs: tuple[Rung, ...] = ()
    notes: tuple[str, ...] = ()
    damage: str = ""

    @property
    def is_long(self) -> bool:
        """Whether the messages are shown on demand only."""
        return len(self.rungs) > _MANY


_SAID = {"there": "to", "back": "from", "both": "to and from"}


def rung_rows(listed: Iterable[Rung]) -> Markup:
    """The rows of a ladder's table. Not a template: a report has thousands of cases."""
    return Markup("\n".join(map(_row, listed)))  # noqa: S704 -- every part is escaped below


def _row(rung: Rung) -> str:
    head = (
        f'<tr><td class="number" title="frame {rung.frame}">'
        if rung.frame
        else '<tr class="packets"><td class="number">'
    )
    marks = "".join(f'<span class="badge">{shown(mark)}</span> ' for mark in rung.marks)
    arrow = f'<span role="img" aria-label="{_SAID[rung.way]}">{ARROWS[rung.way]}</span>'
    return (
        f"{head}{rung.seconds:.3f}</td><td>{shown(rung.left)} {arrow} {shown(rung.right)}</td>"
        f'<td>{shown(rung.title)}</td><td class="number">{rung.size or ""}</td>'
        f"<td>{_words(rung.words)}{marks}</td></tr>"
    )


@lru_cache(1024)
def _words(words: tuple[Word, ...]) -> str:
    """The payloads of a message; messages of one kind have the same."""
    return "".join(
        f'<b class="error">{shown(word.text)}</b> ' if word.is_error else f"{shown(word.text)} "
        for word in words
    )


def view_ladder(layout: CaseLayout) -> LadderView | None:
    """The recorded ladder; None if there is none."""
    if not layout.ladder.is_file():
        return None
    try:
        ladder = read_ladder(layout.ladder)
    except InputError as error:
        return LadderView(damage=str(error.args[0]))
    return LadderView(rungs(ladder), ladder.notes)
