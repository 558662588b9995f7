from __future__ import annotations

from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from fake_labs import equipment, script
from parley.backend.accel import Accelerator
from parley.backend.fake import Answer, FakeBackend
from parley.doctor import probes
from parley.doctor.probes import State, _boot, _existing, _program, _room, emulation, examine, libvirt
from parley.errors import MissingError
from parley.image.requirements import Requirement

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def program(place: Path, monkeypatch: pytest.MonkeyPatch, text: str, mode: int = 0o755) -> None:
    (place / "tool").write_text(text)
    (place / "tool").chmod(mode)
    monkeypatch.setenv("PATH", f"{place}:/usr/bin:/bin")


@pytest.mark.parametrize(
    ("text", "state", "detail"),
    [
        ("#!/bin/sh\necho tool 4.4.2\necho more\n", State.OK, "tool 4.4.2"),
        ("#!/bin/sh\n", State.OK, ""),
        ("#!/bin/sh\necho no library >&2; exit 127\n", State.OPTIONAL, "fails: no library"),
        ("#!/nowhere/interpreter\n", State.OPTIONAL, "cannot be started: No such file or directory"),
    ],
)
def test_a_program_is_started_and_not_only_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, state: State, detail: str
) -> None:
    program(tmp_path, monkeypatch, text)
    finding = _program("tool", "ladders", "apt-get install tool")
    assert (finding.state, finding.detail) == (state, detail)
    assert finding.cure == ("" if state is State.OK else "apt-get install tool")


def test_a_program_that_is_not_there_costs_what_it_is_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    finding = _program("tool", "ladders", "apt-get install tool")
    assert (finding.state, finding.detail, finding.cost) == (State.OPTIONAL, "not there", "ladders")


@pytest.mark.parametrize(("free", "state"), [(99, State.MISSING), (100, State.OK)])
def test_room_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, state: State) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=free * 2**20))
    finding = _room(tmp_path, 100, "images")
    assert (finding.state, finding.detail) == (state, f"{free} MiB free, 100 wanted")


def test_a_place_that_does_not_exist_has_no_room(tmp_path: Path) -> None:
    finding = _room(tmp_path / "shm", 1, "memory of the hosts")
    assert (finding.state, finding.detail) == (State.MISSING, "not there")


def test_a_cache_that_is_not_made_yet_lies_where_it_will_be(tmp_path: Path) -> None:
    assert _existing(tmp_path / "a" / "b") == tmp_path


@contextmanager
def lab_of_fakes(place: Path, monkeypatch: pytest.MonkeyPatch, **answers: Answer) -> Iterator[None]:
    tools = equipment(place)
    monkeypatch.setattr(probes, "find_kernel", lambda _: tools.kernel)
    monkeypatch.setattr(probes, "find_image", lambda _, name: tools.images[name])
    monkeypatch.setattr(probes, "UmlBackend", lambda: FakeBackend(script(answers)))
    yield


def test_a_host_is_really_booted_and_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with lab_of_fakes(tmp_path, monkeypatch):
        finding = _boot()
    assert finding.state is State.OK
    assert finding.detail.startswith("fake-kernel 1.0, up in ")


@pytest.mark.parametrize(
    ("answers", "detail"),
    [
        ({"ip": Answer(error=b"Cannot open netlink socket\n", status=1)}, "Cannot open netlink socket"),
        ({"ping": Answer(dies=True, console=b"Kernel panic - not syncing\n")}, "Kernel panic"),
        ({"ip": Answer(dies=True)}, "its kernel ended"),
    ],
)
def test_a_host_that_does_not_boot_or_answer_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: dict[str, Answer], detail: str
) -> None:
    with lab_of_fakes(tmp_path, monkeypatch, **answers):
        finding = _boot()
    assert finding.state is State.MISSING
    assert detail in finding.detail
    assert finding.cure


def test_without_an_image_there_is_nothing_to_boot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "find_kernel", lambda _: None)
    monkeypatch.setattr(probes, "find_image", lambda *_: None)
    finding = _boot()
    assert (finding.state, finding.cure) == (State.MISSING, "parley image build")


def test_everything_is_examined_and_what_is_missing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needed = [
        Requirement("mmdebstrap", "every image", "apt-get install mmdebstrap"),
        Requirement("tshark", "message ladders", "apt-get install tshark"),
    ]
    monkeypatch.setattr(probes, "missing_requirements", lambda: needed)
    monkeypatch.setenv("PARLEY_CACHE", str(tmp_path))
    with lab_of_fakes(tmp_path, monkeypatch):
        findings = list(examine())
    found = {finding.what: finding.state for finding in findings}
    assert len(found) == len(findings)
    assert found["mmdebstrap"] is State.MISSING
    assert found["boot of a host"] is State.OK
    assert {"/dev/shm", "tshark"} <= set(found)  # noqa: S108 -- where UML keeps the memory of hosts


def test_nothing_missing_is_said_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "missing_requirements", list)
    with lab_of_fakes(tmp_path, monkeypatch):
        first = next(examine())
    assert (first.what, first.state) == ("making images", State.OK)


def test_what_runs_guests_is_found_out_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "accelerator", lambda: Accelerator("kvm"))
    assert emulation().state is State.OK
    monkeypatch.setattr(probes, "accelerator", lambda: Accelerator("tcg", "failed to set MSR"))
    finding = emulation()
    assert finding.state is State.OPTIONAL
    assert "failed to set MSR" in finding.detail
    assert "slower" in finding.cost


def test_without_an_emulator_the_cure_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> Accelerator:
        raise MissingError("no QEMU", hint="apt-get install it")

    monkeypatch.setattr(probes, "accelerator", missing)
    finding = emulation()
    assert (finding.state, finding.cure) == (State.OPTIONAL, "apt-get install it")


def test_a_daemon_that_does_not_answer_is_no_illness(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("libvirt")
    monkeypatch.setenv("LIBVIRT_DEFAULT_URI", f"qemu:///system?socket={tmp_path}/none")
    finding = libvirt()
    assert finding.state is State.OPTIONAL
    assert "no libvirt daemon answers" in finding.detail
