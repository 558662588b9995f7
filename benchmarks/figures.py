"""What was measured: figures with their goals, pairs side by side, and the table of both."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

Kind = TypeVar("Kind")


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing measured; `goal` is what its issue asks for, at most, or at least if `more` is better."""

    issue: int
    what: str
    unit: str
    values: tuple[float, ...]
    goal: float | None = None
    more: bool = False
    note: str = ""

    @property
    def median(self) -> float:
        """The middle value."""
        return statistics.median(self.values)

    @property
    def to_goal(self) -> float | None:
        """How far from the goal, as a ratio: 1 or less reaches it, whichever way is better."""
        if not self.goal:
            return None
        return self.goal / max(self.median, 1e-9) if self.more else self.median / self.goal


@dataclass(frozen=True, slots=True)
class Pair:
    """The same thing done by Parley and in another way, in seconds."""

    what: str
    ours: tuple[float, ...]
    other: str
    theirs: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """Parley's median to the other's."""
        return statistics.median(self.ours) / statistics.median(self.theirs)


@dataclass(frozen=True, slots=True)
class Skipped:
    """What was not measured, and why."""

    what: str
    reason: str


Row = Figure | Pair | Skipped


def shown(value: float) -> str:
    """A number with three digits that count."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"  # noqa: PLR2004 -- three digits


def spread(values: tuple[float, ...]) -> str:
    """From the least to the most."""
    return f"{shown(min(values))} to {shown(max(values))}" if len(values) > 1 else "once"


def table(rows: list[Row], machine: dict[str, str]) -> str:
    """All of it as Markdown."""
    return "\n".join(
        [
            "# Benchmarks\n",
            *_grid(("machine", ""), machine.items()),
            "\n## Figures that the issues name\n",
            *_grid(
                ("issue", "what", "median", "spread", "times", "goal", "of the goal", "reached", "note"),
                map(_figure, _of(rows, Figure)),
            ),
            "\n## Side by side\n",
            *_grid(
                ("what", "Parley, s", "the other way", "its s", "Parley to it"), map(_pair, _of(rows, Pair))
            ),
            "\n## Not measured\n",
            *_grid(("what", "why"), ((row.what, row.reason) for row in _of(rows, Skipped))),
            "",
        ]
    )


def as_json(rows: list[Row], machine: dict[str, str]) -> dict[str, Any]:
    """All of it for other programs."""
    return {
        "machine": machine,
        "figures": [
            {**asdict(row), "median": row.median, "to_goal": row.to_goal} for row in _of(rows, Figure)
        ],
        "pairs": [{**asdict(row), "ratio": row.ratio} for row in _of(rows, Pair)],
        "skipped": [asdict(row) for row in _of(rows, Skipped)],
    }


def _of(rows: list[Row], kind: type[Kind]) -> list[Kind]:
    return [row for row in rows if isinstance(row, kind)]


def _figure(row: Figure) -> tuple[str, ...]:
    goal = "" if row.goal is None else f"{'at least' if row.more else 'at most'} {shown(row.goal)}"
    ratio = row.to_goal
    reached = "" if row.goal is None else ("yes" if _reached(row) else "**no**")
    return (
        str(row.issue),
        row.what,
        f"{shown(row.median)} {row.unit}",
        spread(row.values),
        str(len(row.values)),
        goal,
        "" if ratio is None else shown(ratio),
        reached,
        row.note,
    )


def _reached(row: Figure) -> bool:
    goal = row.goal or 0.0
    return row.median >= goal if row.more else row.median <= goal


def _pair(row: Pair) -> tuple[str, ...]:
    ours, theirs = statistics.median(row.ours), statistics.median(row.theirs)
    return row.what, shown(ours), row.other, shown(theirs), shown(row.ratio)


def _grid(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    # A bar would end a cell.
    return lines + [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows]
