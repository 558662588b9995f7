from __future__ import annotations

from pathlib import Path

import pytest

from parley.backend.fake import Answer, FakeBackend
from parley.backend.uml import UmlBackend
from parley.case.model import HostSpec
from parley.errors import UnsupportedError
from parley.image.kernel import Kernel
from parley.image.rootfs import Image
from parley.lab.clock import lab_kind
from parley.lab.lab import HostPlan, Lab
from parley.lab.shared import SharedLab
from parley.platform.debian import Debian


def plans(*features: str, emulated: bool = False) -> list[HostPlan]:
    kernel = Kernel("kernel@x", "7", Path("linux"), None, "0", frozenset(features))
    image = Image("libreswan", Path("root.ext4"), {}, "0")
    backend = FakeBackend(lambda _host, _command: Answer()) if emulated else UmlBackend()
    return [HostPlan(HostSpec("west"), Debian(), backend, image, kernel)]


@pytest.mark.parametrize("asked", ["auto", "virtual"])
def test_hosts_that_can_live_in_virtual_time(asked: str) -> None:
    assert lab_kind(asked, "auto", plans("time-travel")) is SharedLab


def test_the_users_wish_comes_before_the_cases() -> None:
    assert lab_kind("real", "virtual", plans("time-travel")) is Lab
    assert lab_kind("virtual", "real", plans("time-travel")) is SharedLab


def test_a_case_that_wants_real_time_gets_it() -> None:
    assert lab_kind("auto", "real", plans("time-travel")) is Lab


def test_without_the_lab_kernel_time_is_real() -> None:
    assert lab_kind("auto", "auto", plans()) is Lab


def test_what_needs_virtual_time_says_what_it_lacks() -> None:
    with pytest.raises(UnsupportedError, match=r"--clock real waits out: .*parley kernel build"):
        lab_kind("auto", "virtual", plans())
    with pytest.raises(UnsupportedError, match="west is booted by fake"):
        lab_kind("virtual", "auto", plans("time-travel", emulated=True))
