"""What was on the wire: nothing protected in clear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parley.errors import InputError
from parley.verdict import Check, CheckState
from parley.wire.leak import find_leaks

if TYPE_CHECKING:
    from parley.record.layout import CaseLayout

_NAME = "nothing in clear"


def check_wire(layout: CaseLayout) -> Check:
    """Look for packets between protected networks on public segments, in the capture alone."""
    try:
        leaks = find_leaks(layout.capture)
    except (OSError, InputError) as error:
        return Check(_NAME, CheckState.ERROR, "", str(error), layout.capture.name)
    if not leaks:
        return Check(_NAME, CheckState.OK)
    detail = f"{len(leaks)} packets, first: {leaks[0].description} on {leaks[0].interface}"
    return Check(_NAME, CheckState.FAILED, "", detail, layout.capture.name)
