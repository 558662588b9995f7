"""The messages of a case on its page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.errors import InputError
from parley.report.ladder import Rung, rungs
from parley.wire.ladder import read_ladder

if TYPE_CHECKING:
    from parley.record.layout import CaseLayout

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


def view_ladder(layout: CaseLayout) -> LadderView | None:
    """The recorded ladder; None if there is none."""
    if not layout.ladder.is_file():
        return None
    try:
        ladder = read_ladder(layout.ladder)
    except InputError as error:
        return LadderView(damage=str(error.args[0]))
    return LadderView(rungs(ladder), ladder.notes)
