"""Played cells for tests of their judgement: kernels in iproute2's own words, keys made up."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from parley.cell.commands import POLICY_MARK, ping
from parley.cell.evidence import Evidence
from parley.cell.record import CellRecord, Checkpoint, CommandRecord, Flow
from parley.record.layout import CaseLayout
from parley.record.results import HostRecord
from parley.scenario.model import Role
from scenario_files import scenario

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from parley.scenario.model import Scenario
    from parley.verdict import Check

WEST, EAST = "192.1.2.45", "192.1.2.23"
HOSTS = {Role.INITIATOR: "west", Role.RESPONDER: "east"}
KEY, OTHER_KEY = "a1" * 20, "b2" * 20
OUT, IN = "cb1321c5", "c07b2cc5"

# 128 bits of AES-GCM, which is what the samples' SAs have.
AS_ASKED = """
[child]
encryption = "ENCR_AES_GCM_16-128"
"""


@dataclass(frozen=True, slots=True)
class Sa:
    """One SA; `spi` OUT goes from west to east."""

    spi: str
    key: str = KEY
    packets: int = 0
    mode: str = "tunnel"
    protocol: str = "esp"
    flags: str = "af-unspec"
    algorithm: str = "aead rfc4106(gcm(aes)) 0x{key} (160 bits) 128"
    outbound: bool = True

    def __str__(self) -> str:
        ends = (WEST, EAST) if self.outbound else (EAST, WEST)
        return (
            f"src {ends[0]} dst {ends[1]}\n"
            f"\tproto {self.protocol} spi 0x{self.spi}({int(self.spi, 16)}) reqid 1(0x00000001) "
            f"mode {self.mode}\n"
            f"\treplay-window 0 seq 0x00000000 flag {self.flags} (0x00100000)\n"
            f"\t{self.algorithm.format(key=self.key)}\n"
            "\tlifetime current:\n"
            f"\t  {self.packets * 1480}(bytes), {self.packets}(packets)\n"
            "\t  add 2026-11-24 11:59:40 use -\n"
        )


def pair(out: str = OUT, back: str = IN, **changes: object) -> tuple[Sa, Sa]:
    """The two SAs of a Child SA, the same in both kernels."""
    both = (Sa(out), Sa(back, key=OTHER_KEY, outbound=False))
    return tuple(replace(sa, **changes) for sa in both)  # type: ignore[return-value,arg-type]  # two; by name


def policies(role: Role, one: str = "192.0.1.0/24", other: str = "192.0.2.0/24") -> str:
    """The policies of one end."""
    directions = ("out", "in") if role is Role.INITIATOR else ("in", "out")
    ends = ((one, other, WEST, EAST), (other, one, EAST, WEST))
    return "".join(
        f"src {source} dst {destination} \n\tdir {direction} priority 375423 ptype main \n"
        f"\ttmpl src {outer} dst {peer}\n\t\tproto esp reqid 1 mode tunnel\n"
        for direction, (source, destination, outer, peer) in zip(directions, ends, strict=True)
    )


def kernel(role: Role, sas: Sequence[Sa], **selectors: str) -> str:
    """What the command `commands.KERNEL` prints."""
    return "".join(map(str, sas)) + POLICY_MARK + (policies(role, **selectors) if sas else "")


def status(*ike: str, children: Sequence[tuple[str, str]] = ((IN, OUT),), encryption: str = "ENCR_X") -> str:
    """What a toy's status prints (fake_labs.ToyDriver)."""
    lines = [f"ike {spi} 00000000000000bb {encryption}" for spi in ike or ("00000000000000aa",)]
    return "\n".join([*lines, *(f"child {inbound} {outbound}" for inbound, outbound in children)]) + "\n"


def echoes(command: str, outcome: str = "up") -> str:
    """What became of every echo of a ping command."""
    lines = [line.split()[1:-1] for line in command.splitlines() if line.startswith("one ")]
    return "".join(f"{' '.join(words)} {outcome}\n" for words in lines if len(words) == 3)


BLOCKED = ping([("192.0.1.254", "192.0.2.254")], seconds=0.1, sizes=(56,))
PINGS = {
    Role.INITIATOR: ping([("192.0.1.254", "192.0.2.254")], seconds=3),
    Role.RESPONDER: ping([("192.0.2.254", "192.0.1.254")], seconds=3),
}


@dataclass
class Cell:
    """A cell being recorded, command by command."""

    root: Path
    scenario: Scenario = field(default_factory=lambda: scenario(AS_ASKED))
    commands: list[CommandRecord] = field(default_factory=list)
    checkpoints: list[Checkpoint] = field(default_factory=list)
    flows: list[Flow] = field(default_factory=list)
    stopped: str = ""
    error: str = ""

    def __post_init__(self) -> None:
        self.layout = CaseLayout(self.root)
        self.layout.share.mkdir(parents=True, exist_ok=True)

    def ran(
        self, role: Role, purpose: str, output: str | bytes, *, text: str = "", code: int | None = 0
    ) -> int:
        """Record a command; return its index."""
        stem = f"{HOSTS[role]}/cmd/{len(self.commands):04}"
        path = self.layout.share / f"{stem}.out"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(output.encode() if isinstance(output, str) else output)
        self.commands.append(
            CommandRecord(HOSTS[role], purpose, text or purpose, 0.0, 0.1, code, f"{stem}.out", f"{stem}.err")
        )
        return len(self.commands) - 1

    def look(
        self,
        name: str,
        west: Sequence[Sa],
        east: Sequence[Sa] | None = None,
        *,
        more: int | None = None,
        says: dict[Role, str] | None = None,
        answers: Callable[[str], str] = echoes,
    ) -> None:
        """Record a look at both ends; `more` packets of traffic grow every SA, None: nothing was sent."""
        sas = {Role.INITIATOR: west, Role.RESPONDER: west if east is None else east}
        first = {role: self.ran(role, "kernel", kernel(role, sas[role])) for role in Role}
        traffic: dict[Role, int] = {}
        after: dict[Role, int] = {}
        if more is not None:
            traffic = {
                role: self.ran(role, "traffic", answers(PINGS[role]), text=PINGS[role]) for role in Role
            }
            grown = {role: [replace(sa, packets=sa.packets + more) for sa in sas[role]] for role in Role}
            after = {role: self.ran(role, "kernel", kernel(role, grown[role])) for role in Role}
        default = {Role.INITIATOR: status(), Role.RESPONDER: status(children=((OUT, IN),))}
        told = {role: self.ran(role, "status", (says or {}).get(role, default[role])) for role in Role}
        self.checkpoints.append(Checkpoint(name, first, told, traffic, after))

    @property
    def record(self) -> CellRecord:
        """What a player would have recorded."""
        hosts = tuple(
            HostRecord(name, "debian", "toy", "fake", "toy", "fake", version="1.0") for name in HOSTS.values()
        )
        return CellRecord(
            scenario=self.scenario.name,
            scenario_path=str(self.scenario.path),
            initiator="toy",
            responder="toy",
            hosts=hosts,
            roles=dict(HOSTS),
            commands=tuple(self.commands),
            checkpoints=tuple(self.checkpoints),
            flows=tuple(self.flows),
            error=self.error,
            stopped=self.stopped,
        )

    @property
    def evidence(self) -> Evidence:
        """The evidence of all that."""
        return Evidence(self.layout, self.record, self.scenario)


def shown(checks: Sequence[Check]) -> list[str]:
    """What is wrong, one line a check: `name [host]: detail`."""
    return [
        f"{check.name}{f' [{check.host}]' if check.host else ''}: {check.detail}"
        for check in checks
        if check.state != "ok"
    ]
