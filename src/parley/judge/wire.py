"""What was on the wire: nothing protected in clear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parley.errors import InputError
from parley.verdict import Check, CheckState
from parley.wire.leak import inspect_wire

if TYPE_CHECKING:
    from collections.abc import Iterable

    from parley.record.layout import CaseLayout
    from parley.wire.leak import SelectorPair

_NAME = "nothing in clear"


def check_wire(layout: CaseLayout, selectors: Iterable[SelectorPair] | None = None) -> Check:
    """Look for protected packets in clear on public segments, in the capture alone.

    `selectors` say what is protected; without them it is all traffic between protected networks.
    """
    try:
        report = inspect_wire(layout.capture, selectors=selectors)
    except (OSError, InputError) as error:
        return Check(_NAME, CheckState.ERROR, "", str(error), layout.capture.name)
    if report.leaks:
        first = report.leaks[0]
        detail = f"{len(report.leaks)} packets, first: {first.description} on {first.interface}"
        return Check(_NAME, CheckState.FAILED, "", detail, layout.capture.name)
    if report.summary.is_truncated:
        return Check(_NAME, CheckState.WARNING, "", "the capture breaks off", layout.capture.name)
    return Check(_NAME, CheckState.OK)
