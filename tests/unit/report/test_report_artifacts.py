from __future__ import annotations

import os
from typing import TYPE_CHECKING

from parley.report.html.artifacts import find_artifacts, grouped
from parley.report.html.links import case_page, href, relative, up_from

if TYPE_CHECKING:
    from pathlib import Path


def _write(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")


def test_links_planted_by_a_guest_are_named_and_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "outside"
    _write(secret, "key")
    case = tmp_path / "case"
    _write(case, "share/east/log/pluto.log")
    (case / "share/east/log/file").symlink_to(secret / "key")
    (case / "share/east/tree").symlink_to(secret)
    (case / "share/east/loop").symlink_to(case / "share")
    notes = {artifact.path: artifact.note for artifact in find_artifacts(case)}
    assert notes == {
        "share/east/log/pluto.log": "",
        "share/east/log/file": "a symbolic link, not followed",
        "share/east/tree": "a symbolic link, not followed",
        "share/east/loop": "a symbolic link, not followed",
    }


def test_what_a_browser_would_run_is_not_linked(tmp_path: Path) -> None:
    _write(tmp_path, "share/east/log/evil.HTML", "share/east/log/evil.svg", "share/east/log/fine.txt")
    linked = [artifact.path for artifact in find_artifacts(tmp_path) if not artifact.note]
    assert linked == ["share/east/log/fine.txt"]


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    [pipe] = find_artifacts(tmp_path)
    assert pipe.note == "no regular file"


def test_a_flood_of_files_ends_somewhere(tmp_path: Path) -> None:
    _write(tmp_path, *(f"share/east/log/{number}" for number in range(1100)))
    assert len(find_artifacts(tmp_path)) == 1000


def test_a_missing_directory_has_no_files(tmp_path: Path) -> None:
    assert find_artifacts(tmp_path / "absent") == ()


def test_groups_begin_with_packets_and_end_with_records(tmp_path: Path) -> None:
    _write(
        tmp_path,
        "result.json",
        "share/testing/suite/case/east.conf",
        "share/east/state/xfrm-state",
        "share/east/log/pluto.log",
        "share/east/boot.sh",
        "east.kernel.log",
        "east.console.txt",
        "capture.pcapng",
    )
    assert [group.title for group in grouped(find_artifacts(tmp_path))] == [
        "Packets",
        "Transcripts",
        "Kernels",
        "east: log",
        "east: state",
        "east: files",
        "Files given to the hosts",
        "Records",
    ]


def test_references_survive_any_file_name(tmp_path: Path) -> None:
    assert href("a b#c?d%e.txt") == "a%20b%23c%3Fd%25e.txt"
    assert href("java:script") == "java%3Ascript"
    assert href(os.fsdecode(b"caf\xe9")) == "caf%E9"
    assert relative(tmp_path / "cases/x", tmp_path / "report/cases/x.html") == "../../cases/x"
    assert (up_from("index.html"), up_from(case_page("group/x"))) == ("", "../../")
