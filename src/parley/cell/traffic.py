"""Whether protected traffic passed, both ways, through SAs on which both kernels counted it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from parley.scenario.model import Role
from parley.verdict import Check, CheckState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parley.cell.evidence import Evidence
    from parley.cell.record import Checkpoint, CommandRecord

# Output of a thousand echoes (bytes).
_LIMIT = 64 * 1024
_ASKED = re.compile(r"^one (\S+ \S+ \d+) &$", re.MULTILINE)
_ECHO = re.compile(r"^(\S+ \S+ \d+) (up|down)$", re.MULTILINE)


def check_blocked(evidence: Evidence) -> Iterator[Check]:
    """Before there is a tunnel, nothing passes."""
    for command in evidence.with_purpose("blocked"):
        tried = _echoes(evidence, command)
        detail = "" if tried else "nothing was tried"
        if "up" in tried.values():
            detail = "an echo came back without a tunnel"
        state = CheckState.FAILED if detail else CheckState.OK
        yield Check("nothing passes before", state, command.host, detail, f"share/{command.output}")


def check_traffic(evidence: Evidence) -> Iterator[Check]:
    """At every checkpoint with traffic: every echo came back, and both kernels' counters grew by it."""
    for point in evidence.record.checkpoints:
        for role, index in point.traffic.items():
            yield _came_back(evidence, f"traffic from {role} ({point.name})", index)
        if point.traffic:
            yield _counted(evidence, point)


def _came_back(evidence: Evidence, name: str, index: int) -> Check:
    command = evidence.record.commands[index]
    path = evidence.evidence_path(index)
    asked, came = _asked(command), _echoes(evidence, command)
    lost = [echo for echo in asked if came.get(echo) != "up"]
    if not asked:
        return Check(name, CheckState.FAILED, command.host, "nothing was sent", path)
    if lost:
        shown = "; ".join("{} to {}, {} bytes".format(*echo.split()) for echo in lost[:3])
        return Check(
            name, CheckState.FAILED, command.host, f"{len(lost)} of {len(asked)} lost: {shown}", path
        )
    return Check(name, CheckState.OK, command.host, f"{len(asked)} echoes")


def _asked(command: CommandRecord) -> list[str]:
    """The echoes that a command was to send, `SOURCE DESTINATION SIZE`: what a guest prints may be less."""
    return _ASKED.findall(command.command)


def _echoes(evidence: Evidence, command: CommandRecord) -> dict[str, str]:
    """What became of each echo, as the guest says; one that it tells twice is lost if it ever was."""
    told: dict[str, str] = {}
    for echo, outcome in _ECHO.findall(evidence.jail.read_text(command.output, default="", limit=_LIMIT)):
        told[echo] = min(outcome, told.get(echo, outcome))
    return told


def _counted(evidence: Evidence, point: Checkpoint) -> Check:
    """Every request and every reply went out and came in through SAs that both ends have."""
    name = f"counters grow ({point.name})"
    grown = {role: _growth(evidence, point, role) for role in Role}
    shared = sorted(grown[Role.INITIATOR].keys() & grown[Role.RESPONDER].keys())
    least = {spi: min(grown[role][spi] for role in Role) for spi in shared}
    packets = 2 * sum(len(_asked(evidence.record.commands[index])) for index in point.traffic.values())
    if sum(least.values()) < packets or len([spi for spi in shared if least[spi]]) < len(Role):
        seen = "; ".join(
            f"{role}: " + (", ".join(f"{spi} +{more}" for spi, more in grown[role].items()) or "no SA")
            for role in Role
        )
        detail = f"fewer than {packets} packets on SAs that both have: {seen}"
        path = evidence.evidence_path(point.kernel_after[Role.INITIATOR])
        return Check(name, CheckState.FAILED, "", detail, path)
    return Check(name, CheckState.OK, "", ", ".join(f"{spi} +{more}" for spi, more in least.items() if more))


def _growth(evidence: Evidence, point: Checkpoint, role: Role) -> dict[str, int]:
    """By how many packets each SA of one end grew."""
    before, after = (evidence.keyed(looks[role]) for looks in (point.kernel, point.kernel_after))
    return {key[1]: sa.packets - (before[key].packets if key in before else 0) for key, sa in after.items()}
