from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from parley.errors import ImageError
from parley.image.lock import Busy, locked
from parley.image.store import SYSTEM_ROOT, Key, Made, Store

if TYPE_CHECKING:
    from pathlib import Path

_BUILDER = """
import signal, sys
from pathlib import Path
from parley.image.store import Key, Store

def make(directory):
    print(flush=True)
    signal.pause()

Store(Path(sys.argv[1])).ensure(Key("image", "libreswan@sid", "0123456789ab"), make)
"""

KEY = Key("image", "libreswan@sid", "0123456789ab")


def fill(directory: Path) -> Made:
    (directory / "root.ext4").write_text("content")
    (directory / "lib").mkdir()
    tool = directory / "lib" / "tool"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o700)
    return Made("recipe\n", {"libreswan": "5.2"}, ("a note",), {"version": "5.2"})


def refuse(_directory: Path) -> Made:
    raise AssertionError("made twice")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache")


def test_an_entry_is_found_as_it_was_made(store: Store) -> None:
    made = store.ensure(KEY, fill)
    assert store.find(KEY) == made
    assert made.path == store.path(KEY)
    assert made.made == Made("recipe\n", {"libreswan": "5.2"}, ("a note",), {"version": "5.2"})
    assert store.entries() == [made]
    assert store.entries("kernel") == []


def test_an_entry_is_made_once(store: Store) -> None:
    store.ensure(KEY, fill)
    store.ensure(KEY, refuse)


def test_everybody_may_read_and_nobody_may_write_files(store: Store) -> None:
    entry = store.ensure(KEY, fill)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in entry.path.rglob("*")}
    assert modes == {"root.ext4": 0o444, "meta.json": 0o444, "lib": 0o755, "tool": 0o555}
    assert stat.S_IMODE(entry.path.stat().st_mode) == 0o755


def test_a_failed_build_leaves_nothing(store: Store) -> None:
    def fail(directory: Path) -> Made:
        fill(directory)
        raise ImageError("no network")

    with pytest.raises(ImageError, match="no network"):
        store.ensure(KEY, fail)
    assert store.find(KEY) is None
    assert [path.name for path in store.path(KEY).parent.iterdir()] == [f".{KEY}.lock"]


def test_what_a_killed_build_left_is_cleared_by_the_next_of_its_kind(store: Store) -> None:
    other = Key("image", "openiked", "ba9876543210")
    for key in (KEY, other):
        leftover = store.path(key).with_name(f".{key}.tmpabcd")
        (leftover / "work").mkdir(parents=True)
        (leftover / "work").chmod(0o555)
    store.ensure(KEY, fill)
    assert list(store.path(KEY).parent.glob("*.tmp*")) == []


def test_a_build_that_goes_on_is_not_cleared(store: Store) -> None:
    other = Key("image", "openiked", "ba9876543210")
    running = store.path(other).with_name(f".{other}.tmpabcd")
    running.mkdir(parents=True)
    with locked(running.with_name(f".{other}.lock")):
        store.ensure(KEY, fill)
    assert running.is_dir()


def test_of_two_builders_one_waits_and_takes_what_the_other_made(store: Store) -> None:
    inside, go_on = threading.Event(), threading.Event()

    def slowly(directory: Path) -> Made:
        inside.set()
        assert go_on.wait(60)
        return fill(directory)

    def told(line: str) -> None:
        lines.append(line)
        go_on.set()

    lines: list[str] = []
    first = threading.Thread(target=store.ensure, args=(KEY, slowly))
    first.start()
    assert inside.wait(60)
    second = store.ensure(KEY, refuse, told)
    first.join()
    assert second == store.find(KEY)
    assert lines == ["libreswan@sid: another process builds it; waiting"]


def test_a_builder_that_is_killed_lets_the_next_one_in(store: Store) -> None:
    command = [sys.executable, "-c", _BUILDER, str(store.root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as builder:
        assert builder.stdout is not None
        assert builder.stdout.readline() == b"\n"
        builder.kill()
    assert len(list(store.path(KEY).parent.glob(".*.tmp*"))) == 1
    store.ensure(KEY, fill)
    assert list(store.path(KEY).parent.glob(".*.tmp*")) == []


def test_an_entry_in_use_is_not_removed(store: Store) -> None:
    entry = store.ensure(KEY, fill)
    with store.hold(entry.path), store.hold(entry.path), pytest.raises(ImageError, match="in use"):
        store.remove(entry)
    store.remove(entry)
    with pytest.raises(ImageError, match="just been removed"), store.hold(entry.path):
        pass
    assert store.find(KEY) is None
    assert [path.name for path in entry.path.parent.iterdir()] == [f".{KEY}.lock"]


def test_the_machines_cache_is_read_but_never_written(tmp_path: Path) -> None:
    system = Store(tmp_path / "system")
    entry = system.ensure(KEY, fill)
    own = Store(tmp_path / "own", shared=system.root)
    assert own.ensure(KEY, refuse) == entry
    assert own.entries() == [entry]
    with pytest.raises(ImageError, match="machine's cache"):
        own.remove(entry)


def test_an_own_entry_goes_before_the_machines(tmp_path: Path) -> None:
    own = Store(tmp_path / "own", shared=tmp_path / "system")
    mine = own.ensure(KEY, fill)
    Store(tmp_path / "system").ensure(KEY, fill)
    assert own.find(KEY) == mine
    assert own.entries() == [mine]


def test_a_damaged_entry_is_named(store: Store) -> None:
    entry = store.ensure(KEY, fill)
    (entry.path / "meta.json").chmod(0o644)
    (entry.path / "meta.json").write_text("{")
    with pytest.raises(ImageError, match=r"meta\.json is damaged"):
        store.find(KEY)


def test_meta_says_what_made_it(store: Store) -> None:
    entry = store.ensure(KEY, fill)
    meta = json.loads((entry.path / "meta.json").read_text())
    assert meta["recipe"] == "recipe\n"
    assert meta["packages"] == {"libreswan": "5.2"}
    assert meta["size"] == entry.size > 0


def test_a_cache_that_cannot_be_written_is_an_error_with_a_cure(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ImageError, match="PARLEY_CACHE"):
        Store(tmp_path / "file" / "cache").ensure(KEY, fill)


def test_the_environment_chooses_the_root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PARLEY_CACHE", str(tmp_path))
    assert Store.default().root == tmp_path
    monkeypatch.delenv("PARLEY_CACHE")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert Store.default().root == SYSTEM_ROOT
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    assert Store.default().root == tmp_path / "home" / "parley"


def test_a_lock_is_shared_by_users_and_refused_to_a_remover(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with locked(lock, shared=True), locked(lock, shared=True), pytest.raises(Busy), locked(lock, wait=False):
        pass
    with locked(lock, wait=False):
        pass
