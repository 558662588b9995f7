from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fake_labs import equipment, installed, toy
from parley.case.model import HostSpec
from parley.errors import UnsupportedError
from parley.run.job import host_record
from parley.run.plan import image_name, images_needed, plan_hosts

if TYPE_CHECKING:
    from pathlib import Path


def test_a_host_boots_the_image_of_its_daemon_and_one_without_the_tools() -> None:
    assert image_name(HostSpec("east", implementation="strongswan@sid")) == "strongswan@sid"
    assert image_name(HostSpec("nic")) == "libreswan"


def test_each_image_is_needed_once() -> None:
    hosts = [HostSpec("nic"), HostSpec("east", implementation="toy"), HostSpec("west", implementation="toy")]
    assert images_needed(hosts) == ("libreswan", "toy")


def test_a_plan_has_all_that_a_boot_needs_and_is_remembered(tmp_path: Path) -> None:
    tools = equipment(tmp_path)
    with installed(toy(modules=("af_toy",))):
        plans = plan_hosts([HostSpec("east", implementation="toy"), HostSpec("nic", "linux")], tools)
    assert [plan.modules for plan in plans] == [("af_toy",), ()]
    assert [(plan.image.name, plan.platform.name) for plan in plans] == [
        ("toy", "debian"),
        ("libreswan", "debian"),
    ]
    with installed(toy()):
        record = host_record(plans[0])
    assert (record.name, record.implementation, record.version) == ("east", "toy", "1.0")
    assert (record.backend, record.kernel, record.image) == ("fake", "fake-kernel 1.0", "toy toy-digest")
    assert host_record(plans[1]).version == ""


def test_a_platform_that_is_not_here_is_unsupported(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="east wants openbsd, and no image of it is installed here"):
        plan_hosts([HostSpec("east", "openbsd", "openiked")], equipment(tmp_path))


def test_what_the_kernel_lacks_is_unsupported_with_the_command_that_gets_it(tmp_path: Path) -> None:
    tools = equipment(tmp_path)
    with pytest.raises(
        UnsupportedError, match=r"has no iptfs, xfrm-interface; to have it: parley kernel build$"
    ):
        plan_hosts([HostSpec("nic")], tools, needs=["xfrm-interface", "iptfs"])
    able = replace(tools, kernel=replace(tools.kernel, features=frozenset({"iptfs", "seccomp"})))
    assert plan_hosts([HostSpec("nic")], able, needs=["iptfs"])
