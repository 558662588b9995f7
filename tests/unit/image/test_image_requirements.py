from __future__ import annotations

import os
import platform
from typing import TYPE_CHECKING

import pytest

from parley.errors import MissingError, UnsupportedError
from parley.image import requirements as module
from parley.image import subids
from parley.image.requirements import Requirement, cure, missing_requirements, require

if TYPE_CHECKING:
    from pathlib import Path

PROGRAMS = {"mmdebstrap", "mke2fs", "patchelf", "setpriv", "tshark", "gawk", "newuidmap"}


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An ordinary user on a machine that has everything."""
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(module, "available", lambda: True)
    monkeypatch.setattr(module, "_has", lambda program: program in PROGRAMS)
    monkeypatch.setattr(module, "works", lambda *_: True)
    monkeypatch.setattr(module, "as_root", tuple)
    monkeypatch.setattr(subids, "enough", lambda: True)
    monkeypatch.setattr(subids, "free_range", lambda: (165536, 231071))
    monkeypatch.setattr(subids, "user", lambda: "paul")
    (tmp_path / "keyring").touch()
    monkeypatch.setattr(module, "KEYRING", tmp_path / "keyring")
    return monkeypatch


@pytest.mark.usefixtures("machine")
def test_nothing_is_missing_where_all_is_there() -> None:
    assert missing_requirements() == []
    require()


def test_one_error_names_all_that_root_must_run(machine: pytest.MonkeyPatch, tmp_path: Path) -> None:
    machine.setattr(module, "_has", lambda program: program == "setpriv")
    machine.setattr(module, "KEYRING", tmp_path / "absent")
    machine.setattr(subids, "enough", lambda: False)
    with pytest.raises(MissingError) as caught:
        require()
    install, usermod = (line.strip() for line in caught.value.hint.splitlines())
    assert install == (
        "sudo apt-get install -y debian-archive-keyring e2fsprogs gawk mmdebstrap patchelf tshark uidmap"
    )
    assert usermod == "sudo usermod --add-subuids 165536-231071 --add-subgids 165536-231071 paul"


def test_what_images_do_not_need_stops_no_build(machine: pytest.MonkeyPatch) -> None:
    machine.setattr(module, "_has", lambda program: program != "tshark")
    assert [requirement.what for requirement in missing_requirements()] == ["tshark"]
    require()


def test_root_needs_no_user_namespace_and_no_sudo(machine: pytest.MonkeyPatch) -> None:
    machine.setattr(os, "geteuid", lambda: 0)
    machine.setattr(subids, "enough", lambda: False)
    machine.setattr(module, "_has", lambda program: program not in {"newuidmap", "patchelf"})
    with pytest.raises(MissingError) as caught:
        require()
    assert caught.value.hint == "apt-get install -y patchelf"


def test_refused_namespaces_name_the_switch(machine: pytest.MonkeyPatch) -> None:
    machine.setattr(module, "works", lambda *_: False)
    machine.setattr(module, "_SWITCHES", (("kernel.ostype", "Linux", "Hurd"),))
    (requirement,) = missing_requirements()
    assert requirement.cure == "sudo sysctl -w kernel.ostype=Hurd"


def test_namespaces_refused_by_nothing_known_leave_root(machine: pytest.MonkeyPatch) -> None:
    machine.setattr(module, "works", lambda *_: False)
    machine.setattr(module, "_SWITCHES", (("kernel.ostype", "Hurd", ""), ("kernel.absent", "1", "0")))
    (requirement,) = missing_requirements()
    assert requirement.cure == "sudo -E parley image build"


def test_an_old_unshare_is_noticed(machine: pytest.MonkeyPatch) -> None:
    machine.setattr(module, "as_root", lambda: None)
    (requirement,) = missing_requirements()
    assert requirement.what == "unshare --map-auto"


def test_a_machine_without_apt_lacks_one_thing(machine: pytest.MonkeyPatch) -> None:
    machine.setattr(module, "available", lambda: False)
    assert [requirement.what for requirement in missing_requirements()] == ["apt"]


def test_another_processor_never_can(machine: pytest.MonkeyPatch) -> None:
    machine.setattr(platform, "machine", lambda: "aarch64")
    with pytest.raises(UnsupportedError, match="aarch64"):
        missing_requirements()


def test_a_cure_is_named_once() -> None:
    twice = Requirement("a", "b", "sudo -E parley image build")
    assert cure([twice, twice]) == "sudo -E parley image build"


def write_subids(directory: Path, monkeypatch: pytest.MonkeyPatch, uids: str, gids: str) -> None:
    (directory / "subuid").write_text(uids)
    (directory / "subgid").write_text(gids)
    monkeypatch.setattr(subids, "FILES", (directory / "subuid", directory / "subgid"))
    monkeypatch.setattr(subids, "user", lambda: "paul")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)


@pytest.mark.parametrize(
    ("uids", "gids", "enough"),
    [
        ("paul:100000:65536\n", "paul:100000:65536\n", True),
        ("1000:100000:65536\n", "paul:200000:70000\n", True),
        ("paul:100000:65536\n", "", False),
        ("paul:100000:1000\n", "paul:100000:65536\n", False),
        ("paula:100000:65536\n", "paula:100000:65536\n", False),
        ("# paul\npaul:x:65536\npaul:1\n\n", "paul:100000:65536\n", False),
    ],
)
def test_subordinate_ids(
    uids: str, gids: str, enough: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_subids(tmp_path, monkeypatch, uids, gids)
    assert subids.enough() is enough


def test_a_free_range_overlaps_nobodys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_subids(tmp_path, monkeypatch, "a:100000:65536\nb:300000:10\n", "a:100000:65536\n")
    assert subids.free_range() == (300010, 365545)
    write_subids(tmp_path, monkeypatch, "", "")
    assert subids.free_range() == (100000, 165535)
