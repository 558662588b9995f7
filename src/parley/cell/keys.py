"""Whether both ends derived the same keys for their IKE SAs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parley.verdict import Check, CheckState
from parley.wire.keys import collect_keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parley.cell.evidence import Evidence
    from parley.cell.record import CellRecord


def check_keys(evidence: Evidence) -> Iterator[Check]:
    """Compare what the daemons told of their keys, for every IKE SA of which both told them.

    Both may log a rekey as a success and never understand one another again (RFC 7296 section 2.18).
    """
    name = "IKE keys agree"
    keys = collect_keys(evidence.layout)
    if keys.conflicts:
        detail = f"the two ends derived different keys for the same IKE SA ({keys.conflicts} times)"
        # Exchanges that went through prove more than logs do, which do not always say whose keys they tell.
        state = CheckState.FAILED if _is_misunderstood(evidence.record) else CheckState.WARNING
        yield Check(name, state, "", detail, "wireshark")
    elif keys.ike:
        yield Check(name, CheckState.OK, "", f"{len(keys.ike)} IKE SAs")


def _is_misunderstood(record: CellRecord) -> bool:
    """Whether a command came to nothing, or an end was never told that its SAs are gone.

    In virtual time the end that deletes them has the patience to wait for an answer in vain, and succeeds.
    """
    return bool(record.stopped) or any(
        command.purpose == "gone" and command.status != 0 for command in record.commands
    )
