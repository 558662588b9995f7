"""Hosts as domains of a real libvirt daemon, which the tests start themselves."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from own_libvirtd import own_libvirtd, virsh, why_not
from parley.backend.libvirt import LibvirtBackend
from parley.backend.uml import UmlBackend
from parley.case.model import HostSpec
from parley.image.pc_kernel import ensure_pc_kernel
from parley.image.store import Store
from parley.lab.host import Limits
from parley.lab.jail import Jail
from parley.lab.lab import HostPlan, Lab
from parley.lab.topology import NETWORK
from parley.platform.debian import Debian
from parley.record.layout import CaseLayout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from parley.image.ensure import Ready

_REASON = why_not() or ("" if importlib.util.find_spec("libvirt") else "libvirt's Python module is not there")

pytestmark = [
    pytest.mark.lab,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(bool(_REASON), reason=_REASON or "all is there"),
]

CASE = "interop-ikev2-openbsd-01"


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory into which nobody may walk, with a path that is short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="parley-") as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)


@pytest.fixture
def uri(place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    (place / "d").mkdir()
    with own_libvirtd(place / "d") as address:
        monkeypatch.setenv("LIBVIRT_DEFAULT_URI", address)
        yield address


def test_a_domain_is_seen_by_virsh_and_reaches_a_host_in_user_mode_linux(
    uri: str, place: Path, ready: Ready
) -> None:
    image = ready.images["libreswan"]
    layout = CaseLayout(place / "case")
    layout.root.mkdir(mode=0o755)
    jail = Jail(layout.share)
    jail.create()
    jail.make_directory("testing")
    kernel = ensure_pc_kernel(Store.default())
    plans = (
        HostPlan(HostSpec("west"), Debian(), LibvirtBackend(), image, kernel),
        HostPlan(HostSpec("east"), Debian(), UmlBackend(), image, ready.kernel),
    )
    with Lab(layout, plans, NETWORK, limits=Limits().scaled(6)) as lab:
        west = lab.hosts["west"]
        (name,) = virsh(uri, "list", "--name").split()
        assert name.startswith("parley-case-west-")
        assert west.run("ping -c 1 -W 10 -s 1400 192.1.2.23")
        assert lab.hosts["east"].run("ping -c 1 -W 10 2001:db8:1:2::45")
        assert "12:00:00:64:64:45" in virsh(uri, "domiflist", name)
        assert west.play(0, "echo out; exit 3", 60) == 3
        assert jail.read_text("west/step/0000.out") == "out\n"
        assert {path.stat().st_uid for path in (layout.share / "west").iterdir()} == {jail.owner.uid}
        virsh(uri, "destroy", name)
        deadline = time.monotonic() + 30
        while west.machine.exited() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        assert west.machine.exited() == 0
    assert virsh(uri, "list", "--all", "--name").split() == []


def test_a_killed_run_leaves_no_domain_and_the_case_passes_after_it(
    uri: str,
    place: Path,
    parley: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    words = ["run", CASE, "--backend", "libvirt", "--output", str(place / "run")]
    with subprocess.Popen(
        [sys.executable, "-m", "parley", *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        deadline = time.monotonic() + 120
        while len(virsh(uri, "list", "--name").split()) < 2 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert len(virsh(uri, "list", "--name").split()) == 2
        process.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 30
    while virsh(uri, "list", "--all", "--name").split() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert virsh(uri, "list", "--all", "--name").split() == []
    run = parley(*words, "--backend", "east=libvirt-disk", timeout=500)
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"passed      {CASE}" in run.stdout
    assert list(place.rglob("*.qcow2")) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's domains run as somebody else")
def test_a_place_where_nobody_may_walk_is_told(uri: str, place: Path, ready: Ready) -> None:
    assert uri
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    layout = CaseLayout(closed)
    Jail(layout.share).create()
    plan = HostPlan(
        HostSpec("west"),
        Debian(),
        LibvirtBackend(),
        ready.images["libreswan"],
        ensure_pc_kernel(Store.default()),
    )
    with pytest.raises(Exception, match="others may not walk through it"), Lab(layout, (plan,), NETWORK):
        pass
