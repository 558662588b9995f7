from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fake_labs import equipment
from parley.backend.base import Disk
from parley.backend.qemu import QemuBackend
from parley.backend.uml import UmlBackend
from parley.case.model import HostSpec
from parley.errors import UnsupportedError
from parley.install.base import Base
from parley.platform.openbsd import OpenBsd
from parley.run.job import host_record
from parley.run.plan import images_needed, plan_hosts

if TYPE_CHECKING:
    from pathlib import Path

EAST = HostSpec("east", "openbsd", "openiked")
WEST = HostSpec("west", "debian", "libreswan")


def system(place: Path) -> Base:
    disk = Disk(place / "disk.qcow2", "qcow2")
    facts = {"kernel": "7.9 GENERIC#1", "root_password": "secret"}
    return Base("openbsd-7.9", "7.9", "0123456789ab", disk, facts, {"bash": "5.3"})


def test_a_platform_that_is_not_installed_says_how_to_have_it(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="to have it: parley install openbsd --iso FILE"):
        plan_hosts([EAST], equipment(tmp_path))


def test_platforms_are_mixed_in_one_case(tmp_path: Path) -> None:
    tools = replace(equipment(tmp_path, UmlBackend()), systems={"openbsd": system(tmp_path)})
    east, west = plan_hosts([EAST, WEST], tools)
    assert isinstance(east.platform, OpenBsd)
    assert east.platform.password == "secret"  # noqa: S105 -- no secret
    assert isinstance(east.backend, QemuBackend)
    assert east.media
    assert east.media.disk == system(tmp_path).disk
    assert west.backend is tools.backend
    assert images_needed([EAST, WEST]) == ("libreswan",)


def test_features_of_linux_s_kernel_are_asked_of_no_bsd(tmp_path: Path) -> None:
    tools = replace(equipment(tmp_path), systems={"openbsd": system(tmp_path)})
    assert plan_hosts([EAST], tools, ["iptfs"])
    with pytest.raises(UnsupportedError, match="iptfs"):
        plan_hosts([EAST, WEST], tools, ["iptfs"])


def test_a_backend_that_emulates_pcs_boots_bsds_too(tmp_path: Path) -> None:
    tools = replace(equipment(tmp_path), systems={"openbsd": system(tmp_path)})
    (east,) = plan_hosts([EAST], tools)
    assert east.backend is tools.backend


def test_a_result_names_the_release_and_the_kernel(tmp_path: Path) -> None:
    tools = replace(equipment(tmp_path), systems={"openbsd": system(tmp_path)})
    record = host_record(plan_hosts([EAST], tools)[0])
    assert (record.platform, record.version) == ("openbsd", "7.9")
    assert (record.image, record.kernel) == ("openbsd-7.9 0123456789ab", "openbsd 7.9 GENERIC#1")
