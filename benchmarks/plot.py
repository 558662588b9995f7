"""A picture of the figures that have a goal: bars from the goal outwards, on a logarithmic scale."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from figures import Figure

ROW, LABEL, WIDTH, EDGE = 26, 430, 460, 60
# The scale reaches from an eighth of a goal to eight times as much.
REACH = 8.0
GOOD, BAD, INK, PAPER = "#1a7f4b", "#b3402a", "#222222", "#ffffff"


def plot(figures: Sequence[Figure]) -> str:
    """An SVG image: left of the line the goal is reached, right of it not."""
    bars = [(figure.what, figure.to_goal) for figure in figures if figure.to_goal is not None]
    height = EDGE + ROW * len(bars) + 10
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{LABEL + WIDTH + EDGE}" height="{height}">',
            "<style>text { font: 13px sans-serif; }</style>",
            "<title>Measured to goal, as ratios</title>",
            f'<rect width="100%" height="100%" fill="{PAPER}"/>',
            *_scale(height),
            *(line for at, (what, ratio) in enumerate(bars) for line in _bar(at, what, ratio)),
            "</svg>",
            "",
        ]
    )


def _place(ratio: float) -> float:
    """Where on the scale a ratio lies; beyond its ends, at the end."""
    share = (math.log(min(max(ratio, 1 / REACH), REACH), REACH) + 1) / 2
    return LABEL + share * WIDTH


def _scale(height: int) -> list[str]:
    lines = []
    for power in range(-3, 4):
        ratio = 2.0**power
        x = _place(ratio)
        stroke = 'stroke-width="2"' if power == 0 else 'stroke-width="1" stroke-opacity="0.2"'
        name = "goal" if power == 0 else f"{ratio:g}"
        lines += [
            f'<line x1="{x:.0f}" x2="{x:.0f}" y1="{EDGE - 14}" y2="{height}" stroke="{INK}" {stroke}/>',
            f'<text x="{x:.0f}" y="{EDGE - 22}" text-anchor="middle" fill="{INK}">{name}</text>',
        ]
    return lines


def _bar(at: int, what: str, ratio: float) -> list[str]:
    y = EDGE + at * ROW
    left, right = sorted((_place(1), _place(ratio)))
    colour = GOOD if ratio <= 1 else BAD
    box = f'x="{left:.0f}" y="{y + 2}" width="{max(right - left, 2):.0f}" height="{ROW - 9}"'
    title = f"<title>{escape(what)}: {ratio:.2f} of the goal</title>"
    return [
        f'<text x="{LABEL - 12}" y="{y + 14}" text-anchor="end" fill="{INK}">{escape(what)}</text>',
        f'<rect {box} fill="{colour}">{title}</rect>',
    ]
