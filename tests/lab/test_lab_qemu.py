"""Hosts in emulated PCs, beside hosts in User-mode Linux, on the same wires."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from parley.backend.accel import QEMU, accelerator
from parley.backend.qemu import QemuBackend
from parley.backend.uml import UmlBackend
from parley.case.model import HostSpec
from parley.image.pc_kernel import ensure_pc_kernel
from parley.image.store import Store
from parley.lab.host import Limits
from parley.lab.jail import Jail, Owner
from parley.lab.lab import HostPlan, Lab
from parley.lab.topology import NETWORK
from parley.platform.debian import Debian
from parley.record.layout import CaseLayout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from parley.backend.base import Backend
    from parley.image.ensure import Ready
    from parley.image.kernel import Kernel

pytestmark = [
    pytest.mark.lab,
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(shutil.which(QEMU) is None, reason=f"{QEMU} is not there"),
]

LIMITS = Limits().scaled(4)
COLD = "did not go on"


@pytest.fixture(scope="module")
def kernel() -> Kernel:
    return ensure_pc_kernel(Store.default())


def make_lab(directory: Path, *plans: HostPlan, first: str = "") -> Lab:
    layout = CaseLayout(directory)
    jail = Jail(layout.share)
    jail.create()
    jail.make_directory("testing")
    return Lab(layout, plans, NETWORK, limits=LIMITS, first=first)


def plan(host: str, backend: Backend, ready: Ready, kernel: Kernel, *modules: str) -> HostPlan:
    return HostPlan(HostSpec(host), Debian(), backend, ready.images["libreswan"], kernel, modules)


@pytest.fixture(scope="module")
def mixed(ready: Ready, kernel: Kernel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """West and road in QEMU, east in User-mode Linux."""
    emulated = QemuBackend()
    hosts = (
        plan("west", emulated, ready, kernel, "af_key"),
        plan("road", emulated, ready, kernel),
        plan("east", UmlBackend(), ready, ready.kernel),
    )
    with make_lab(tmp_path_factory.mktemp("mixed"), *hosts) as lab:
        yield lab


def test_two_kinds_of_kernels_reach_each_other(mixed: Lab) -> None:
    west = mixed.hosts["west"]
    kernels = {west.run("uname -r").check().output, mixed.hosts["east"].run("uname -r").check().output}
    assert len(kernels) == 2
    assert west.run("ping -c 1 -W 10 192.1.2.23")
    assert west.run("ping -c 1 -W 10 -s 1400 2001:db8:1:2::23")
    assert mixed.hosts["east"].run("ping -c 1 -W 10 -I 192.0.2.254 192.0.1.254")


def test_a_guest_cannot_tell_by_lines_cards_and_files_where_it_is(mixed: Lab) -> None:
    west = mixed.hosts["west"]
    assert west.run("test -c /dev/ttyS0 && test -c /dev/ttyS2 && test -d /testing && test -w /parley")
    cards = [line.split()[0] for line in west.run("ip -br link").check().output.splitlines()]
    assert cards == ["lo", "eth0", "eth1"]
    addresses = west.run("ip -br address show eth1").check().output
    assert "192.1.2.45/24" in addresses
    assert "2001:db8:1:2::45/64" in addresses
    assert "12:00:00:64:64:45" in west.run("ip -br link show eth1").check().output
    assert west.play(0, "cd /tmp; word=kept", 60) == 0
    assert west.play(1, "echo $word $PWD; echo 2 >&2; (exit 3)", 60) == 3
    assert mixed.jail.read_text("west/step/0001.out") == "kept /tmp\n2\n"


def test_a_module_that_only_one_host_wants_is_loaded_there(mixed: Lab) -> None:
    assert mixed.hosts["west"].run("grep -q ^af_key /proc/modules")
    assert not mixed.hosts["road"].run("grep -q ^af_key /proc/modules")


def test_a_guest_writes_nowhere_but_into_its_share(mixed: Lab, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o777)
    outside.chmod(0o777)
    west = mixed.hosts["west"]
    west.run(f"ln -s {outside} /parley/way-out; echo x >/parley/way-out/file; mkdir /parley/../../up")
    west.run("mknod /parley/disk b 254 0; echo x >/parley/disk")
    assert list(outside.iterdir()) == []
    share = mixed.layout.share
    assert {path.name for path in share.iterdir()} == {"west", "road", "east", "testing"}
    assert not (share / "west/disk").is_block_device()
    owners = {path.lstat().st_uid for path in (share / "west").iterdir()}
    assert owners == {mixed.jail.owner.uid}


def test_restored_guests_have_the_time_and_random_numbers_of_their_own(mixed: Lab) -> None:
    west, road = mixed.hosts["west"], mixed.hosts["road"]
    commands = "cat /proc/sys/kernel/random/uuid; od -An -N16 -x /dev/urandom"
    assert west.run(commands).check().output.split() != road.run(commands).check().output.split()
    assert abs(int(west.run("date +%s").check().output) - time.time()) < 30
    assert "virtual machine fork" in west.run("dmesg").check().output
    assert COLD not in (mixed.layout.root / "west.kernel.log").read_text()


def test_what_a_guest_is_restored_from_may_be_used_over_and_over(
    ready: Ready, kernel: Kernel, tmp_path: Path
) -> None:
    backend = QemuBackend()
    took = []
    for number in range(20):
        began = time.monotonic()
        with make_lab(tmp_path / str(number), plan("road", backend, ready, kernel)) as lab:
            took.append(time.monotonic() - began)
            assert lab.hosts["road"].run("true")
            assert COLD not in lab.layout.kernel_log("road").read_text()
    sys.stderr.write(f"restored to answering: median {sorted(took)[10]:.2f} s\n")


def test_a_guest_that_does_not_go_on_is_booted_from_cold(
    ready: Ready, kernel: Kernel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged = tmp_path / "state"
    damaged.write_bytes(b"no state at all" * 1000)
    monkeypatch.setattr("parley.backend.qemu.saved_state", lambda *_: damaged)
    with make_lab(tmp_path, plan("road", QemuBackend(), ready, kernel)) as lab:
        assert lab.hosts["road"].run("true")
        assert COLD in lab.layout.kernel_log("road").read_text()


def test_a_panic_is_told(ready: Ready, kernel: Kernel, tmp_path: Path) -> None:
    with make_lab(tmp_path, plan("road", QemuBackend(), ready, kernel)) as lab:
        with pytest.raises(Exception, match="Kernel panic"):
            lab.hosts["road"].run("echo c >/proc/sysrq-trigger; sleep 60")
        deadline = time.monotonic() + 30
        while lab.hosts["road"].machine.exited() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        assert lab.hosts["road"].machine.exited() is not None


def test_a_host_can_be_first(ready: Ready, kernel: Kernel, tmp_path: Path) -> None:
    hosts = (plan("east", UmlBackend(), ready, ready.kernel), plan("road", QemuBackend(), ready, kernel))
    with make_lab(tmp_path, *hosts, first="road") as lab:
        assert list(lab.hosts) == ["road", "east"]
        uptime = "cut -d. -f1 /proc/uptime"
        assert lab.hosts["east"].run(uptime).check().output.strip().isdigit()


def below(process: int) -> set[int]:
    """Numbers of the emulators among the descendants of a process."""
    parents: dict[int, int] = {}
    emulators = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = path.read_text().partition("(")[2].rpartition(")")
        except OSError:
            continue
        number = int(path.parent.name)
        parents[number] = int(rest.split()[1])
        if QEMU.startswith(name):
            emulators.add(number)

    def is_below(number: int) -> bool:
        return number == process or (number in parents and is_below(parents[number]))

    return {number for number in emulators if is_below(number)}


@pytest.mark.parametrize(
    ("cases", "backends"),
    [
        (("interop-ikev2-openbsd-01", "interop-ikev2-openbsd-02"), ("qemu",)),
        (("interop-ikev2-openbsd-01",), ("west=qemu",)),
        (("interop-ikev2-openbsd-02",), ("west=qemu-disk",)),
    ],
    ids=["both ends in QEMU", "QEMU to UML", "a PC that boots from its disk, to UML"],
)
def test_a_case_passes_unchanged(
    parley: Callable[..., subprocess.CompletedProcess[str]],
    tmp_path: Path,
    cases: tuple[str, ...],
    backends: tuple[str, ...],
) -> None:
    words = [f"--backend={word}" for word in backends]
    run = parley("run", *cases, *words, "--jobs", "1", "--output", "run", timeout=850)
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"{len(cases)} passed" in run.stdout
    for case in cases:
        result = json.loads((tmp_path / "run/cases" / case / "result.json").read_text())
        booted = {host["name"]: host["backend"].partition(" ")[0] for host in result["hosts"]}
        assert booted["west"] == backends[0].rpartition("=")[2]
        assert f"({accelerator().name})" in result["hosts"][1]["backend"] + result["hosts"][0]["backend"]
        assert list((tmp_path / "run/cases" / case).glob("*.qcow2")) == []


def test_a_killed_run_leaves_no_emulator(
    parley: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    assert parley("list").returncode == 0
    command = [sys.executable, "-m", "parley", "run", "interop-ikev2-openbsd-01", "--backend", "qemu"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        deadline = time.monotonic() + 120
        while len(emulators := below(process.pid)) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(emulators) == 2
        owners = {Path("/proc", str(number)).stat().st_uid for number in emulators}
        assert owners == {Owner.current().uid}
        process.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while any(Path("/proc", str(number)).exists() for number in emulators) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [number for number in emulators if Path("/proc", str(number)).exists()] == []
    assert [path for path in tmp_path.rglob("*") if path.is_socket()] == []
