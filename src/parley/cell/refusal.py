"""Whether a connection that must be refused left no SA."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parley.scenario.model import Role
from parley.verdict import Check, CheckState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parley.cell.evidence import Evidence


def check_refusal(evidence: Evidence) -> Iterator[Check]:
    """No SA on either end at any moment; the notify is cell.seen's business."""
    if not evidence.record.checkpoints:
        yield Check("refused", CheckState.FAILED, "", "it was never tried")
    for point in evidence.record.checkpoints:
        for role in Role:
            held = [spi for _, spi in sorted(evidence.keyed(point.kernel[role]))]
            path = evidence.evidence_path(point.kernel[role])
            if held:
                detail = f"SAs although the connection must be refused: {', '.join(held)}"
                yield Check("refused", CheckState.FAILED, evidence.host(role), detail, path)
            else:
                yield Check("refused", CheckState.OK, evidence.host(role))
