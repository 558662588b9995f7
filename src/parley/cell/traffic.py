"""Whether protected traffic passed, both ways, through SAs on which both kernels counted it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from parley.cell.commands import SIZES
from parley.scenario.model import Role
from parley.verdict import Check, CheckState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parley.cell.evidence import Evidence
    from parley.cell.record import Checkpoint, CommandRecord

_ECHO = re.compile(r"^(\S+) (\S+) (\d+) (up|down)$", re.MULTILINE)


def check_blocked(evidence: Evidence) -> Iterator[Check]:
    """Before there is a tunnel, nothing passes."""
    for command in evidence.with_purpose("blocked"):
        echoes = _echoes(evidence, command)
        through = [echo for echo in echoes if echo[3] == "up"]
        state = CheckState.FAILED if through or not echoes else CheckState.OK
        detail = "an echo came back without a tunnel" if through else "" if echoes else "nothing was tried"
        yield Check("nothing passes before", state, command.host, detail, f"share/{command.output}")


def check_traffic(evidence: Evidence) -> Iterator[Check]:
    """At every checkpoint with traffic: every echo came back, and both kernels' counters grew by it."""
    for point in evidence.record.checkpoints:
        for role, index in point.traffic.items():
            command = evidence.record.commands[index]
            echoes = _echoes(evidence, command)
            lost = [
                f"{source} to {target}, {size} bytes"
                for source, target, size, came in echoes
                if came == "down"
            ]
            name = f"traffic from {role} ({point.name})"
            path = evidence.evidence_path(index)
            if lost or not echoes:
                detail = f"lost: {'; '.join(lost[:3])}" if lost else "nothing was sent"
                yield Check(name, CheckState.FAILED, command.host, detail, path)
            else:
                yield Check(name, CheckState.OK, command.host, f"{len(echoes)} echoes")
        if point.traffic:
            yield _counted(evidence, point)


def _echoes(evidence: Evidence, command: CommandRecord) -> list[tuple[str, str, str, str]]:
    return _ECHO.findall(evidence.jail.read_text(command.output, default=""))


def _counted(evidence: Evidence, point: Checkpoint) -> Check:
    """Packets went out and came in on both ends, through SAs that both ends have."""
    name = f"counters grow ({point.name})"
    growth: dict[Role, dict[str, int]] = {}
    for role in Role:
        before = {sa.spi: sa.packets for sa in evidence.kernel(point.kernel[role]).sas}
        after = {sa.spi: sa.packets for sa in evidence.kernel(point.kernel_after[role]).sas}
        growth[role] = {spi: count - before.get(spi, 0) for spi, count in after.items()}
    grown = {role: {spi for spi, more in grew.items() if more >= len(SIZES)} for role, grew in growth.items()}
    shared = grown[Role.INITIATOR] & grown[Role.RESPONDER]
    path = evidence.evidence_path(point.kernel_after[Role.INITIATOR])
    if len(shared) < len(Role):
        detail = "; ".join(f"{role}: {growth[role] or 'no SA'}" for role in Role)
        return Check(name, CheckState.FAILED, "", f"too few packets on SAs that both have: {detail}", path)
    counts = ", ".join(f"{spi} +{growth[Role.INITIATOR][spi]}" for spi in sorted(shared))
    return Check(name, CheckState.OK, "", counts)
