"""A share over NFS on fakes: who is asked what, and what becomes of a share that is lost."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fake_labs import equipment, plan
from parley.backend.fake import Answer, FakeBackend
from parley.errors import LabError, UnsupportedError
from parley.image.recipe import NFS_SERVER
from parley.image.rootfs import Image
from parley.lab.jail import Jail
from parley.lab.lab import Lab
from parley.lab.play import collect
from parley.lab.topology import NETWORK
from parley.record.layout import CaseLayout
from parley.run.share import NFS, set_stage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Share:
    """Hosts that see the proof that the server writes, but for those that are `lost`."""

    def __init__(self, *lost: str) -> None:
        self.lost = lost
        self.heard: list[tuple[str, str]] = []
        self.proof = b""

    def __call__(self, host: str, command: str) -> Answer:
        self.heard.append((host, command))
        if found := re.search(r"echo ([0-9a-f]+) >", command):
            self.proof = found[1].encode()
        if command.startswith("cat /testing/") and host in self.lost:
            return Answer(error=b"cat: Input/output error\n", status=1)
        return Answer(self.proof if command.startswith("cat /testing/") else b"")


@contextmanager
def shared(place: Path, guests: Share) -> Iterator[Lab]:
    tools = equipment(place, FakeBackend(guests))
    image = Image(NFS_SERVER, place / "nfs", {}, "digest")
    tools = replace(tools, images={**tools.images, NFS_SERVER: image}, share=NFS)
    layout = CaseLayout(place / "case")
    layout.root.mkdir()
    Jail(layout.share).create()
    stage = set_stage((plan("east", tools), plan("west", tools)), tools, asked="auto")
    assert stage.kind is Lab
    with Lab(layout, stage.plans, NETWORK, share=stage.share) as lab:
        yield lab


def test_the_server_serves_before_anybody_boots_and_is_no_host_of_the_case(tmp_path: Path) -> None:
    guests = Share()
    with shared(tmp_path, guests) as lab:
        collect(lab)
        assert sorted(lab.hosts) == ["east", "west"]
        assert "mount -i -t nfs" in lab.jail.read_text("east/prepare.sh")
        assert "mount -i -t nfs" not in lab.jail.read_text("nfs/prepare.sh")
        assert "link set vec2 name share" in lab.jail.read_text("east/network")
    served = next(
        index for index, (host, text) in enumerate(guests.heard) if host == "nfs" and "nfsd" in text
    )
    assert served < min(index for index, (host, _) in enumerate(guests.heard) if host != "nfs")


def test_a_host_that_cannot_read_it_any_more_is_told_after_all_is_collected(tmp_path: Path) -> None:
    guests = Share("west")
    with shared(tmp_path, guests) as lab, pytest.raises(LabError, match=r"was lost: west cannot read it"):
        collect(lab)
    collected = [
        host for host, text in guests.heard if text.startswith("set -- 'iked") or "xfrm state" in text
    ]
    assert sorted(set(collected)) == ["east", "west"]


@pytest.mark.parametrize(("asked", "case"), [("virtual", "auto"), ("auto", "virtual")])
def test_virtual_time_has_no_share(tmp_path: Path, asked: str, case: str) -> None:
    tools = replace(equipment(tmp_path), share=NFS)
    with pytest.raises(UnsupportedError, match="clock of its own"):
        set_stage((plan("east", tools),), tools, asked=asked, case=case)


def test_a_kernel_that_cannot_serve_says_which_one_can(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("CONFIG_NFS_FS=y\n# CONFIG_NFSD is not set\n")
    tools = replace(equipment(tmp_path), share=NFS)
    with pytest.raises(UnsupportedError, match="serves no NFS"):
        set_stage((plan("east", tools),), tools, asked="auto")


def test_without_being_asked_for_there_is_none(tmp_path: Path) -> None:
    tools = equipment(tmp_path)
    plans = (plan("east", tools),)
    stage = set_stage(plans, tools, asked="auto")
    assert (stage.share, stage.plans) == (None, plans)
