from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from parley.errors import ImageError, UsageError
from parley.image import ensure as module
from parley.image.ensure import Ready, ensure_all, ensure_each
from parley.image.kernel import Kernel
from parley.image.rootfs import Image
from parley.image.store import Progress, Store

if TYPE_CHECKING:
    from pathlib import Path


class Builds:
    """Stands for both kinds of builds: counts them, and those that run at the same time."""

    def __init__(self, path: Path, *broken: str) -> None:
        self.path = path
        self.broken = broken
        self.started: list[str] = []
        self.most = 0
        self._now = 0
        self._lock = threading.Lock()
        self._pair = threading.Barrier(2)

    def image(self, _store: Store, name: str, progress: Progress) -> Image:
        self._enter(name)
        progress(name)
        return Image(name, self.path, {}, "0" * 12)

    def kernel(self, _store: Store, progress: Progress, *, suite: str) -> Kernel:
        self._enter("kernel")
        progress(suite)
        return Kernel("kernel@sid", "7.2", self.path, None, "0" * 12, frozenset())

    def _enter(self, name: str) -> None:
        with self._lock:
            self.started.append(name)
            self._now += 1
            self.most = max(self.most, self._now)
        self._pair.wait(60)
        with self._lock:
            self._now -= 1
        self._pair.wait(60)
        if name in self.broken:
            raise ImageError(f"{name} is broken")


def use(builds: Builds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ensure_image", builds.image)
    monkeypatch.setattr(module, "ensure_kernel", builds.kernel)


def test_two_are_made_at_once_and_never_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    builds = Builds(tmp_path)
    use(builds, monkeypatch)
    ready = ensure_all(Store(tmp_path), ["libreswan", "openiked", "strongswan", "libreswan"])
    assert isinstance(ready, Ready)
    assert ready.kernel.name == "kernel@sid"
    assert list(ready.images) == ["libreswan", "openiked", "strongswan"]
    assert builds.most == 2


def test_a_failure_comes_after_the_others_are_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    builds = Builds(tmp_path, "libreswan")
    use(builds, monkeypatch)
    with pytest.raises(ImageError, match="libreswan is broken"):
        ensure_each(Store(tmp_path), ["libreswan", "openiked", "strongswan", "kernel"])
    assert sorted(builds.started) == ["kernel", "libreswan", "openiked", "strongswan"]


def test_a_warning_that_several_builds_give_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def warn(store: Store, name: str, progress: Progress) -> Image:
        progress("warning: old mirror")
        return Builds.image(builds, store, name, progress)

    builds = Builds(tmp_path)
    use(builds, monkeypatch)
    monkeypatch.setattr(module, "ensure_image", warn)
    lines: list[str] = []
    ensure_each(Store(tmp_path), ["libreswan", "openiked"], lines.append)
    assert sorted(lines) == ["libreswan", "openiked", "warning: old mirror"]


@pytest.mark.parametrize("name", ["libreswam", "kernel@woody", "image"])
def test_names_are_checked_before_anything_is_made(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    builds = Builds(tmp_path)
    use(builds, monkeypatch)
    with pytest.raises(UsageError):
        ensure_each(Store(tmp_path), ["libreswan", name])
    assert builds.started == []
