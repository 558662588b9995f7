from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from parley.errors import ImageError, UsageError
from parley.image import kernel as module
from parley.image.kernel import (
    LAB,
    Kernel,
    check_reachable,
    ensure_kernel,
    find_kernel,
    is_kernel,
    kernel_key,
    kernel_suite,
)
from parley.image.kernel_features import features
from parley.image.store import Key, Made, Store

if TYPE_CHECKING:
    from pathlib import Path


def add(store: Store, key: Key, *, version: str = "7.2.7", modules: bool = True) -> None:
    def make(directory: Path) -> Made:
        (directory / "linux").touch()
        if modules:
            (directory / "modules.ext4").touch()
        return Made("recipe", facts={"version": version, "features": ["seccomp"]})

    store.ensure(key, make)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def test_a_kernel_is_described_by_its_entry(store: Store) -> None:
    add(store, kernel_key("sid"))
    directory = store.path(kernel_key("sid"))
    expected = Kernel(
        name="kernel@sid",
        version="7.2.7",
        binary=directory / "linux",
        modules=directory / "modules.ext4",
        digest=kernel_key("sid").digest,
        features=frozenset({"seccomp"}),
    )
    assert find_kernel(store) == ensure_kernel(store) == expected


def test_the_lab_kernel_is_preferred_to_debians(store: Store) -> None:
    add(store, kernel_key("sid"))
    add(store, Key("kernel", LAB, "0123456789ab"), version="7.2.0-lab", modules=False)
    found = find_kernel(store)
    assert found is not None
    assert (found.name, found.version, found.modules) == (LAB, "7.2.0-lab", None)


def test_an_older_kernel_that_is_there_is_good_enough(store: Store) -> None:
    add(store, kernel_key("trixie"), version="6.12")
    assert ensure_kernel(store).name == "kernel@trixie"


def test_no_kernel_is_found_in_an_empty_store(store: Store) -> None:
    assert find_kernel(store) is None


def _fail_for(monkeypatch: pytest.MonkeyPatch, *suites: str) -> None:
    def ensure(store: Store, suite: str, _progress: object) -> Kernel:
        if suite in suites:
            raise ImageError(f"{suite} is gone")
        add(store, kernel_key(suite))
        found = find_kernel(store)
        assert found is not None
        return found

    monkeypatch.setattr(module, "_ensure", ensure)
    monkeypatch.setattr(module, "require", lambda: None)


def test_trixie_stands_in_for_sid_with_a_warning(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    _fail_for(monkeypatch, "sid")
    lines: list[str] = []
    assert ensure_kernel(store, lines.append).name == "kernel@trixie"
    assert lines == ["warning: no kernel from sid: sid is gone"]


def test_when_no_kernel_can_be_had_every_reason_is_told(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fail_for(monkeypatch, "sid", "trixie")
    with pytest.raises(ImageError, match=r"(?s)sid is gone.*trixie is gone"):
        ensure_kernel(store)


def test_a_suite_that_was_asked_for_has_no_stand_in(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    _fail_for(monkeypatch, "sid")
    add(store, kernel_key("trixie"))
    with pytest.raises(ImageError, match="sid is gone"):
        ensure_kernel(store, suite="sid")


def test_features_come_from_the_configuration() -> None:
    text = (
        "CONFIG_NF_TABLES=m\n# CONFIG_NF_TABLES_IPV4 is not set\nCONFIG_XFRM_INTERFACE=y\nCONFIG_NET_KEY=n\n"
    )
    assert features(text, "") == {"xfrm-interface"}
    assert features(text + "CONFIG_NF_TABLES_IPV4=y\n", "") == {"xfrm-interface", "nftables-ipv4"}


def test_a_longer_option_is_no_feature() -> None:
    assert features("CONFIG_XFRM_INTERFACE_EXTRA=y\nMY_CONFIG_XFRM_INTERFACE=y\n", "") == frozenset()


def test_seccomp_comes_from_the_usage() -> None:
    assert features("CONFIG_SECCOMP=y\n", "\nseccomp=<on/auto/off>\n    text\n") == {"seccomp"}
    assert features("CONFIG_SECCOMP=y\n", "noseccomp=\n") == frozenset()


def test_a_seed_is_told_of_by_the_usage_too() -> None:
    assert features("", "\num_seed=<words>\n    text\n") == {"seed"}
    assert features("", "    um_seed=<words>\n") == frozenset()


@pytest.mark.parametrize(
    ("name", "suite"), [("kernel", ""), ("kernel@sid", "sid"), ("kernel@trixie", "trixie")]
)
def test_kernel_names(name: str, suite: str) -> None:
    assert is_kernel(name)
    assert kernel_suite(name) == suite


def test_a_suite_without_a_kernel_is_refused() -> None:
    with pytest.raises(UsageError, match="woody"):
        kernel_suite("kernel@woody")


def test_roots_kernel_must_be_where_nobody_can_walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    check_reachable(closed / "cache")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(ImageError, match="closed"):
        check_reachable(closed / "cache")
