from __future__ import annotations

import io
import tarfile
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parley.errors import LabError
from parley.lab.drive import Packed, make_drive, pack, read_drive, write_drive

if TYPE_CHECKING:
    from pathlib import Path

SMALL = 64 * 1024
PLACES = ("parley/log/", "testing/")


def archive(*members: tarfile.TarInfo, data: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for member in members:
            tar.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, *, size: int = 0, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname = kind, size, link
    return info


def put(place: Path, data: bytes) -> Path:
    path = place / "drive"
    path.unlink(missing_ok=True)
    make_drive(path, size=SMALL)
    with path.open("r+b") as file:
        file.write(data[:SMALL])
    return path


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    files=st.dictionaries(st.from_regex(r"parley/log/[a-z]{1,20}", fullmatch=True), st.binary(max_size=2000))
)
def test_what_goes_on_a_drive_comes_off_it(tmp_path: Path, files: dict[str, bytes]) -> None:
    path = tmp_path / "drive"
    path.unlink(missing_ok=True)
    make_drive(path)
    write_drive(path, {name: Packed(data) for name, data in files.items()})
    assert dict(read_drive(path, PLACES)) == files


def test_an_archive_is_whole_blocks_and_says_who_may_run_what() -> None:
    data = pack({"testing/a.sh": Packed(b"x", 0o755)})
    assert len(data) % 512 == 0
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        (found,) = tar.getmembers()
    assert (found.mode, found.uid, found.gid) == (0o755, 0, 0)


def test_a_new_drive_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "drive"
    make_drive(path, size=SMALL)
    assert list(read_drive(path, PLACES)) == []


def test_what_was_there_before_is_not_read_behind_a_shorter_archive(tmp_path: Path) -> None:
    path = tmp_path / "drive"
    make_drive(path)
    write_drive(path, {f"testing/{n}": Packed(b"old" * 9000) for n in range(9)})
    write_drive(path, {"testing/new": Packed(b"new")})
    assert list(read_drive(path, PLACES)) == [("testing/new", b"new")]


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../testing/x",
        "testing/../../x",
        "testing//x",
        "testing/./x",
        "other/x",
        "testing/",
        "x" * 600,
    ],
)
def test_names_that_lead_elsewhere_are_passed_over(tmp_path: Path, name: str) -> None:
    path = put(tmp_path, archive(member(name, size=4), data=b"evil"))
    assert list(read_drive(path, PLACES)) == []


@pytest.mark.parametrize(
    "kind",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE],
)
def test_only_regular_files_are_taken(tmp_path: Path, kind: bytes) -> None:
    path = put(tmp_path, archive(member("testing/x", kind, link="/etc/passwd")))
    assert list(read_drive(path, PLACES)) == []


def test_a_file_larger_than_its_drive_is_no_archive(tmp_path: Path) -> None:
    path = put(tmp_path, member("testing/x", size=8 * 1024**3).tobuf(tarfile.GNU_FORMAT))
    with pytest.raises(LabError, match="more than"):
        list(read_drive(path, PLACES))


def test_an_archive_that_breaks_off_is_none(tmp_path: Path) -> None:
    path = put(tmp_path, archive(member("testing/x", size=SMALL), data=bytes(SMALL)))
    with pytest.raises(LabError, match="no tar archive"):
        list(read_drive(path, PLACES))


def test_more_than_the_limit_is_not_read(tmp_path: Path) -> None:
    path = put(tmp_path, archive(member("testing/x", size=100), data=bytes(100)))
    with pytest.raises(LabError, match="more than 99 bytes"):
        list(read_drive(path, PLACES, limit=99))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(garbage=st.binary(min_size=512, max_size=4096))
def test_garbage_is_no_archive_and_breaks_nothing(tmp_path: Path, garbage: bytes) -> None:
    path = put(tmp_path, garbage)
    with suppress(LabError):
        assert list(read_drive(path, PLACES)) == []


def test_files_that_do_not_fit_are_a_lab_error(tmp_path: Path) -> None:
    path = tmp_path / "drive"
    make_drive(path, size=SMALL)
    with pytest.raises(LabError, match="do not fit"):
        write_drive(path, {"testing/big": Packed(bytes(SMALL))})


def test_a_name_that_tar_cannot_hold_is_a_lab_error() -> None:
    with pytest.raises(LabError, match="cannot be packed"):
        pack({"testing/" + "n" * 200: Packed(b"")})
