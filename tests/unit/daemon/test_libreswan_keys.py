from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from parley.daemon.libreswan.commands import KEYLOG, LOG, keylog_source
from parley.daemon.libreswan.keys import write_keys
from parley.daemon.libreswan.status import SELF_TEST
from parley.daemon.wireshark import TABLE

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(not shutil.which("awk"), reason="needs awk")

_GCM = (
    '"net" #1: processed IKE_SA_INIT response {cipher=AES_GCM_16_256 integ=n/a prf=HMAC_SHA2_512 group=DH19}'
)
_CBC = (
    '"net" #3: initiator rekeyed IKE SA {cipher=AES_CBC_128 integ=HMAC_SHA1_96 prf=HMAC_SHA2_256 group=DH19}'
)
_CHACHA = '"net" #4: sent IKE_SA_INIT {cipher=CHACHA20_POLY1305_256 integ=n/a prf=HMAC_SHA2_256 group=DH31}'
_SPIS = ("0011223344556677", "8899aabbccddeeff")
_TEST_LINE = f"Nov 24 12:00:00.000000 {SELF_TEST} {'5e' * 132}"


def material(*parts: tuple[str, int]) -> str:
    """Keying material whose every byte tells which key it is of."""
    return "".join(byte * count for byte, count in parts)


def gcm_material() -> str:
    parts = [("d0", 64), ("e1", 36), ("e2", 36), ("b1", 64), ("b2", 64)]
    return material(*parts)


def cbc_material() -> str:
    parts = [("d0", 32), ("a1", 20), ("a2", 20), ("e1", 16), ("e2", 16), ("b1", 32), ("b2", 32)]
    return material(*parts)


def gcm_row(spis: tuple[str, str]) -> str:
    keys = f'{"e1" * 36},{"e2" * 36},"AES-GCM-256 with 16 octet ICV [RFC5282]"'
    return f'{",".join(spis)},{keys},,,"NONE [RFC4306]"'


def cbc_row(spis: tuple[str, str]) -> str:
    keys = f'{"e1" * 16},{"e2" * 16},"AES-CBC-128 [RFC3602]"'
    return f'{",".join(spis)},{keys},{"a1" * 20},{"a2" * 20},"HMAC_SHA1_96 [RFC2404]"'


def keyed(spis: tuple[str, str], keymat: str) -> str:
    return f"Nov 24 12:00:01.000000 {spis[0]} {spis[1]} {keymat}"


def table(directory: Path, log: list[str], keylog: list[str]) -> list[str]:
    """The rows that the command writes."""
    command = write_keys()
    for name, lines in ((LOG, log), (KEYLOG, keylog), (TABLE, [])):
        path = directory / name.strip("/").replace("/", "-")
        if lines:
            path.write_text("".join(f"{line}\n" for line in lines))
        command = command.replace(name, str(path))
    subprocess.run(["sh", "-c", command], check=True)
    written = directory / TABLE.strip("/").replace("/", "-")
    return written.read_text().splitlines() if written.exists() else []


def test_material_is_cut_into_keys(tmp_path: Path) -> None:
    other = ("1111111111111111", "2222222222222222")
    keylog = [_TEST_LINE, keyed(_SPIS, gcm_material()), keyed(other, cbc_material())]
    rows = table(tmp_path, [_GCM, "something else", _CBC], keylog)
    assert rows == [gcm_row(_SPIS), cbc_row(other)]


def test_an_sa_without_keys_is_passed_over(tmp_path: Path) -> None:
    rows = table(tmp_path, [_GCM, _CBC], [keyed(_SPIS, cbc_material())])
    assert len(rows) == 1
    assert "AES-CBC-128" in rows[0]


def test_what_wireshark_does_not_know_is_left_out(tmp_path: Path) -> None:
    keymat = material(("d0", 32), ("e1", 36), ("e2", 36), ("b1", 32), ("b2", 32))
    assert table(tmp_path, [_CHACHA], [keyed(_SPIS, keymat)]) == []
    assert table(tmp_path, [], [keyed(_SPIS, keymat)]) == []
    # Keys of an SA with PRF_AES128_XCBC are not told.
    assert table(tmp_path, [_GCM], [keyed(_SPIS, "")]) == []


def test_keys_derived_twice_are_told_once(tmp_path: Path) -> None:
    line = keyed(_SPIS, gcm_material())
    assert len(table(tmp_path, [_GCM, _GCM], [line, line])) == 1


def test_without_a_key_log_nothing_is_written(tmp_path: Path) -> None:
    assert table(tmp_path, [_GCM], []) == []


@pytest.mark.skipif(not shutil.which("cc"), reason="needs a C compiler")
def test_the_library_compiles_cleanly_and_links_no_nss(tmp_path: Path) -> None:
    source, library = tmp_path / "keylog.c", tmp_path / "keylog.so"
    source.write_text(keylog_source())
    flags = ("-Wall", "-Wextra", "-Werror", "-Wno-builtin-declaration-mismatch", "-Wno-pointer-arith")
    subprocess.run(["cc", *flags, "-shared", "-fPIC", "-nostdlib", "-o", library, source], check=True)
    # Children of pluto inherit the preload and have no NSS: they must start all the same.
    subprocess.run(["/bin/true"], env={"LD_PRELOAD": str(library)}, check=True)
