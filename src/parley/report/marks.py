"""How verdicts and checks look: a shape, a letter and a colour, so that none of the three has to be seen.

Every report draws from this one table; the legend of the HTML pages and docs/reference/verdicts.md show it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from parley.verdict import CheckState, Verdict


@dataclass(frozen=True, slots=True)
class Mark:
    """One look.

    `shape` is the shape where Unicode can be printed, `plain` where only ASCII can; `style` colours it on
    a terminal; `css` is the class that draws it in HTML.
    """

    word: str
    letter: str
    shape: str
    plain: str
    style: str
    css: str
    meaning: str


VERDICTS: Final[dict[Verdict, Mark]] = {
    Verdict.PASSED: Mark("passed", "P", "●", "+", "green", "passed", "every check holds"),
    Verdict.DIFFERS: Mark(
        "differs",
        "D",
        "◆",
        "~",
        "yellow",
        "differs",
        "the tunnel works and is safe, but a transcript is not the reference",
    ),
    Verdict.FAILED: Mark("failed", "F", "■", "#", "bold red", "failed", "a check does not hold"),
    Verdict.UNSUPPORTED: Mark(
        "unsupported", "U", "○", "o", "blue", "unsupported", "a declared lack, with its reason"
    ),
    Verdict.KNOWN: Mark("known", "K", "□", "=", "magenta", "known", "failed as an open, linked defect says"),
    Verdict.FIXED: Mark(
        "fixed?", "X", "◇", "?", "bold cyan", "fixed", "passed although an open defect says it fails"
    ),
    Verdict.FLAKY: Mark("flaky", "Y", "◎", "%", "yellow", "flaky", "failed, then passed on the one retry"),
    Verdict.LAB_ERROR: Mark(
        "lab-error", "E", "▲", "!", "bold magenta", "lab-error", "the lab broke; says nothing of the daemons"
    ),
    Verdict.NOT_RUN: Mark("not-run", "N", "◌", "-", "bright_black", "not-run", "asked for and not reached"),
}

CHECKS: Final[dict[CheckState, Mark]] = {
    CheckState.OK: Mark("ok", "P", "●", "+", "green", "passed", "holds"),
    CheckState.DIFFERS: Mark("differs", "D", "◆", "~", "yellow", "differs", "not the reference"),
    CheckState.FAILED: Mark("failed", "F", "■", "#", "bold red", "failed", "does not hold"),
    CheckState.KNOWN: Mark(
        "known", "K", "□", "=", "magenta", "known", "fails as an open, linked defect says"
    ),
    CheckState.WARNING: Mark("warning", "W", "◬", "*", "yellow", "warning", "worth a look, no failure"),
    CheckState.ERROR: Mark("error", "E", "▲", "!", "bold magenta", "lab-error", "could not be looked at"),
}


def mark_of(verdict: Verdict) -> Mark:
    """How `verdict` looks."""
    return VERDICTS[verdict]


def can_print_shapes(encoding: str | None) -> bool:
    """Whether every shape can be written in `encoding` (None: unknown, so no)."""
    shapes = "".join(mark.shape for mark in (*VERDICTS.values(), *CHECKS.values()))
    try:
        shapes.encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
