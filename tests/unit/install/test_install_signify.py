from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from install_samples import Signer, signify_file
from parley.errors import InputError
from parley.install import signify

if TYPE_CHECKING:
    from pathlib import Path

# OpenBSD's own regression test: src/regress/usr.bin/signify, regresskey.pub, orders.txt, orders.txt.sig
# (revision 1.2).
KEY = b"untrusted comment: signify public key\nRWTAeKJJ1MTF3YCo0ivtKH8kuiFWJuLpNoUmpDd6iTFYhn6/tRu5qKJe\n"
SIGNATURE = (
    b"untrusted comment: signature from signify secret key\n"
    b"RWTAeKJJ1MTF3UpxzBCu6NaM6HPJNTj5CZ+M5XNJKNeEHBLQSsstzHGbSo8rPYNgw3Z98pN7WKiIwBIyRrKuIdKBRA6qlaci6wI=\n"
)
ORDERS = b"Attack at dawn!\n"


@pytest.fixture
def signer() -> Signer:
    return Signer()


def write(directory: Path, name: str, data: bytes) -> Path:
    path = directory / name
    path.write_bytes(data)
    return path


def test_openbsds_own_vector_holds(tmp_path: Path) -> None:
    key = signify.read_public_key(write(tmp_path, "regresskey.pub", KEY))
    signature = signify.read_signature(write(tmp_path, "orders.txt.sig", SIGNATURE))
    assert key.number.hex() == "c078a249d4c4c5dd"
    signify.verify(signature, key, ORDERS)


def test_openbsds_own_vector_does_not_hold_for_other_orders(tmp_path: Path) -> None:
    key = signify.read_public_key(write(tmp_path, "regresskey.pub", KEY))
    signature = signify.read_signature(write(tmp_path, "orders.txt.sig", SIGNATURE))
    with pytest.raises(InputError, match="does not hold"):
        signify.verify(signature, key, b"Attack at dusk!\n")


def test_a_list_of_hashes_is_read_from_its_signature(tmp_path: Path, signer: Signer) -> None:
    key = signify.read_public_key(signer.public_file(tmp_path))
    path = signer.sign_list(tmp_path / "SHA256.sig", install78__iso=b"iso", bsd=b"kernel")
    hashes = signify.verified_hashes(path, key)
    assert set(hashes) == {"install78.iso", "bsd"}
    iso = write(tmp_path, "install78.iso", b"iso")
    assert signify.check_file(iso, hashes) == hashes["install78.iso"]


@pytest.mark.skipif(shutil.which("signify-openbsd") is None, reason="no signify-openbsd here")
def test_signify_itself_agrees(tmp_path: Path) -> None:
    """Keys and lists made by OpenBSD's program are read; what is made here is read by it."""

    def run(*words: str) -> None:
        subprocess.run(["signify-openbsd", *words], cwd=tmp_path, check=True, capture_output=True)

    run("-G", "-n", "-p", "k.pub", "-s", "k.sec", "-c", "test key")
    write(tmp_path, "SHA256", b"SHA256 (bsd) = " + b"ab" * 32 + b"\n")
    run("-S", "-e", "-s", "k.sec", "-m", "SHA256", "-x", "SHA256.sig")
    key = signify.read_public_key(tmp_path / "k.pub")
    assert signify.verified_hashes(tmp_path / "SHA256.sig", key) == {"bsd": "ab" * 32}

    ours = Signer()
    ours.public_file(tmp_path)
    ours.sign_list(tmp_path / "ours.sig", bsd=b"kernel")
    run("-V", "-e", "-p", f"{ours.name}.pub", "-x", "ours.sig", "-m", "out")


@given(position=st.integers(0), bit=st.integers(0, 7))
def test_no_bit_of_a_signed_list_can_be_changed(
    tmp_path_factory: pytest.TempPathFactory, position: int, bit: int
) -> None:
    directory = tmp_path_factory.mktemp("tampered")
    signer = Signer()
    key = signify.read_public_key(signer.public_file(directory))
    path = signer.sign_list(directory / "SHA256.sig", bsd=b"kernel")
    data = bytearray(path.read_bytes())
    first = data.index(b"\n") + 1  # the comment is untrusted, and says so
    data[first + position % (len(data) - first)] ^= 1 << bit
    path.write_bytes(data)
    with pytest.raises(InputError):
        signify.verified_hashes(path, key)


def test_a_key_of_another_release_is_named(tmp_path: Path, signer: Signer) -> None:
    other = Signer("openbsd-77-base", b"\x09" * 8)
    key = signify.read_public_key(other.public_file(tmp_path))
    path = signer.sign_list(tmp_path / "SHA256.sig", bsd=b"kernel")
    with pytest.raises(InputError, match="0102030405060708") as caught:
        signify.verified_hashes(path, key)
    assert "openbsd-78-base.pub" in caught.value.hint


def test_an_impostor_with_the_right_number_is_refused(tmp_path: Path, signer: Signer) -> None:
    key = signify.read_public_key(Signer().public_file(tmp_path))
    path = signer.sign_list(tmp_path / "SHA256.sig", bsd=b"kernel")
    with pytest.raises(InputError, match="does not hold"):
        signify.verified_hashes(path, key)


def test_a_changed_file_and_one_that_is_not_listed_are_refused(tmp_path: Path, signer: Signer) -> None:
    key = signify.read_public_key(signer.public_file(tmp_path))
    hashes = signify.verified_hashes(signer.sign_list(tmp_path / "s", install78__iso=b"iso"), key)
    with pytest.raises(InputError, match="the signed list says"):
        signify.check_file(write(tmp_path, "install78.iso", b"other"), hashes)
    with pytest.raises(InputError, match="not in the signed list"):
        signify.check_file(write(tmp_path, "install79.iso", b"iso"), hashes)


@pytest.mark.parametrize(
    ("data", "line", "message"),
    [
        (b"", 1, "begins with"),
        (b"-----BEGIN PUBLIC KEY-----\n", 1, "begins with"),
        (b"untrusted comment: cut", 1, "begins with"),
        (b"untrusted comment: " + b"x" * 2000 + b"\n", 1, "at most 1024"),
        (KEY[:-1], 2, "ends in the middle"),
        (KEY[:-5] + b"\n", 2, "base64|bytes"),
        (KEY.replace(b"RWTA", b"RW!A"), 2, "not base64"),
        (KEY.replace(b"RWTA", b"AATA"), 2, "not Ed25519"),
        (signify_file("short", b"\0" * 8, b"\0" * 31), 2, "42 bytes, this has 41"),
        (SIGNATURE, 2, "42 bytes, this has 74"),
        (KEY + b"more\n", 3, "two lines"),
    ],
)
def test_what_is_no_key_is_told_with_its_line(tmp_path: Path, data: bytes, line: int, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        signify.read_public_key(write(tmp_path, "key.pub", data))
    assert caught.value.line == line


def test_a_detached_signature_is_no_list(tmp_path: Path, signer: Signer) -> None:
    key = signify.read_public_key(signer.public_file(tmp_path))
    path = write(tmp_path, "SHA256.sig", signer.embed(b""))
    with pytest.raises(InputError, match="nothing is embedded"):
        signify.verified_hashes(path, key)


def test_signed_lines_that_are_no_hashes_are_refused(tmp_path: Path, signer: Signer) -> None:
    key = signify.read_public_key(signer.public_file(tmp_path))
    path = write(tmp_path, "SHA256.sig", signer.embed(b"SHA256 (../etc/passwd) = " + b"00" * 32 + b"\n"))
    with pytest.raises(InputError, match="not a line of hashes"):
        signify.verified_hashes(path, key)


def test_a_missing_key_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        signify.read_public_key(tmp_path / "none.pub")


def test_the_users_key_comes_before_debians(tmp_path: Path) -> None:
    mine = write(tmp_path, "openbsd-73-base.pub", KEY)
    assert signify.find_key("7.3", tmp_path) == mine
    assert signify.find_key("99.9", tmp_path) is None
