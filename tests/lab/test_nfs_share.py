"""A share over NFS between real kernels: used, cut in the middle of a case, and its server killed."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from parley.backend.uml import UmlBackend
from parley.case.model import HostSpec
from parley.errors import CommandTimeoutError, LabError
from parley.image.ensure import ensure_each
from parley.image.recipe import NFS_SERVER
from parley.image.rootfs import Image
from parley.image.store import Store
from parley.lab.jail import Jail
from parley.lab.lab import HostPlan, Lab
from parley.lab.play import collect
from parley.lab.share import NfsShare
from parley.lab.topology import NETWORK
from parley.platform.debian import Debian
from parley.platform.nfs import CLIENT_MODULES, SERVER, SERVER_MODULES
from parley.record.layout import CaseLayout

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from parley.image.ensure import Ready

pytestmark = pytest.mark.lab

CASE = "/testing/suite/case"


@contextmanager
def shared_lab(place: Path, ready: Ready) -> Iterator[Lab]:
    for directory in (place, *place.parents[:-1]):
        if directory.stat().st_uid == os.geteuid():
            directory.chmod(directory.stat().st_mode | 0o011)
    image = ensure_each(Store.default(), [NFS_SERVER])[NFS_SERVER]
    assert isinstance(image, Image)
    layout = CaseLayout(place / "case")
    layout.root.mkdir()
    jail = Jail(layout.share)
    jail.create()
    jail.make_directory("testing/suite/case/OUTPUT")
    jail.write("testing/suite/case/hello.sh", b"#!/bin/sh\necho hello from $(hostname)\n", mode=0o755)

    def plan(name: str, root: Image, modules: tuple[str, ...]) -> HostPlan:
        return HostPlan(HostSpec(name), Debian(), UmlBackend(), root, ready.kernel, modules)

    clients = tuple(plan(name, ready.images["libreswan"], CLIENT_MODULES) for name in ("east", "west"))
    share = NfsShare(plan(SERVER, image, SERVER_MODULES))
    with Lab(layout, clients, NETWORK, directory=CASE, share=share) as lab:
        yield lab


def step(lab: Lab, host: str, index: int, command: str) -> tuple[int, str]:
    status = lab.hosts[host].play(index, command, 40)
    return status, lab.jail.read_text(f"{host}/step/{index:04}.out")


def test_a_case_s_directory_is_served_and_what_hosts_leave_there_is_kept(
    tmp_path: Path, ready: Ready
) -> None:
    with shared_lab(tmp_path, ready) as lab:
        assert step(lab, "west", 0, "pwd; ./hello.sh; echo from west >OUTPUT/note; stat -fc %T .") == (
            0,
            f"{CASE}\nhello from west\nnfs\n",
        )
        assert step(lab, "east", 0, "cat OUTPUT/note; echo from east >>OUTPUT/note") == (0, "from west\n")
        assert step(lab, "west", 1, "cat OUTPUT/note") == (0, "from west\nfrom east\n")
        collect(lab)
        assert lab.jail.read_text("testing/suite/case/OUTPUT/note") == "from west\nfrom east\n"
    assert lab.layout.share_capture.stat().st_size > 10_000
    assert b"198.19.0" not in lab.layout.capture.read_bytes()


def test_a_network_that_is_cut_in_the_middle_costs_no_log_and_is_told(tmp_path: Path, ready: Ready) -> None:
    with shared_lab(tmp_path, ready) as lab:
        assert lab.share
        assert step(lab, "west", 0, "echo 'daemon: before' >/parley/log/toy.log; ./hello.sh")[0] == 0
        lab.share.cut()
        try:
            status, output = step(lab, "west", 1, "echo 'daemon: after' >>/parley/log/toy.log; cat hello.sh")
        except CommandTimeoutError:
            status, output = 1, "ended at its limit"
        assert status != 0
        assert "hello from" not in output
        assert lab.hosts["west"].run("echo alive").output == "alive\n"
        with pytest.raises(LabError, match=r"share over NFS was lost: east, west cannot read it"):
            collect(lab)
    assert lab.jail.read_text("west/log/toy.log") == "daemon: before\ndaemon: after\n"
    assert lab.jail.read_text("west/step/0000.out") == "hello from west\n"
    for host in lab.hosts:
        assert "Linux" in lab.jail.read_text(f"{host}/state/dmesg")


def test_a_server_that_dies_is_told_too(tmp_path: Path, ready: Ready) -> None:
    with shared_lab(tmp_path, ready) as lab:
        assert lab.share
        lab.share.server.machine.kill()
        with pytest.raises(LabError, match=r"nfs: its (serial line|kernel)"):
            collect(lab)
        assert lab.jail.read_text("east/state/processes")
