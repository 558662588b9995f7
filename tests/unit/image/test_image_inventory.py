from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from parley.errors import UsageError
from parley.image.inventory import MISSING, OUTDATED, READY, inventory, matching
from parley.image.kernel import kernel_key
from parley.image.rootfs import find_image, image_key
from parley.image.store import Key, Made, Store

if TYPE_CHECKING:
    from pathlib import Path


def add(store: Store, key: Key) -> None:
    def make(directory: Path) -> Made:
        (directory / "linux").touch()
        return Made("recipe", {"a": "1"}, facts={"version": "1", "features": []})

    store.ensure(key, make)


def states(store: Store) -> list[tuple[str, str]]:
    return [(row.name, row.state) for row in inventory(store)]


def test_an_empty_store_shows_what_could_be_made(tmp_path: Path) -> None:
    assert states(Store(tmp_path)) == [
        ("libreswan", MISSING),
        ("openiked", MISSING),
        ("strongswan", MISSING),
        ("kernel", MISSING),
    ]


def test_what_is_there_is_ready_or_outdated(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for key in (
        image_key("libreswan"),
        Key("image", "libreswan", "000000000000"),
        Key("image", "racoon", "000000000000"),
        image_key("openiked@sid"),
        kernel_key("sid"),
    ):
        add(store, key)
    store.downloads.mkdir()
    assert sorted(states(store)) == [
        ("downloads", READY),
        ("kernel@sid", READY),
        ("libreswan", OUTDATED),
        ("libreswan", READY),
        ("openiked", MISSING),
        ("openiked@sid", READY),
        ("racoon", OUTDATED),
        ("strongswan", MISSING),
    ]


def test_a_name_or_a_kind_stands_for_entries(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for name in ("libreswan", "openiked"):
        add(store, image_key(name))
    assert [entry.key.name for entry in matching(store, "image")] == ["libreswan", "openiked"]
    assert [entry.key.name for entry in matching(store, "openiked")] == ["openiked"]
    add(store, Key("x509", "rsa", "000000000000"))
    add(store, Key("x509-set", "ecdsa+rsa", "000000000000"))
    assert [entry.key.name for entry in matching(store, "x509")] == ["rsa", "ecdsa+rsa"]
    with pytest.raises(UsageError, match="strongswan") as caught:
        matching(store, "strongswan")
    assert caught.value.hint == "did you mean libreswan?"


def test_an_image_is_described_by_its_entry(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert find_image(store, "libreswan") is None
    add(store, image_key("libreswan"))
    image = find_image(store, "libreswan@trixie")
    assert image is not None
    assert (image.name, image.version, image.packages) == ("libreswan", "1", {"a": "1"})
    assert image.path == store.path(image_key("libreswan")) / "root.ext4"
