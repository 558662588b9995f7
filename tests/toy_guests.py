"""Hosts that play the toy of fake_labs as if it were a daemon on a kernel, and jobs that run on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cell_samples import echoes, kernel, pair, status
from fake_labs import equipment
from parley.backend.fake import Answer, FakeBackend
from parley.cell import commands
from parley.lab.host import Limits
from parley.record.layout import CaseLayout
from parley.record.results import CellRef
from parley.run.cell import CellJob
from parley.scenario.load import load_scenario
from parley.scenario.model import Role

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cell_samples import Sa
    from parley.scenario.model import Scenario

ROLES = {"west": Role.INITIATOR, "road": Role.INITIATOR, "east": Role.RESPONDER}
# What the script that collects writes, of all that is judged.
LEFT = ("xfrm-state.left", "xfrm-policy.left", "routes.left", "cores", "unstoppable", "dmesg")
# For what must run past its limit.
HURRIED = Limits(command=1)


class Guests:
    """What west and east answer; `instead` replaces what the words that a command begins with would get."""

    def __init__(self, instead: Mapping[str, Answer] | None = None) -> None:
        self.instead = dict(instead or {})
        self.heard: list[tuple[str, str]] = []
        self.is_up = False
        self.generation = 0
        self.ike = 0
        self.packets = 0
        self.left = dict.fromkeys(LEFT, "")

    def __call__(self, host: str, command: str) -> Answer:
        """Answer, and remember what was asked."""
        self.heard.append((host, command))
        for start, answer in self.instead.items():
            if command.startswith(start.removeprefix(f"{host}: ")):
                return answer
        return self._answer(host, command)

    def _answer(self, host: str, command: str) -> Answer:
        if command == commands.KERNEL:
            return Answer(kernel(ROLES[host], self._sas() if self.is_up else ()).encode())
        if command.startswith("one() {"):
            text = echoes(command, "up" if self.is_up else "down")
            self.packets += text.count("up")
            return Answer(text.encode())
        if command.startswith("set -- '"):
            return Answer(files={f"state/{name}": text.encode() for name, text in self.left.items()})
        if command == "toy status":
            return Answer(self._status(host).encode())
        self._act(command)
        return Answer()

    def _act(self, command: str) -> None:
        match command.split():
            case ["toy", "up"]:
                self.is_up = True
            case ["toy", "down" | "kill"] | ["toy", "delete", _]:
                self.is_up = False
            case ["toy", "rekey", _]:
                self.generation, self.packets = self.generation + 1, 0
            case ["toy", "rekey-ike"]:
                self.ike += 1

    def _spis(self) -> tuple[str, str]:
        return f"{2 * self.generation + 256:08x}", f"{2 * self.generation + 257:08x}"

    def _sas(self) -> tuple[Sa, Sa]:
        return pair(*self._spis(), packets=self.packets)

    def _status(self, host: str) -> str:
        out, back = self._spis()
        children = [(back, out) if ROLES[host] is Role.INITIATOR else (out, back)] if self.is_up else []
        return status(f"{self.ike:016x}", children=children)


def write_scenario(place: Path, text: str = "", *, steps: str = "", title: str = "A sample") -> Scenario:
    """A scenario in a file of its own; `text` are tables."""
    path = place / "sample.toml"
    top = f"step = [{steps}]\n" if steps else ""
    path.write_text(f'title = "{title}"\n{top}[child]\nencryption = "ENCR_AES_GCM_16-128"\n{text}')
    return load_scenario(path)


def cell_job(place: Path, guests: Guests, scenario: Scenario, **changes: object) -> CellJob:
    """The job of one cell, toy against toy, below `place`."""
    name = "sample.toy.toy"
    wanted: dict[str, object] = {
        "name": name,
        "title": scenario.title,
        "layout": CaseLayout(place / "cases" / name),
        "equipment": equipment(place, FakeBackend(guests)),
        "limits": Limits(),
        "rerun": f"parley matrix {name}",
        "cell": CellRef(scenario.name, "toy", "toy"),
        "scenario": scenario,
        "implementations": dict.fromkeys(Role, "toy"),
    }
    return CellJob(**{**wanted, **changes})  # type: ignore[arg-type]  # fields come by name from the tests
