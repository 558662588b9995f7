from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from parley.errors import LabError
from parley.lab.jail import Jail, Owner

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def jail(tmp_path: Path) -> Jail:
    made = Jail(tmp_path / "share", Owner(os.geteuid(), os.getegid()))
    made.create()
    return made


def test_reads_back_what_it_wrote(jail: Jail) -> None:
    jail.write("east/cmd/0001.sh", b"true\n", mode=0o755)
    assert jail.read("east/cmd/0001.sh") == b"true\n"
    assert (jail.root / "east/cmd/0001.sh").stat().st_mode & 0o777 == 0o755


def test_reads_no_more_than_asked_for(jail: Jail) -> None:
    jail.write("east/log/pluto.log", b"x" * 1000)
    assert len(jail.read("east/log/pluto.log", limit=10)) == 10


def test_follows_no_link_that_a_guest_planted_in_place_of_a_file(jail: Jail, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("of the host")
    jail.make_directory("east")
    (jail.root / "east" / "out").symlink_to(secret)
    with pytest.raises(OSError, match="symbolic links"):
        jail.read("east/out")
    with pytest.raises(LabError):
        jail.write("east/out", b"overwritten")
    assert secret.read_text() == "of the host"


def test_follows_no_link_that_a_guest_planted_in_place_of_a_directory(jail: Jail, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("of the host")
    (jail.root / "east").symlink_to(outside)
    with pytest.raises(OSError, match="Not a directory"):
        jail.read("east/file")
    with pytest.raises(LabError, match="Not a directory"):
        jail.write("east/new", b"")
    with pytest.raises(LabError, match="Not a directory"):
        jail.make_directory("east/new")
    assert not (outside / "new").exists()


def test_does_not_block_on_a_fifo(jail: Jail) -> None:
    jail.make_directory("east")
    os.mkfifo(jail.root / "east" / "out")
    with pytest.raises(LabError, match="no regular file"):
        jail.read("east/out")
    with pytest.raises(LabError):
        jail.write("east/out", b"")


def test_lists_regular_files_only(jail: Jail) -> None:
    jail.write("east/log/b", b"")
    jail.write("east/log/a/deep", b"")
    os.mkfifo(jail.root / "east/log/fifo")
    (jail.root / "east/log/link").symlink_to("/etc/passwd")
    assert list(jail.files("east/log")) == ["east/log/a/deep", "east/log/b"]
    assert list(jail.files("nowhere")) == []


def test_directories_without_end_are_not_followed_to_it(jail: Jail) -> None:
    jail.write("east/log/a", b"")
    directory = os.open(jail.root / "east/log", os.O_RDONLY)
    for _ in range(1500):  # deeper than Python's stack, and than any path
        os.mkdir("down", dir_fd=directory)
        below = os.open("down", os.O_RDONLY, dir_fd=directory)
        os.close(directory)
        directory = below
    os.close(directory)
    found = list(jail.files("east/log"))
    subprocess.run(["rm", "-r", jail.root / "east"], check=True)  # pytest's own cleaning cannot
    assert found == ["east/log/a"]


@pytest.mark.parametrize("name", ["../escape", "/etc/passwd", "east/../../escape"])
def test_refuses_paths_that_lead_out(jail: Jail, name: str) -> None:
    with pytest.raises(LabError, match="no path inside"):
        jail.read(name)


def test_undecodable_bytes_are_shown(jail: Jail) -> None:
    jail.write("out", b"ok \xff\n")
    assert jail.read_text("out") == "ok \\xff\n"
    assert jail.read_text("missing", default="none") == "none"
