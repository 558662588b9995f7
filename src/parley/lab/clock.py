"""Whose time a lab lives in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parley.errors import UnsupportedError
from parley.lab.lab import Lab
from parley.lab.shared import SharedLab, why_not

if TYPE_CHECKING:
    from collections.abc import Sequence

    from parley.lab.lab import HostPlan

# `auto`: virtual time where the case gains by it and its hosts can live in it, else real time.
AUTO, REAL, VIRTUAL = CLOCKS = ("auto", "real", "virtual")

# What chance follows from in virtual time, unless somebody says otherwise: two runs are the same then.
SEED = "0"


def lab_kind(asked: str, case: str, plans: Sequence[HostPlan]) -> type[Lab]:
    """The kind of lab for hosts booted as `plans` say.

    `asked` is the user's wish, `case` that of the case, each one of `CLOCKS`; the user's comes first.
    Raises UnsupportedError, with what to do, where virtual time is wanted and cannot be had.
    """
    wish = case if asked == AUTO else asked
    reason = "" if wish == REAL else why_not(plans)
    if wish == VIRTUAL and reason:
        why = "--clock virtual" if asked == VIRTUAL else "made for virtual time, which --clock real waits out"
        raise UnsupportedError(f"{why}: {reason}")
    return Lab if wish == REAL or reason else SharedLab
