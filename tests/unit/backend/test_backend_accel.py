"""What is believed of an accelerator: a script stands in for QEMU."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from parley.backend import accel
from parley.backend.accel import Accelerator, accelerator
from parley.errors import MissingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

WORKS = "exit 33"


@pytest.fixture
def emulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Says what QEMU does with KVM and without; there is a device unless told otherwise."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    accelerator.cache_clear()

    def install(*, kvm: str, tcg: str = WORKS, device: bool = True) -> None:
        (tmp_path / "kvm").touch()
        monkeypatch.setattr(accel, "_KVM", tmp_path / ("kvm" if device else "none"))
        script = tmp_path / accel.QEMU
        script.write_text(f'#!/bin/sh\ncase "$*" in *"-accel kvm"*) {kvm} ;; *) {tcg} ;; esac\n')
        script.chmod(0o755)

    yield install
    accelerator.cache_clear()


def test_a_guest_that_ran_is_the_proof(emulator: Callable[..., None]) -> None:
    emulator(kvm=WORKS)
    assert accelerator().name == "kvm"
    assert accelerator().options == ("-accel", "kvm", "-cpu", "host")
    assert accelerator().slowness == 1


@pytest.mark.parametrize(
    ("kvm", "reason"),
    [
        ("echo 'qemu: error: failed to set MSR 0x10a' >&2; exit 134", "failed to set MSR 0x10a"),
        ("exit 0", "it says nothing (status 0)"),
        ("exit 1", "it says nothing (status 1)"),
    ],
)
def test_a_device_that_runs_no_guest_is_not_used(
    emulator: Callable[..., None], kvm: str, reason: str
) -> None:
    emulator(kvm=kvm)
    chosen = accelerator()
    assert chosen.name == "tcg"
    assert reason in chosen.reason
    assert chosen.groups == ()
    assert chosen.slowness > 1


def test_a_machine_without_the_device_emulates(emulator: Callable[..., None]) -> None:
    emulator(kvm=WORKS, device=False)
    assert accelerator() == Accelerator("tcg", "there is no " + str(accel._KVM))


def test_a_guest_that_never_ends_is_given_up(
    emulator: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accel, "_LIMIT", 0.2)
    emulator(kvm="exec sleep 60")
    assert "longer than 0.2 s" in accelerator().reason


def test_without_an_emulator_its_package_is_named(
    emulator: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator(kvm=WORKS)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(MissingError, match="QEMU runs no guest here") as caught:
        accelerator()
    assert accel.PACKAGE in caught.value.hint
