"""Two texts, line against line."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from parley.transcript.compare import compare, split_lines

if TYPE_CHECKING:
    from collections.abc import Sequence


def aligned(old: str, new: str) -> Sequence[tuple[str, str]]:
    """All lines of both texts in one sequence of (mark, text): ` ` in both, `-` in old only, `+` in new."""
    hunks = compare(new, old, context=sys.maxsize).hunks
    return hunks[0].lines if hunks else [(" ", line) for line in split_lines(new)]
