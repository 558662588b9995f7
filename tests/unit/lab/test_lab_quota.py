from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from parley.errors import BootError, LabError
from parley.lab.quota import Quota, find_excess

if TYPE_CHECKING:
    from pathlib import Path


def fill(place: Path, count: int, size: int = 0) -> None:
    for number in range(count):
        directory = place / str(number % 3)
        directory.mkdir(exist_ok=True)
        (directory / f"{number}").write_bytes(b"x" * size)


def test_a_share_within_its_limits_is_left_alone(tmp_path: Path) -> None:
    fill(tmp_path, 9, 5000)
    assert find_excess(tmp_path, files=20, size=10**6) == ""


def test_files_and_bytes_are_counted_however_deep(tmp_path: Path) -> None:
    fill(tmp_path, 9, 5000)
    assert find_excess(tmp_path, files=10, size=10**6) == "more than 10 files"
    assert find_excess(tmp_path, files=20, size=20_000) == "more than 0 MiB"


def test_holes_and_what_links_lead_to_take_no_room(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(10**12)
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "out").symlink_to("/usr")
    assert find_excess(tmp_path, files=5, size=10**6) == ""


def test_a_directory_that_is_gone_is_no_error(tmp_path: Path) -> None:
    assert find_excess(tmp_path / "gone") == ""


def fill_up(place: Path, broken: BaseException | None = None) -> None:
    """Have a lab whose guests write too much, and which breaks in some way because of it."""
    fill(place, 9)
    stopped = threading.Event()
    with Quota(place, stopped.set, files=5, interval=0.001):
        assert stopped.wait(20)
        if broken:
            raise broken


@pytest.mark.parametrize("broken", [LabError("connection lost", host="west"), BootError("dead"), None])
def test_who_writes_too_much_is_stopped_and_told_of(tmp_path: Path, broken: LabError | None) -> None:
    with pytest.raises(LabError, match="guests were stopped: more than 5 files"):
        fill_up(tmp_path, broken)


def test_another_error_is_not_hidden(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        fill_up(tmp_path, KeyboardInterrupt())


def test_a_good_lab_leaves_without_a_word(tmp_path: Path) -> None:
    with Quota(tmp_path, lambda: pytest.fail("stopped")) as quota:
        assert quota
