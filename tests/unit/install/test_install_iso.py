from __future__ import annotations

import shutil
import subprocess
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iso_samples import openbsd_files, openbsd_iso, write_by_pycdlib
from parley.errors import ImageError, InputError
from parley.install import iso
from parley.install.iso9660 import Iso

ADDED = {
    "/etc/boot.conf": b"set tty com0\nset image /7.8/amd64/bsd.rd\n",
    "/ai.conf": b"System hostname = obsd\n",
    "/disklabel": b"/ 1G-* 100%\n",
    "/etc/random.seed": bytes(range(256)) * 2,
    "/7.8/amd64/site78.tgz": b"site" * 999,
}


@pytest.fixture(params=["pycdlib", "genisoimage"])
def original(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    other = request.param == "genisoimage"
    if other and shutil.which("genisoimage") is None:
        pytest.skip("no genisoimage here")
    return openbsd_iso(tmp_path / "install78.iso", scratch=tmp_path if other else None)


def test_the_release_is_read_from_the_tree(original: Path) -> None:
    assert iso.releases(original) == [("7.8", "amd64")]


def test_an_edited_iso_has_the_new_files_and_still_boots(original: Path, tmp_path: Path) -> None:
    edited = tmp_path / "edited.iso"
    before = original.read_bytes()
    iso.edit(original, edited, ADDED)
    assert original.read_bytes() == before
    for path, content in ADDED.items():
        assert iso.read_file(edited, path) == content
    iso.check_openbsd_boot_path(edited, "7.8", "amd64", "/7.8/amd64/bsd.rd")


@pytest.mark.skipif(shutil.which("isoinfo") is None, reason="no isoinfo here")
def test_isoinfo_sees_the_plain_names_and_el_torito(original: Path, tmp_path: Path) -> None:
    edited = tmp_path / "edited.iso"
    iso.edit(original, edited, ADDED)

    def isoinfo(*words: str) -> str:
        return subprocess.run(
            ["isoinfo", "-i", str(edited), *words], check=True, capture_output=True, text=True
        ).stdout

    plain = {iso.plain(name) for name in isoinfo("-f").split()}
    assert {"/7.8/AMD64/CDBOOT", "/7.8/AMD64/BSD.RD", "/7.8/AMD64/SITE78.TGZ", "/ETC/BOOT.CONF"} <= plain
    assert "/7_8" not in plain
    rock_ridge = set(isoinfo("-f", "-R").split())
    assert set(ADDED) | set(openbsd_files()) <= rock_ridge
    assert "El Torito VD version 1 found" in isoinfo("-d")


@pytest.mark.skipif(shutil.which("xorriso") is None, reason="no xorriso here")
def test_xorriso_extracts_what_was_put_in(original: Path, tmp_path: Path) -> None:
    edited = tmp_path / "edited.iso"
    iso.edit(original, edited, ADDED)
    out = tmp_path / "out"
    subprocess.run(
        ["xorriso", "-osirrox", "on", "-indev", edited, "-extract", "/", out], check=True, capture_output=True
    )
    for path, content in {**openbsd_files(), **ADDED}.items():
        assert (out / path.strip("/")).read_bytes() == content
    report = subprocess.run(
        ["xorriso", "-indev", edited, "-report_el_torito", "plain"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert "/7.8/amd64/cdbr" in report


@pytest.mark.skipif(shutil.which("xorriso") is None, reason="no xorriso here")
def test_the_trap_is_seen(original: Path, tmp_path: Path) -> None:
    """What xorriso makes of the ISO on its own: the release's directory is renamed, and nothing boots."""
    broken = tmp_path / "broken.iso"
    words = ["-indev", str(original), "-outdev", str(broken), "-boot_image", "any", "keep"]
    subprocess.run(["xorriso", *words, "-map", str(original), "/x"], check=True, capture_output=True)
    with pytest.raises(ImageError, match="would not boot"):
        iso.check_openbsd_boot_path(broken, "7.8", "amd64", "/7.8/amd64/bsd.rd")


def test_a_kernel_that_cdboot_would_not_find_is_told(original: Path) -> None:
    with pytest.raises(ImageError, match=r"would not find /7\.9/amd64/bsd\.rd"):
        iso.check_openbsd_boot_path(original, "7.8", "amd64", "/7.9/amd64/bsd.rd")


def test_what_is_no_iso_is_told(tmp_path: Path) -> None:
    path = tmp_path / "install78.iso"
    path.write_bytes(b"<html>404 Not Found</html>" * 9000)
    with pytest.raises(InputError, match="no ISO 9660 image"):
        iso.releases(path)
    with pytest.raises(InputError, match="cannot edit"):
        iso.edit(path, tmp_path / "edited.iso", ADDED)


def test_half_an_iso_is_told(original: Path, tmp_path: Path) -> None:
    half = tmp_path / "half.iso"
    half.write_bytes(original.read_bytes()[: 20 * 2048])
    with pytest.raises(InputError, match="shorter than"):
        iso.releases(half)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return openbsd_iso(tmp_path_factory.mktemp("sound") / "install78.iso").read_bytes()


@given(
    changes=st.lists(
        st.tuples(st.integers(16 * 2048, 40 * 2048), st.integers(0, 255)), min_size=1, max_size=40
    )
)
def test_no_damage_makes_the_reader_stumble(sound: bytes, changes: list[tuple[int, int]]) -> None:
    """An ISO is read before it is verified: its release says which key to verify it with."""
    damaged = bytearray(sound)
    for position, value in changes:
        damaged[position % len(damaged)] = value
    with suppress(InputError):
        image = Iso(BytesIO(damaged), Path("damaged.iso"))
        with suppress(InputError):
            image.boot_block()
        image.tree()
        image.tree(rock_ridge=True)


def test_a_directory_that_holds_itself_comes_to_an_end(sound: bytes, tmp_path: Path) -> None:
    path = tmp_path / "loop.iso"
    data = bytearray(sound)
    with BytesIO(sound) as file:
        image = Iso(file, path)
        assert image.root is not None
        sector = image.tree()["/7.8"].sector
        root = image.root.sector
    at = data.index(sector.to_bytes(4, "little"), root * 2048)  # where the root says where 7.8 is
    data[at : at + 4] = root.to_bytes(4, "little")
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"too deep|more files"):
        iso.releases(path)


def test_a_lost_file_is_noticed(original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = openbsd_iso(tmp_path / "other.iso", "7.9")

    def lose(_source: Path, target: Path, _files: dict[str, bytes]) -> None:
        shutil.copy(other, target)

    monkeypatch.setattr(iso, "_rewrite", lose)
    with pytest.raises(ImageError, match="was lost"):
        iso.edit(original, tmp_path / "edited.iso", ADDED)


def test_a_boot_record_that_starts_something_else_is_told(tmp_path: Path) -> None:
    path = write_by_pycdlib(tmp_path / "x.iso", openbsd_files(), "/7.8/amd64/eficdboot")
    with pytest.raises(ImageError, match="does not start"):
        iso.check_openbsd_boot_path(path, "7.8", "amd64", "/7.8/amd64/bsd.rd")
