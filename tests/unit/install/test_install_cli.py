from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from fake_power import fake_power
from install_samples import Signer
from iso_samples import openbsd_iso
from parley.backend.accel import Accelerator
from parley.cli import parley
from parley.errors import InputError, MissingError, UsageError
from parley.install import emulated_pc, openbsd_image

if TYPE_CHECKING:
    from click.testing import Result


def call(*words: object) -> Result:
    return CliRunner().invoke(parley, ["install", *map(str, words)], catch_exceptions=False)


@pytest.fixture
def iso(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An ISO in a directory of a mirror's shape, with its signature and key; machines are fakes."""
    monkeypatch.setenv("PARLEY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("parley.backend.accel.accelerator", lambda: Accelerator("kvm"))
    monkeypatch.setattr(openbsd_image, "make_disk", lambda path, _size: path.touch())
    monkeypatch.setattr(emulated_pc, "emulated_pc", fake_power())
    directory = tmp_path / "pub" / "7.8" / "amd64"
    directory.mkdir(parents=True)
    path = openbsd_iso(directory / "install78.iso")
    signer = Signer()
    signer.public_file(directory)
    signer.sign_list(directory / "SHA256.sig", install78__iso=path.read_bytes())
    return path


def test_a_signed_iso_is_installed(iso: Path) -> None:
    result = call("openbsd", "--iso", iso)
    name, disk = result.stdout.splitlines()
    assert name.startswith("openbsd-7.8: 7.8 (openbsd-7.8-")
    assert Path(disk).is_file()
    assert "first boot" in result.stderr
    listed = CliRunner().invoke(parley, ["image", "list"], catch_exceptions=False).stdout
    assert "disk\topenbsd-7.8\tready\t7.8" in listed


def test_a_mirror_is_fetched_from_and_verified(iso: Path, tmp_path: Path) -> None:
    key = iso.parent / "openbsd-78-base.pub"
    words = ("openbsd", "--mirror", f"file://{tmp_path}/pub", "--release", "7.8", "--key", key)
    assert call(*words).stdout.startswith("openbsd-7.8: 7.8")


def test_what_a_mirror_sent_wrong_is_fetched_again(iso: Path, tmp_path: Path) -> None:
    key = iso.parent / "openbsd-78-base.pub"
    words = ("openbsd", "--mirror", f"file://{tmp_path}/pub", "--release", "7.8", "--key", key)
    good = iso.read_bytes()
    iso.write_bytes(good + b"!")
    with pytest.raises(InputError, match="the signed list says"):
        call(*words)
    iso.write_bytes(good)
    assert call(*words).exit_code == 0


def test_a_digest_takes_the_place_of_a_signature(iso: Path) -> None:
    digest = hashlib.sha256(iso.read_bytes()).hexdigest()
    (iso.parent / "SHA256.sig").unlink()
    assert call("openbsd", "--iso", iso, "--sha256", digest).exit_code == 0


def test_an_unsigned_or_tampered_iso_is_not_touched(iso: Path) -> None:
    with iso.open("ab") as file:
        file.write(b"!")
    with pytest.raises(InputError, match="the signed list says"):
        call("openbsd", "--iso", iso)
    (iso.parent / "SHA256.sig").unlink()
    with pytest.raises(MissingError, match="nobody knows who made"):
        call("openbsd", "--iso", iso)
    with pytest.raises(UsageError, match="nobody knows who made"):
        call("freebsd", "--iso", iso)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("openbsd",), "install from what"),
        (("openbsd", "--mirror", "https://x/pub"), "which release"),
        (("openbsd", "--mirror", "https://x/pub", "--release", "78"), "which release"),
        (("openbsd", "--mirror", "https://x/pub", "--release", "7.8", "--sha256", "00"), "leave out|brings"),
    ],
)
@pytest.mark.usefixtures("iso")
def test_calls_that_make_no_sense_are_told(words: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        call(*words)


@pytest.mark.parametrize("word", ["--help", "openbsd --help", "freebsd --help"])
def test_help_shows_what_to_type(word: str) -> None:
    assert "parley install openbsd --iso" in call(*word.split()).stdout or "freebsd" in word
