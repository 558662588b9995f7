from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from parley.cli.image import image
from parley.errors import ImageError, UsageError
from parley.image import ensure
from parley.image.rootfs import Image, image_key
from parley.image.store import Made, Progress, Store

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("PARLEY_CACHE", str(tmp_path))
    monkeypatch.setattr(ensure, "ensure_image", _build)
    return Store(tmp_path)


def _build(store: Store, name: str, progress: Progress) -> Image:
    def make(directory: Path) -> Made:
        progress(f"{name}: \x1b[2Jmaking")
        (directory / "root.ext4").write_bytes(bytes(2 * 1024**2))
        return Made("recipe", facts={"version": "5.2"})

    return Image.of(store.ensure(image_key(name), make))


def call(*words: str) -> Result:
    return CliRunner().invoke(image, words, catch_exceptions=False)


@pytest.mark.usefixtures("store")
def test_build_makes_and_reports() -> None:
    result = call("build", "libreswan", "openiked@sid")
    assert result.stdout.splitlines() == [
        f"libreswan: 5.2 (libreswan-{image_key('libreswan').digest})",
        f"openiked@sid: 5.2 (openiked@sid-{image_key('openiked@sid').digest})",
    ]
    assert "\x1b" not in result.stderr
    assert "making" in result.stderr
    assert "making" not in call("build", "libreswan").stderr
    assert "making" in call("build", "libreswan", "--again").stderr


@pytest.mark.usefixtures("store")
def test_build_speaks_json() -> None:
    got = json.loads(call("build", "libreswan", "--json").stdout)
    assert got == {
        "libreswan": {"name": "libreswan", "version": "5.2", "digest": image_key("libreswan").digest}
    }


def test_nothing_is_removed_for_a_name_that_does_not_exist(store: Store) -> None:
    call("build", "libreswan")
    with pytest.raises(UsageError):
        call("build", "--again", "libreswan", "libreswam")
    assert store.find(image_key("libreswan")) is not None


def test_list_is_tab_separated_off_a_terminal(store: Store) -> None:
    call("build", "libreswan")
    lines = [line.split("\t") for line in call("list").stdout.splitlines()]
    (row,) = [line for line in lines if line[1] == "libreswan"]
    assert row[:5] == ["image", "libreswan", "ready", "5.2", "2 MiB"]
    listed = json.loads(call("list", "--json").stdout)
    assert listed["root"] == str(store.root)
    assert {entry["name"]: entry["state"] for entry in listed["entries"]}["openiked"] == "not built"


def test_rm_frees_space_and_refuses_what_is_in_use(store: Store) -> None:
    call("build", "libreswan")
    entry = store.find(image_key("libreswan"))
    assert entry is not None
    with store.hold(entry.path), pytest.raises(ImageError, match="in use"):
        call("rm", "libreswan")
    assert call("rm", "libreswan").stdout == "2 MiB freed\n"
    with pytest.raises(UsageError, match="libreswan"):
        call("rm", "libreswan")


def test_rm_outdated_keeps_what_is_used(store: Store) -> None:
    call("build", "libreswan")
    old = image_key("libreswan")
    store.path(old).rename(store.path(old).with_name("libreswan-000000000000"))
    call("build", "libreswan")
    call("rm", "--outdated")
    assert [entry.key for entry in store.entries()] == [old]


def test_rm_downloads(store: Store) -> None:
    store.downloads.mkdir()
    (store.downloads / "a.deb").write_bytes(bytes(1024**2))
    assert call("rm", "downloads").stdout == "1 MiB freed\n"
    assert not store.downloads.exists()


@pytest.mark.usefixtures("store")
def test_rm_wants_to_know_what() -> None:
    with pytest.raises(UsageError, match="nothing to remove"):
        call("rm")
