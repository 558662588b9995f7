"""What issue 5 names: clones, guests restored; and a case beside what one would do without a lab."""

from __future__ import annotations

import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import hub
from figures import Figure, Pair
from running import passed, workspace

from parley.backend.accel import accelerator
from parley.backend.qemu import QemuBackend
from parley.backend.uml import UmlBackend
from parley.case.model import HostSpec
from parley.case.suite import default_suite
from parley.image.clone import clone
from parley.image.disk import ensure_disk
from parley.image.ensure import ensure_all
from parley.image.pc_kernel import ensure_pc_kernel
from parley.image.store import Store
from parley.lab.host import Limits
from parley.lab.jail import Jail
from parley.lab.lab import HostPlan, Lab
from parley.lab.topology import NETWORK
from parley.platform.debian import Debian
from parley.record.layout import CaseLayout

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parley.backend.base import Backend
    from parley.image.kernel import Kernel

IMPLEMENTATION = "strongswan"
CASE = "interop-ikev2-strongswan-01"
BY_HAND = Path(__file__).with_name("by_hand.sh")
LIMITS = Limits().scaled(4)
# What only the script wants: a cable between namespaces.
MODULES = ("veth",)


@contextmanager
def hosts(
    place: Path, backend: Backend, kernel: Kernel, *names: str, modules: tuple[str, ...] = ()
) -> Iterator[tuple[Lab, float]]:
    """A lab of such hosts, and the seconds from nothing until all of them answered."""
    layout = CaseLayout(place)
    jail = Jail(layout.share)
    jail.create()
    jail.make_directory("testing")
    image = ensure_all(Store.default(), (IMPLEMENTATION,)).images[IMPLEMENTATION]
    plans = tuple(HostPlan(HostSpec(name), Debian(), backend, image, kernel, modules) for name in names)
    began = time.monotonic()
    with Lab(layout, plans, NETWORK, limits=LIMITS) as lab:
        for host in lab.hosts.values():
            host.run("true").check()
        yield lab, time.monotonic() - began


def boots(repeat: int, backend: Backend, kernel: Kernel, *names: str) -> tuple[float, ...]:
    """Seconds from nothing until all hosts answered, so often; once before, uncounted, for the caches."""
    took = []
    for _ in range(repeat + 1):
        with workspace() as place, hosts(place, backend, kernel, *names) as (_lab, seconds):
            took.append(seconds)
    return tuple(took[1:])


def guests(repeat: int) -> Iterator[Figure | Pair]:
    """Restored and booted guests of QEMU, User-mode Linux beside them, and clones of a disk."""
    store = Store.default()
    kernel = ensure_pc_kernel(store)
    restored = boots(repeat, QemuBackend(), kernel, "road")
    what = f"restored guest answers ({accelerator().name})"
    yield Figure(5, what, "s", restored, 1.0)
    yield Pair(
        "a guest restored", restored, "booted", boots(repeat, QemuBackend(restores=False), kernel, "road")
    )
    uml = boots(repeat, UmlBackend(), ensure_all(store, ()).kernel, "east", "west")
    cold = boots(repeat, QemuBackend(restores=False), kernel, "east", "west")
    yield Pair("two hosts booted, User-mode Linux", uml, "QEMU, a fresh boot for each case", cold)
    yield Figure(5, "clone of a base image", "ms", clones(store, kernel, repeat), 50)


def clones(store: Store, kernel: Kernel, repeat: int) -> tuple[float, ...]:
    """Milliseconds of a clone."""
    image = ensure_all(store, (IMPLEMENTATION,)).images[IMPLEMENTATION]
    disk = ensure_disk(store, image, kernel)
    took = []
    with workspace() as place:
        for number in range(repeat + 1):
            began = time.monotonic()
            clone(disk, place / f"{number}.qcow2")
            took.append(1000 * (time.monotonic() - began))
    return tuple(took[1:])


def side_by_side(repeat: int) -> Iterator[Pair]:
    """A case, judged and captured, beside a script that only does it, in the same kernel, and beside QEMU."""
    with workspace() as place:
        whole, played = _case(place / "uml", repeat)
        script = by_hand(place / "by-hand", repeat)
        other = "a script with namespaces, same kernel"
        yield Pair("strongSwan with itself, the whole case", whole, other, script)
        yield Pair("strongSwan with itself, play alone", played, other, script)
        emulated, _ = _case(place / "qemu", repeat, "--backend", "qemu")
        yield Pair(
            "strongSwan with itself, the whole case", whole, "the same in QEMU, restored guests", emulated
        )


def _case(place: Path, repeat: int, *words: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Seconds of the whole case and of its play, so often; once before, uncounted, for what is made once."""
    runs = [passed(place / str(number), "run", CASE, "--no-html", *words) for number in range(repeat + 1)][1:]
    return tuple(run.seconds for run in runs), tuple(run.phase("play") for run in runs)


def by_hand(place: Path, repeat: int) -> tuple[float, ...]:
    """Seconds of the script, so often, inside one host that is up already."""
    kernel = ensure_all(Store.default(), ()).kernel
    directory = default_suite() / CASE
    place.mkdir()
    with hosts(place, UmlBackend(), kernel, "road", modules=MODULES) as (lab, _seconds):
        lab.jail.write("road/by_hand.sh", BY_HAND.read_bytes())
        for name in ("east.swanctl.conf", "west.swanctl.conf"):
            lab.jail.write(f"road/{name}", (directory / name).read_bytes())
        road = lab.hosts["road"]
        runs = [road.run("sh /parley/by_hand.sh /parley").check() for _ in range(repeat + 1)]
    return tuple(run.elapsed for run in runs[1:])


def wire(_repeat: int) -> Iterator[Pair]:
    """The hub that captures, beside a bare socket pair; seconds for a round trip and for a frame."""
    ours = hub.measure(hub.through_hub(capture=True), hub.DEFAULT_FRAMES)
    bare = hub.measure(hub.direct, hub.DEFAULT_FRAMES)
    yield Pair("round trip through the hub, captured", (ours.median,), "a bare socket pair", (bare.median,))
    yield Pair("frame through the hub, captured", (1 / ours.large,), "a bare socket pair", (1 / bare.large,))
