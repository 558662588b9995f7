from __future__ import annotations

from pathlib import Path

import pytest

from case_files import MERGED, write_files
from parley.case.suite import UNLISTED, default_suite, load_suite
from parley.case.testlist import Listed
from parley.errors import InputError, UsageError


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    write_files(tmp_path / "old", {"eastinit.sh": "ls\n"})
    write_files(tmp_path / "new", MERGED)
    write_files(tmp_path / "numbered", {"01-east.sh": "ls\n"})
    write_files(tmp_path / "road-only", {"roadrun.sh": "ls\n"})
    write_files(tmp_path / "described", {"description.txt": "x\n"})
    write_files(tmp_path / "inputs", {"west.conf": "", "restart.sh": "ls\n"})
    write_files(tmp_path / "guestbin", {"nic-nat.sh": "ls\n", "01-setup.sh": "ls\n"})
    write_files(tmp_path, {"README": "", "setup.sh": "ls\n"})
    return tmp_path


def test_directories_are_cases_by_what_they_hold(suite: Path) -> None:
    loaded = load_suite(suite)
    assert loaded.path == suite
    assert loaded.listed == tuple(map(Listed, ["described", "new", "numbered", "old", "road-only"]))


def test_a_testlist_gives_order_and_status_and_the_rest_comes_last(suite: Path) -> None:
    write_files(
        suite, {"TESTLIST": "kvmplutotest old wip\nkvmplutotest gone good\nkvmplutotest inputs good\n"}
    )
    loaded = load_suite(suite)
    assert loaded.listed == (
        Listed("old", status="wip"),
        Listed("inputs"),
        Listed("described", status=UNLISTED),
        Listed("new", status=UNLISTED),
        Listed("numbered", status=UNLISTED),
        Listed("road-only", status=UNLISTED),
    )
    assert [error.line for error in loaded.errors] == [2]


def test_a_case_is_a_suite_of_one(suite: Path) -> None:
    loaded = load_suite(suite / "new")
    assert (loaded.path, loaded.names()) == (suite, ["new"])


def test_a_link_to_a_suite_is_that_suite(suite: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(suite / "new")
    assert load_suite(link).names() == ["new"]


def test_nothing_there_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no directory"):
        load_suite(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="no TESTLIST") as caught:
        load_suite(tmp_path)
    assert "description.txt" in str(caught.value)
    assert not caught.value.hint


@pytest.mark.parametrize("below", ["testing/pluto", "pluto", "interop"])
def test_the_suite_further_down_is_pointed_out(tmp_path: Path, below: str) -> None:
    write_files(tmp_path / below, {"TESTLIST": ""})
    with pytest.raises(UsageError) as caught:
        load_suite(tmp_path)
    assert caught.value.hint == f"--suite {tmp_path / below}"


def test_a_suite_without_a_list_is_pointed_out_too(tmp_path: Path) -> None:
    write_files(tmp_path / "mine" / "basic", {"description.txt": ""})
    with pytest.raises(UsageError) as caught:
        load_suite(tmp_path)
    assert caught.value.hint == f"--suite {tmp_path / 'mine'}"


def test_an_unreadable_testlist_is_an_error(suite: Path) -> None:
    write_files(suite, {"TESTLIST": b"kvmplutotest new good\n\xff\n"})
    with pytest.raises(InputError) as caught:
        load_suite(suite)
    assert caught.value.line == 2


def test_a_directory_that_cannot_be_read_is_a_usage_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(UsageError, match=f"{tmp_path} cannot be read: Permission denied"):
        load_suite(tmp_path)


def test_an_installation_without_its_suite_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "lib" / "python" / "parley"
    monkeypatch.setattr("parley.case.suite.files", lambda _: package)
    with pytest.raises(UsageError, match="lacks its own suite"):
        default_suite()
    for place in (tmp_path / "lib" / "suites" / "interop", package / "_suites" / "interop"):
        place.mkdir(parents=True)
        assert default_suite() == place


def test_parley_comes_with_a_suite_in_which_all_is_listed() -> None:
    loaded = load_suite(default_suite())
    assert not loaded.errors
    assert loaded.listed
    assert {entry.status for entry in loaded.listed} <= {"good", "wip", "skiptest", "skip"}
