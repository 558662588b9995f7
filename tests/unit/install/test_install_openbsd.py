from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fake_power import fake_power
from iso_samples import openbsd_iso, write_by_pycdlib
from parley.errors import InputError, LabError, PanicError, UsageError
from parley.image.store import Store
from parley.install import openbsd_image
from parley.install.base import find_base
from parley.install.console import ConsoleClosedError, ConsoleTimeoutError
from parley.install.limits import Limits
from parley.install.media import Media
from parley.install.openbsd_image import Options, install_openbsd

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setattr(openbsd_image, "make_disk", lambda path, _size: path.touch())
    return Store(tmp_path / "cache")


@pytest.fixture
def media(tmp_path: Path) -> Media:
    return Media(openbsd_iso(tmp_path / "install78.iso"), "ab" * 32, "a test")


@pytest.fixture
def old_media(tmp_path: Path) -> Media:
    return Media(openbsd_iso(tmp_path / "install54.iso", "5.4"), "cd" * 32, "a test")


def test_a_release_with_autoinstall_is_installed_by_its_answer_file(store: Store, media: Media) -> None:
    told: list[str] = []
    base = install_openbsd(store, media, Options(sets=("comp",)), fake_power(), told.append)
    assert (base.name, base.version) == ("openbsd-7.8", "7.8")
    assert base.facts["kernel"] == "OpenBSD 7.8 (GENERIC) #0: fake"
    assert base.facts["iso_sha256"] == media.sha256
    assert "install: Installing comp78.tgz" in told
    assert [line.partition(":")[0] for line in told if "install:" not in line] == [
        *("edit", "boot", "prepare", "install", "halt", "first boot", "check"),
    ]
    assert find_base(store, "openbsd") == base


def test_a_release_without_is_installed_at_its_prompts(store: Store, old_media: Media) -> None:
    told: list[str] = []
    base = install_openbsd(store, old_media, Options(), fake_power(), told.append)
    assert base.version == "5.4"
    assert "asked: System hostname? (short form, e.g. 'foo') obsd" in told


def test_what_is_frozen_is_found_and_not_made_again(store: Store, media: Media) -> None:
    first = install_openbsd(store, media, Options(), fake_power(), print)
    again = install_openbsd(store, media, Options(), fake_power("no-boot"), print)
    assert again == first
    assert first.disk.path.stat().st_mode & 0o222 == 0
    assert {path.name for path in first.disk.path.parent.iterdir()} == {
        "disk.qcow2",
        "install.log",
        "meta.json",
    }


def test_again_installs_anew(store: Store, media: Media) -> None:
    install_openbsd(store, media, Options(), fake_power(), print)
    with pytest.raises(LabError):
        install_openbsd(store, media, Options(again=True), fake_power("no-disk"), print)
    assert store.entries("disk") == []


def test_garbage_on_the_line_disturbs_nothing(store: Store, media: Media, old_media: Media) -> None:
    assert install_openbsd(store, media, Options(), fake_power("garbage"), print).version == "7.8"
    assert install_openbsd(store, old_media, Options(), fake_power("garbage"), print).version == "5.4"


@pytest.mark.parametrize(
    ("fault", "error", "message"),
    [
        ("no-disk", LabError, "exited 1: 'sd0' is not a valid choice"),
        ("missing-set", LabError, "complete without 'base78.tgz'"),
        ("signature", LabError, "Signature check of SHA256.sig failed"),
        ("new-question", LabError, "has no answer in response file"),
        ("site-fails", LabError, "install.site failed"),
        ("renamed", LabError, r"never asked: Start sshd\(8\) by default"),
        ("reboot", ConsoleClosedError, "machine ended: silence|machine ended: install"),
        ("panic", PanicError, "kernel diagnostic assertion"),
        ("wrong-password", LabError, "root was not let in"),
        ("talks", LabError, "no daemon waits or talks"),
    ],
)
def test_what_goes_wrong_is_told_and_nothing_is_kept(
    store: Store, media: Media, fault: str, error: type[LabError], message: str
) -> None:
    with pytest.raises(error, match=message) as caught:
        install_openbsd(store, media, Options(), fake_power(fault), print)
    assert str(store.root / "logs") in str(caught.value)
    assert store.entries("disk") == []
    assert [path for path in (store.root / "disk").iterdir() if path.is_dir()] == []


@pytest.mark.parametrize(
    ("fault", "field"),
    [("no-boot", "boot"), ("stuck", "silence"), ("no-login", "first_boot"), ("no-halt", "halt")],
)
def test_what_never_comes_ends_at_a_limit_with_a_name(
    store: Store, media: Media, monkeypatch: pytest.MonkeyPatch, fault: str, field: str
) -> None:
    limits = Limits.times(1)
    short = replace(getattr(limits, field), seconds=0.5)
    monkeypatch.setattr(Limits, "times", lambda _factor: replace(limits, **{field: short}))
    with pytest.raises(ConsoleTimeoutError, match=f"the {short.name} limit of 0.5 s") as caught:
        install_openbsd(store, media, Options(), fake_power(fault), print)
    assert "--timeout-scale" in caught.value.hint


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("no-disk", "no answer and no default for the question .Which disk is the root disk"),
        ("new-question", "no answer and no default for .*new kind of thing"),
        ("renamed", r"never asked: Start sshd\(8\)"),
        ("missing-set", "without CONGRATULATIONS"),
    ],
)
def test_what_goes_wrong_at_the_prompts_is_told(
    store: Store, old_media: Media, fault: str, message: str
) -> None:
    with pytest.raises(LabError, match=message):
        install_openbsd(store, old_media, Options(), fake_power(fault), print)


def test_an_iso_without_a_release_is_refused(store: Store, tmp_path: Path) -> None:
    path = write_by_pycdlib(tmp_path / "other.iso", {"/boot/loader": b"x"}, "/boot/loader")
    with pytest.raises(InputError, match="0 OpenBSD releases"):
        install_openbsd(store, Media(path, "", ""), Options(), fake_power(), print)


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [("kernel", InputError, r"no /7\.8/amd64/kernel78\.tgz"), ("x = y\nq", UsageError, "no name of a set")],
)
def test_a_set_that_is_not_there_is_told_before_anything_is_made(
    store: Store, media: Media, name: str, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        install_openbsd(store, media, Options(sets=(name,)), fake_power(), print)
    assert not store.root.exists()
