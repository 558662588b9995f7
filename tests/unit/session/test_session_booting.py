from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fake_labs import equipment, script
from parley.backend.fake import FakeBackend
from parley.errors import UsageError
from parley.image.equip import Tools
from parley.session import booting
from parley.session.booting import check_booting, equipment_of

if TYPE_CHECKING:
    from pathlib import Path

    from parley.image.kernel import Kernel


class _Slow(FakeBackend):
    """Boots with a kernel of its own, and takes its time."""

    name = "slow"
    slowness = 3.0

    def __init__(self, kernel: Kernel) -> None:
        super().__init__(script({}))
        self._kernel = kernel

    def kernel_for_linux(self, *_: object) -> Kernel:
        return self._kernel

    def remarks(self) -> tuple[str, ...]:
        return ("slow: takes its time",)


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tools:
    """Tools for the backends `uml` and `qemu`, the latter a slow one."""
    given = equipment(tmp_path)
    own = equipment(tmp_path / "own").kernel

    def make(name: str) -> FakeBackend:
        return _Slow(own) if name == "qemu" else FakeBackend(script({}))

    monkeypatch.setattr(booting, "make_backend", make)
    return Tools(given.kernel, dict(given.images), given.certificates)


def test_each_host_has_its_backend_and_that_its_kernel(
    tools: Tools, capsys: pytest.CaptureFixture[str]
) -> None:
    made = equipment_of(tools, tools.images, ["west=qemu"])
    assert made.booting("east").kernel == tools.kernel
    assert made.booting("east").backend.name == "fake"
    assert made.booting("west").backend.name == "slow"
    assert made.booting("west").kernel != tools.kernel
    assert made.slowness == 3
    assert "slow: takes its time" in capsys.readouterr().err


def test_one_backend_serves_all_its_hosts(tools: Tools) -> None:
    made = equipment_of(tools, tools.images, ["qemu", "east=qemu"])
    assert made.booting("east").backend is made.booting("west").backend


def test_the_default_is_as_fast_as_this_machine(tools: Tools, capsys: pytest.CaptureFixture[str]) -> None:
    assert equipment_of(tools, tools.images, []).slowness == 1
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("backends", "first"),
    [(["qemo"], ""), (["wets=qemu"], ""), ([], "wets"), (["road=qemu"], ""), ([], "road")],
)
def test_a_word_about_nothing_is_a_mistake(backends: list[str], first: str) -> None:
    with pytest.raises(UsageError):
        check_booting(backends, first, ("east", "west"))


def test_words_about_hosts_that_boot_are_none() -> None:
    check_booting(["qemu", "west=uml"], "east", ("east", "west"))
    check_booting(["road=uml"], "road")
