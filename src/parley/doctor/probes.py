"""One function a probe. Each does the thing in small; none believes a file or a flag."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from parley.backend.accel import accelerator
from parley.backend.libvirt import LibvirtBackend
from parley.backend.uml import UmlBackend
from parley.case.model import HostSpec
from parley.errors import MissingError, ParleyError
from parley.image.kernel import find_kernel
from parley.image.requirements import missing_requirements
from parley.image.rootfs import find_image
from parley.image.store import Store
from parley.lab.jail import Jail
from parley.lab.lab import HostPlan, Lab
from parley.lab.topology import NETWORK
from parley.platform.debian import Debian
from parley.record.layout import CaseLayout

if TYPE_CHECKING:
    from collections.abc import Iterator

# A kernel's memory is a file in /dev/shm; a case needs two or three (MiB).
_MEMORY_NEEDED = 1024
_DISK_NEEDED = 3072


class State(StrEnum):
    """What a probe found."""

    OK = "ok"
    MISSING = "missing"
    OPTIONAL = "optional"


@dataclass(frozen=True, slots=True)
class Finding:
    """One probe's result: `cost` says what is lost without it, `cure` is a command."""

    what: str
    state: State
    detail: str
    cost: str = ""
    cure: str = ""


def examine() -> Iterator[Finding]:
    """All probes, quick ones first."""
    yield from _requirements()
    yield _room(Path("/dev/shm"), _MEMORY_NEEDED, "memory of the hosts")  # noqa: S108 -- where UML keeps it
    yield _room(_existing(Store.default().root), _DISK_NEEDED, "images")
    yield _program("tshark", "message ladders, decrypted captures", "apt-get install -y tshark")
    yield _program("qemu-img", "other systems than Linux", "apt-get install -y qemu-utils")
    yield _program("xorriso", "parley install freebsd", "apt-get install -y xorriso")
    yield emulation()
    yield libvirt()
    yield _boot()


def emulation() -> Finding:
    """Have QEMU run a guest of one instruction, with the processor's help and without."""
    what = "emulated PCs"
    try:
        chosen = accelerator()
    except MissingError as error:
        cost = "--backend qemu, other systems than Linux"
        return Finding(what, State.OPTIONAL, str(error.args[0]), cost, error.hint)
    if chosen.name == "kvm":
        return Finding(what, State.OK, "KVM runs a guest")
    cost = "hosts in emulated PCs are 10 to 20 times slower"
    return Finding(what, State.OPTIONAL, f"KVM does not run one ({chosen.reason}), emulation does", cost)


def libvirt() -> Finding:
    """Ask the daemon that the libvirt backend would use."""
    try:
        return Finding("libvirt", State.OK, LibvirtBackend().daemon())
    except MissingError as error:
        return Finding("libvirt", State.OPTIONAL, str(error.args[0]), "--backend libvirt", error.hint)


def _requirements() -> Iterator[Finding]:
    # What images can be made without has a probe of its own.
    missing = [requirement for requirement in missing_requirements() if not requirement.optional]
    if not missing:
        yield Finding("making images", State.OK, "every tool is there and works")
    for requirement in missing:
        yield Finding(requirement.what, State.MISSING, "not there", requirement.why, requirement.cure)


def _room(path: Path, needed: int, purpose: str) -> Finding:
    if not path.exists():
        return Finding(str(path), State.MISSING, "not there", purpose)
    free = shutil.disk_usage(path).free // 2**20
    state = State.OK if free >= needed else State.MISSING
    detail = f"{free} MiB free, {needed} wanted"
    return Finding(str(path), state, detail, "" if state is State.OK else purpose)


def _existing(path: Path) -> Path:
    return next(candidate for candidate in (path, *path.parents) if candidate.exists())


def _program(name: str, purpose: str, cure: str) -> Finding:
    if shutil.which(name) is None:
        return Finding(name, State.OPTIONAL, "not there", purpose, cure)
    try:
        run = subprocess.run([name, "--version"], capture_output=True, text=True, check=False)
    except OSError as error:
        return Finding(name, State.OPTIONAL, f"cannot be started: {error.strerror}", purpose, cure)
    if run.returncode:
        return Finding(name, State.OPTIONAL, f"fails: {run.stderr.strip()[:200]}", purpose, cure)
    return Finding(name, State.OK, run.stdout.partition("\n")[0])


def _boot() -> Finding:
    """Boot one host for real and have it run a command."""
    what, cost = "boot of a host", "every case of the uml backend"
    store = Store.default()
    kernel, image = find_kernel(store), find_image(store, "libreswan")
    if kernel is None or image is None:
        return Finding(what, State.MISSING, "kernel or image not made yet", cost, "parley image build")
    with tempfile.TemporaryDirectory(prefix="parley-doctor-") as directory:
        # Guests run as nobody when Parley runs as root, and must get in.
        Path(directory).chmod(0o755)
        layout = CaseLayout(Path(directory))
        Jail(layout.share).create()
        plan = HostPlan(HostSpec("east"), Debian(), UmlBackend(), image, kernel)
        began = time.monotonic()
        try:
            with Lab(layout, (plan,), NETWORK) as lab:
                seconds = time.monotonic() - began
                lab.hosts["east"].run("ip xfrm state").check()
        except ParleyError as error:
            return Finding(what, State.MISSING, str(error), cost, "parley image rm, then parley image build")
    who = "an ordinary user" if os.geteuid() else "nobody, started by root"
    return Finding(what, State.OK, f"{kernel.name} {kernel.version}, up in {seconds:.2f} s, as {who}")
