"""Labs of fake hosts (parley.backend.fake), and a toy implementation, for tests of all that drives them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING
from unittest.mock import patch

from parley.backend.fake import Answer, FakeBackend
from parley.case.model import HostSpec
from parley.daemon.base import Daemon
from parley.daemon.driver import Driver, GuestFile, Lack
from parley.image.kernel import Kernel
from parley.image.rootfs import Image
from parley.lab.lab import HostPlan
from parley.platform.debian import Debian
from parley.plugins import load_group
from parley.run.plan import Equipment
from parley.scenario.state import ChildSa, DaemonView, IkeSa

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from parley.backend.base import Backend
    from parley.scenario.model import Child


def script(answers: Mapping[str, Answer]) -> Callable[[str, str], Answer]:
    """Answers by what a command begins with, on every host; success without a word to all else."""

    def find(_host: str, command: str) -> Answer:
        return next((answer for start, answer in answers.items() if command.startswith(start)), Answer())

    return find


def equipment(place: Path, backend: Backend | None = None) -> Equipment:
    """Everything a job needs, none of it real; certificates would be in `place`."""
    names = ("libreswan", "strongswan", "openiked", "toy", "other")
    images = {name: Image(name, place / name, {name: "1.0"}, f"{name}-digest", "1.0") for name in names}
    kernel = Kernel("fake-kernel", "1.0", place / "linux", None, "digest", frozenset())
    return Equipment(images, kernel, backend or FakeBackend(script({})), place / "x509")


def plan(name: str, tools: Equipment, implementation: str = "") -> HostPlan:
    """How a fake host is booted."""
    image = tools.images[implementation or "libreswan"]
    spec = HostSpec(name, implementation=implementation)
    return HostPlan(spec, Debian(), tools.backend, image, tools.kernel)


class ToyDriver(Driver):
    """An implementation whose commands are words, and whose status lines are `ike` and `child` tuples."""

    name = "toy"

    def lack(self) -> Lack | None:
        """It lacks whatever the scenario's title says."""
        missing = self.scenario.title.partition("toy lacks ")[2]
        return Lack(missing, "toy(8)") if missing else None

    def files(self) -> Mapping[str, GuestFile]:
        return {"/etc/toy.conf": GuestFile(f"{self.addresses.local} to {self.addresses.remote}\n")}

    def start(self) -> str:
        return "toy start"

    def up(self) -> str:
        return "toy up"

    def down(self) -> str:
        return "toy down"

    def delete_child(self, child: Child) -> str | None:
        return f"toy delete {child.name}"

    def rekey_child(self, child: Child) -> str | None:
        return f"toy rekey {child.name}"

    def rekey_ike(self) -> str | None:
        return "toy rekey-ike"

    def kill(self) -> str:
        return "toy kill"

    def status(self) -> str:
        return "toy status"

    def parse_status(self, text: str) -> DaemonView:
        ike: list[IkeSa] = []
        children: list[ChildSa] = []
        for line in text.splitlines():
            match line.split():
                case ["ike", one, other, encryption]:
                    ike.append(IkeSa(one, other, True, "up", encryption=encryption))
                case ["child", inbound, outbound]:
                    children.append(ChildSa("tunnel", inbound, outbound))
                case _:
                    raise ValueError(f"no status: {line[:80]!r}")
        return DaemonView(tuple(ike), tuple(children))

    def keys(self) -> str:
        return "toy keys"


class EntryPoint:
    """What importlib.metadata says of an installed implementation."""

    def __init__(self, name: str, load: Callable[[], object]) -> None:
        self.name = name
        self.value = f"{name}_package:DAEMON"
        self.group = "parley.daemons"
        self.load = load


@contextmanager
def installed(*points: EntryPoint) -> Iterator[None]:
    """Have these implementations installed, and no others."""
    load_group.cache_clear()
    with patch("parley.plugins.entry_points", lambda **_: points):
        yield
    load_group.cache_clear()


def toy(
    name: str = "toy", driver: type[Driver] | None = ToyDriver, *, modules: tuple[str, ...] = ()
) -> EntryPoint:
    """An installed toy."""
    daemon = Daemon(name, name.title(), name, ("toyd",), driver=driver, modules=modules)
    return EntryPoint(name, lambda: daemon)
