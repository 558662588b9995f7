from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from install_samples import Signer
from parley.errors import ImageError, InputError, MissingError, UsageError
from parley.install import signify
from parley.install.media import Media, check_digest, check_signature, fetch

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def iso(tmp_path: Path) -> Path:
    path = tmp_path / "my.iso"
    path.write_bytes(b"iso" * 1000)
    return path


def check(iso: Path, key: Path | None = None) -> Media:
    sig = iso.parent / "SHA256.sig"
    return check_signature(iso, name="install78.iso", release="7.8", sig=sig, key=key, progress=print)


def test_a_signed_iso_is_trusted_by_its_key_whatever_its_file_is_called(iso: Path) -> None:
    signer = Signer()
    signer.public_file(iso.parent)
    signer.sign_list(iso.parent / "SHA256.sig", install78__iso=iso.read_bytes())
    media = check(iso)
    assert media.sha256 == hashlib.sha256(iso.read_bytes()).hexdigest()
    assert "openbsd-78-base.pub, key 0102030405060708" in media.trusted_by


def test_a_tampered_iso_is_refused(iso: Path) -> None:
    signer = Signer()
    signer.public_file(iso.parent)
    signer.sign_list(iso.parent / "SHA256.sig", install78__iso=iso.read_bytes())
    iso.write_bytes(iso.read_bytes() + b"!")
    with pytest.raises(InputError, match="the signed list says"):
        check(iso)


def test_another_key_is_refused(iso: Path, tmp_path: Path) -> None:
    Signer().sign_list(iso.parent / "SHA256.sig", install78__iso=iso.read_bytes())
    (tmp_path / "other").mkdir()
    with pytest.raises(InputError, match="does not hold"):
        check(iso, Signer().public_file(tmp_path / "other"))


def test_without_signature_or_key_it_says_where_to_get_them(
    iso: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(MissingError, match="nobody knows who made") as caught:
        check(iso)
    assert "--sha256" in caught.value.hint
    monkeypatch.setattr(signify, "_DEBIAN_KEYS", iso.parent)
    Signer().sign_list(iso.parent / "SHA256.sig", install78__iso=b"")
    with pytest.raises(MissingError, match=r"no key of OpenBSD 7\.8") as caught:
        check(iso)
    assert "--key openbsd-78-base.pub" in caught.value.hint


def test_a_digest_that_was_given_must_be_the_isos(iso: Path) -> None:
    digest = hashlib.sha256(iso.read_bytes()).hexdigest()
    assert check_digest(iso, digest.upper(), print).sha256 == digest
    with pytest.raises(InputError, match="its SHA-256 is"):
        check_digest(iso, "00" * 32, print)
    with pytest.raises(UsageError, match="is no SHA-256"):
        check_digest(iso, "abc", print)


def test_a_mirror_is_asked_once_for_a_file(iso: Path, tmp_path: Path) -> None:
    downloads = tmp_path / "downloads"
    place = fetch(f"file://{iso.parent}", ["my.iso"], downloads, print)
    assert (place / "my.iso").read_bytes() == iso.read_bytes()
    iso.unlink()
    assert fetch(f"file://{iso.parent}", ["my.iso"], downloads, print) == place
    assert [path.name for path in place.iterdir()] == ["my.iso"]


def test_a_mirror_that_lacks_a_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"SHA256\.sig"):
        fetch(f"file://{tmp_path}/nowhere", ["SHA256.sig"], tmp_path, print)
    with pytest.raises(UsageError, match="is no URL"):
        fetch("cdn.openbsd.org", ["SHA256.sig"], tmp_path, print)
