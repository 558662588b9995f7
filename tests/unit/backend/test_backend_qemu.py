"""What QEMU is started with and how it is watched: a shell script stands in for it."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from parley.backend import qemu_snapshot
from parley.backend.accel import QEMU, Accelerator
from parley.backend.base import Disk, Hardware
from parley.backend.qemu import QemuBackend, QemuDiskBackend
from parley.backend.qemu_machine import Started, boot_cold
from parley.backend.qemu_monitor import Monitor
from parley.errors import BootError, UnsupportedError
from parley.image.rootfs import Image
from parley.image.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from parley.backend.base import BootRequest
    from parley.image.kernel import Kernel
    from parley.lab.jail import Owner

TELL = 'for word; do echo "word $word"; done'


@pytest.fixture
def emulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Installs a script as QEMU, on a machine that emulates."""
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    for module in ("qemu", "qemu_machine", "qemu_snapshot"):
        monkeypatch.setattr(f"parley.backend.{module}.accelerator", lambda: Accelerator("tcg", "a reason"))

    def install(script: str) -> None:
        path = tmp_path / QEMU
        path.write_text(f"#!/bin/bash\n{script}\n")
        path.chmod(0o755)

    return install


def told(request: BootRequest, backend: QemuBackend | None = None) -> list[str]:
    machine = (backend or QemuBackend(restores=False)).boot(request)
    while machine.exited() is None:
        time.sleep(0.01)
    machine.kill()
    lines = request.kernel_log.read_text().splitlines()
    return [line.removeprefix("word ") for line in lines if line.startswith("word ")]


def nodes(words: list[str]) -> list[dict[str, object]]:
    return [json.loads(words[index + 1]) for index, word in enumerate(words) if word == "-blockdev"]


def test_a_linux_host_is_started_from_its_kernel(
    pc_request: BootRequest, emulator: Callable[[str], None]
) -> None:
    emulator(TELL)
    words = told(pc_request)
    assert words[words.index("-m") + 1] == "512"
    assert words[words.index("-accel") + 1].startswith("tcg")
    assert "panic=-1" in words[words.index("-append") + 1]
    first, second = (end.fileno() for end in pc_request.lines)
    assert f"socket,id=line0,fd={first}" in words
    assert f"socket,id=line1,fd={second}" in words
    assert "virtconsole,chardev=line2,nr=2" in words, "the desk"
    assert f"dgram,id=n0,local.type=fd,local.str={pc_request.nics[0].wire.fileno()}" in words
    assert all(node["read-only"] is True for node in nodes(words))
    assert [node["node-name"] for node in nodes(words)] == ["root", "modules"]


def test_no_name_of_a_file_is_needed(pc_request: BootRequest, emulator: Callable[[str], None]) -> None:
    emulator(TELL)
    words = told(pc_request)
    assert [word for word in words if str(pc_request.kernel_log.parent) in word] == []


def test_a_guest_gets_its_addresses_when_it_goes_on(
    pc_request: BootRequest, emulator: Callable[[str], None]
) -> None:
    emulator(TELL)
    words = " ".join(told(pc_request))
    assert "mac=52:54:00:00:00:00" in words
    assert pc_request.nics[0].mac not in words


def test_another_system_has_serial_ports_and_its_disks(
    pc_request: BootRequest, emulator: Callable[[str], None], tmp_path: Path
) -> None:
    emulator(TELL)
    for name in ("base.qcow2", "clone.qcow2", "cd.iso"):
        (tmp_path / name).touch()
    base = Disk(tmp_path / "base.qcow2", "qcow2")
    request = replace(
        pc_request,
        kernel=None,
        image=None,
        share=None,
        disks=(Disk(tmp_path / "clone.qcow2", "qcow2", backing=base),),
        cdrom=tmp_path / "cd.iso",
        boots_from_cdrom=True,
        hardware=Hardware("pc", "e1000", "ide-hd"),
    )
    words = told(request)
    assert "isa-serial,chardev=line0,index=0" in words
    assert "ide-hd,drive=disk0,bootindex=1" in words
    assert "ide-cd,drive=cdrom,bootindex=0" in words
    assert "e1000,netdev=n0,mac=12:00:00:dc:bc:ff,romfile=" in words
    assert not any("9p" in word or "virtconsole" in word for word in words)
    disk = nodes(words)[0]
    assert disk["read-only"] is False
    backing = disk["backing"]
    assert isinstance(backing, dict)
    assert (backing["read-only"], backing["backing"]) == (True, None)


def test_what_only_user_mode_linux_does_is_refused(pc_request: BootRequest) -> None:
    for request in (
        replace(pc_request, virtual_start=1),
        replace(pc_request, further_images=(pc_request.image,) if pc_request.image else ()),
    ):
        with pytest.raises(UnsupportedError, match="no virtual time") as caught:
            QemuBackend(restores=False).boot(request)
        assert "uml" in caught.value.hint


def test_a_kernel_without_an_initial_file_system_is_refused(
    pc_request: BootRequest, emulator: Callable[[str], None]
) -> None:
    emulator(TELL)
    assert pc_request.kernel is not None
    request = replace(pc_request, kernel=replace(pc_request.kernel, initrd=None))
    with pytest.raises(BootError, match="east: kernel pc is for no emulated PC"):
        QemuBackend(restores=False).boot(request)


@pytest.fixture
def desk(pc_request: BootRequest, emulator: Callable[[str], None]) -> Iterator[Callable[[str], Started]]:
    """Starts a script that finds the guest's end of the desk in $desk."""
    machines: list[Started] = []

    def begin(script: str) -> Started:
        find = "for word; do case $word in socket,id=line2,fd=*) desk=${word##*=} ;; esac; done"
        emulator(f"{find}\n{script}")
        machines.append(boot_cold(pc_request))
        return machines[-1]

    yield begin
    for started in machines:
        os.killpg(started.process.pid, signal.SIGKILL) if started.process.poll() is None else None
        started.process.wait()
        started.close()


def test_a_guest_is_told_what_to_run_when_and_who_it_is(
    pc_request: BootRequest, desk: Callable[[str], Started]
) -> None:
    started = desk('eval "read -r order <&$desk"; echo "heard $order"; eval "echo going >&$desk"')
    assert started.hear(b"going", 30)
    word, script, now, mac = pc_request.kernel_log.read_text().split("heard ")[1].split()
    assert (word, script, mac) == ("go", "east/boot.sh", "12:00:00:dc:bc:ff")
    assert abs(int(now) - time.time()) < 300


def test_a_guest_that_dies_is_not_waited_for(desk: Callable[[str], Started]) -> None:
    assert not desk("exit 1").hear(b"going", 600)


def test_a_guest_that_is_silent_is_waited_for_so_long(desk: Callable[[str], Started]) -> None:
    assert not desk('eval "echo gone >&$desk"; sleep 600').hear(b"going", 0.2)


def test_a_restored_guest_that_does_not_go_on_is_booted_from_cold(
    pc_request: BootRequest, emulator: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "state").touch()
    monkeypatch.setattr("parley.backend.qemu.saved_state", lambda *_: tmp_path / "state")
    emulator('case "$*" in *-incoming*) exit 1 ;; *) echo cold; exec sleep 600 ;; esac')
    machine = QemuBackend().boot(pc_request)
    machine.settle()
    assert machine.exited() is None
    while "cold\n" not in (log := pc_request.kernel_log.read_text()):
        time.sleep(0.01)
    assert "did not go on; booting from cold" in log
    machine.kill()
    machine.kill()
    assert machine.exited() == -signal.SIGKILL


def test_one_that_cannot_be_saved_boots_from_cold(
    pc_request: BootRequest, emulator: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(qemu_snapshot, "_LIMIT", 0.2)
    emulator(f'{TELL}; case "$*" in *-incoming*) echo restored ;; esac')
    words = told(pc_request)
    assert "-incoming" not in words


def test_what_was_saved_before_gives_way(
    pc_request: BootRequest, emulator: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(qemu_snapshot, "_save", lambda _, state: state.touch())
    emulator("echo emulator 1.0")
    store = Store(tmp_path / "store")
    first = qemu_snapshot.saved_state(store, pc_request)
    larger = qemu_snapshot.saved_state(store, replace(pc_request, memory=1024))
    monkeypatch.setattr(qemu_snapshot, "_version", lambda: "emulator 2.0")
    second = qemu_snapshot.saved_state(store, pc_request)
    assert first is not None
    assert first != second
    assert not first.exists()
    assert {entry.path / "state" for entry in store.entries()} == {larger, second}


def test_a_saved_guest_depends_on_all_that_it_is_made_of(
    pc_request: BootRequest, emulator: Callable[[str], None]
) -> None:
    emulator("echo emulator 1.0")
    recipes = {
        qemu_snapshot._recipe(pc_request),
        qemu_snapshot._recipe(replace(pc_request, memory=1024)),
        qemu_snapshot._recipe(replace(pc_request, nics=())),
        qemu_snapshot._recipe(replace(pc_request, hardware=Hardware("pc"))),
    }
    assert len(recipes) == 4
    other_case = replace(pc_request, host="west", boot_script="west/boot.sh")
    assert qemu_snapshot._recipe(other_case) in recipes


def test_a_machine_that_hears_no_power_button_is_ended(
    pc_request: BootRequest, emulator: Callable[[str], None]
) -> None:
    emulator("exit 0")
    machine = QemuBackend(restores=False).boot(pc_request)
    while machine.exited() is None:
        time.sleep(0.01)
    assert machine.stop(600), "it went by itself"


def test_the_record_says_what_ran_the_guests(emulator: Callable[[str], None]) -> None:
    emulator(TELL)
    assert QemuBackend(restores=False).label == "qemu (tcg)"
    assert QemuDiskBackend(restores=False).label == "qemu-disk (tcg)"
    (remark,) = QemuBackend(restores=False).remarks()
    assert "a reason" in remark


def test_a_host_whose_daemon_was_compiled_from_a_tree_boots_from_a_clone_of_its_own_disk(
    pc_request: BootRequest, emulator: Callable[[str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator(TELL)
    asked = []

    def fake_disk(_store: Store, image: Image, kernel: Kernel) -> Disk:
        asked.append((image.name, image.digest, kernel.name))
        (tmp_path / "disk.qcow2").touch()
        return Disk(tmp_path / "disk.qcow2", "qcow2", is_read_only=True)

    def fake_clone(base: Disk, place: Path, _owner: Owner) -> Disk:
        place.touch()
        return Disk(place, "qcow2", backing=base)

    monkeypatch.setattr("parley.backend.qemu.ensure_disk", fake_disk)
    monkeypatch.setattr("parley.backend.qemu.clone", fake_clone)
    compiled = Image("libreswan@src-mine", pc_request.image.path if pc_request.image else tmp_path, {}, "s1")
    backend = QemuDiskBackend(Store(tmp_path / "store"))
    words = told(replace(pc_request, image=compiled), backend)
    assert asked == [("libreswan@src-mine", "s1", "pc")]
    assert "-kernel" not in words
    assert "-incoming" not in words
    (node,) = nodes(words)
    backing = node["backing"]
    assert node["read-only"] is False
    assert isinstance(backing, dict)
    assert backing["read-only"] is True
    assert list(tmp_path.glob("east*.qcow2")) == [], "open, and gone by name"


class FakeQemu:
    """The other end of a monitor: greets, then answers commands by name."""

    def __init__(self, answers: dict[str, object]) -> None:
        self.ours, self.theirs = socket.socketpair()
        self.answers = answers
        self.asked: list[str] = []

    def serve(self) -> None:
        version = {"qemu": {"major": 7, "minor": 2, "micro": 0}, "package": ""}
        with self.theirs:
            self._say({"QMP": {"version": version, "capabilities": []}})
            # The library sends one command after the other, without any sign of its end.
            while data := self.theirs.recv(65536):
                if not data.strip():
                    continue  # what carries a descriptor
                asked = json.loads(data)
                self.asked.append(asked["execute"])
                answer = self.answers.get(asked["execute"], {})
                failed = isinstance(answer, dict) and "class" in answer
                reply = {"error" if failed else "return": answer}
                self._say(reply | ({"id": asked["id"]} if "id" in asked else {}))

    def _say(self, message: dict[str, object]) -> None:
        self.theirs.sendall(json.dumps(message).encode() + b"\r\n")


@pytest.fixture
def monitored() -> Iterator[Callable[[dict[str, object]], tuple[Monitor, FakeQemu]]]:
    opened: list[tuple[Monitor, threading.Thread]] = []

    def begin(answers: dict[str, object]) -> tuple[Monitor, FakeQemu]:
        fake = FakeQemu(answers)
        thread = threading.Thread(target=fake.serve)
        thread.start()
        monitor = Monitor("east", fake.ours)
        opened.append((monitor, thread))
        return monitor, fake

    yield begin
    for monitor, thread in opened:
        monitor.close()
        thread.join()


def test_a_monitor_is_asked_and_answers(
    monitored: Callable[[dict[str, object]], tuple[Monitor, FakeQemu]],
) -> None:
    monitor, fake = monitored({"query-status": {"status": "running"}})
    assert monitor.execute("query-status") == {"status": "running"}
    monitor.wait_until_running(10)
    assert fake.asked == ["qmp_capabilities", "query-status", "query-status"]


def test_a_refusal_names_the_host_and_the_command(
    monitored: Callable[[dict[str, object]], tuple[Monitor, FakeQemu]],
) -> None:
    monitor, _ = monitored({"migrate": {"class": "GenericError", "desc": "not now"}})
    with pytest.raises(BootError, match=r"east: QEMU does not do migrate: .*not now"):
        monitor.execute("migrate")


def test_a_saving_that_fails_is_an_error(
    monitored: Callable[[dict[str, object]], tuple[Monitor, FakeQemu]], tmp_path: Path
) -> None:
    monitor, fake = monitored({"query-migrate": {"status": "failed"}})
    with (tmp_path / "state").open("wb") as file, pytest.raises(BootError, match="query-migrate says failed"):
        monitor.migrate(file.fileno(), 10)
    assert fake.asked[-4:] == ["migrate-set-parameters", "getfd", "migrate", "query-migrate"]


def test_a_monitor_that_is_gone_is_an_error() -> None:
    ours, theirs = socket.socketpair()
    theirs.close()
    monitor = Monitor("east", ours)
    with pytest.raises(BootError, match="east: QEMU does not do quit"):
        monitor.execute("quit")
    monitor.close()
