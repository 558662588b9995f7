from __future__ import annotations

import csv
import os
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ike_messages import SPI_I, SPI_R, CbcKeys, GcmKeys, write_case
from parley.daemon.wireshark import ENCRYPTION, INTEGRITY
from parley.scenario.state import KernelSa
from parley.wire.keys import Keys, collect_keys, esp_row, ike_row

if TYPE_CHECKING:
    from pathlib import Path

CBC, GCM = CbcKeys().row(), GcmKeys().row()
KEY, CHECK = "a" * 64, "b" * 64
TUNNEL = KernelSa(
    source="192.1.2.45",
    destination="192.1.2.23",
    protocol="esp",
    spi="bdc552b9",
    mode="tunnel",
    encryption="ENCR_AES_CBC-256",
    integrity="AUTH_HMAC_SHA2_256_128",
    encryption_key=KEY,
    integrity_key=CHECK,
)
STATE = f"""\
src 192.1.2.45 dst 192.1.2.23
\tproto esp spi 0xbdc552b9 reqid 16389 mode tunnel
\treplay-window 0 flag af-unspec
\tauth-trunc hmac(sha256) 0x{CHECK} 128
\tenc cbc(aes) 0x{KEY}
src 2001:db8:1:2::23 dst 2001:db8:1:2::45
\tproto esp spi 0x0a0b0c0d(168496141) reqid 1(0x00000001) mode tunnel
\treplay-window 0 seq 0x00000000 flag  (0x00000000)
\taead rfc4106(gcm(aes)) 0x{"c" * 72} (288 bits) 128
src 192.1.2.45 dst 192.1.2.23
\tproto esp spi 0x00000000 reqid 0 mode tunnel
\treplay-window 0
\tsel src 192.0.1.254/32 dst 192.0.2.254/32 proto icmp type 8 code 0 dev eth0
"""


def test_good_rows_are_written_as_wireshark_writes_them() -> None:
    assert ike_row(CBC) == (SPI_I.hex() + SPI_R.hex(), CBC)
    assert ike_row(GCM)[1] == GCM
    spaced = CBC.upper().replace("AES-CBC-256 [RFC3602]".upper(), "AES-CBC-256 [RFC3602]")
    assert ike_row(f"0x{spaced.replace(',', ' ,')}")[1] == CBC


def test_integrity_keys_that_a_combined_cipher_does_not_have_are_left_out() -> None:
    named = GCM.replace(',,,"NONE', f',{KEY},{KEY},"HMAC')
    assert ike_row(named)[1] == GCM


def accepted(cipher: str, integrity: str) -> set[tuple[int, int]]:
    """The lengths of keys, in bytes, with which a row is good."""
    lengths = {
        (size, check) for size in (16, 19, 20, 24, 27, 28, 32, 35, 36) for check in (0, 16, 20, 32, 48, 64)
    }
    good = set()
    for size, check in lengths:
        keys = [SPI_I.hex(), SPI_R.hex(), "11" * size, "22" * size, f'"{cipher}"', "33" * check, "44" * check]
        with suppress(ValueError):
            ike_row(",".join([*keys, f'"{integrity}"']))
            good.add((size, check))
    return good


def test_every_algorithm_has_one_length_of_keys() -> None:
    for cipher in ENCRYPTION.values():
        for integrity in INTEGRITY.values():
            good = accepted(cipher, integrity)
            assert len({size for size, _ in good}) == 1
            assert len({check for _, check in good}) == (6 if "octet ICV" in cipher else 1)
    assert accepted("AES-CTR-256 [RFC5930]", "HMAC_SHA1_96 [RFC2404]") == {(36, 20)}
    assert accepted("3DES [RFC2451]", "HMAC_MD5_96 [RFC2403]") == {(24, 16)}


@pytest.mark.parametrize(
    "row",
    [
        "",
        "only,four,fields,here",
        f"{CBC},more",
        CBC.replace(SPI_I.hex(), SPI_I.hex()[2:]),
        CBC.replace(SPI_R.hex(), "g" * 16),
        CBC.replace("AES-CBC-256", "AES-CBC-128"),
        CBC.replace("AES-CBC-256", "ROT13"),
        CBC.replace("HMAC_SHA2_256_128", "HMAC_SHA2_512_256"),
        CBC.replace('"HMAC_SHA2_256_128 [RFC4868]"', '"NONE [RFC4306]"'),
        CBC.replace('"AES-CBC-256 [RFC3602]"', '"AES-CBC-256 [RFC3602]"" -o x"'),
        GCM.replace("AES-GCM-256", "AES-GCM-128"),
    ],
)
def test_bad_rows_are_refused(row: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        ike_row(row)


@given(st.text(st.characters(exclude_characters="\n\r"), max_size=300))
def test_whatever_a_guest_writes_only_clean_rows_come_out(text: str) -> None:
    try:
        _, row = ike_row(text)
    except ValueError:
        return
    assert row.isascii()
    assert len(next(csv.reader([row]))) == 8


def test_an_sa_is_written_as_wireshark_writes_it() -> None:
    key, row = esp_row(TUNNEL)
    assert key == "192.1.2.45 192.1.2.23 bdc552b9"
    assert row == (
        f'"IPv4","192.1.2.45","192.1.2.23","0xbdc552b9","AES-CBC [RFC3602]","0x{KEY}",'
        f'"HMAC-SHA-256-128 [RFC4868]","0x{CHECK}"'
    )


@pytest.mark.parametrize(
    ("encryption", "digits", "shown"),
    [
        ("ENCR_AES_CTR-128", 40, "AES-CTR [RFC3686]"),
        ("ENCR_AES_GCM_12-192", 56, "AES-GCM with 12 octet ICV [RFC4106]"),
        ("ENCR_3DES", 48, "TripleDES-CBC [RFC2451]"),
        ("ENCR_NULL", 0, "NULL"),
    ],
)
def test_salts_count_as_keys(encryption: str, digits: int, shown: str) -> None:
    _, row = esp_row(replace(TUNNEL, encryption=encryption, encryption_key="a" * digits))
    assert f'"{shown}","{"0x" if digits else ""}{"a" * digits}"' in row


@pytest.mark.parametrize(
    "changes",
    [
        {"source": 'fe80::1%","evil'},
        {"source": "west"},
        {"destination": "2001:db8::1"},
        {"spi": '0","'},
        {"spi": "bdc552b9aa"},
        {"encryption": "ENCR_CHACHA20_POLY1305"},
        {"encryption": 'cbc(rot13)"'},
        {"integrity": "hmac(sm3)"},
        {"encryption_key": KEY[2:]},
        {"integrity_key": f'{CHECK[:-3]}"\n'},
        {"integrity_key": ""},
    ],
)
def test_bad_sas_are_refused(changes: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        esp_row(replace(TUNNEL, **changes))  # type: ignore[arg-type]  # fields come by name


def test_keys_are_collected_from_every_place_where_they_may_be(tmp_path: Path) -> None:
    layout = write_case(tmp_path / "case", [], {"east": f"# comment\n\n{CBC}\nnonsense\n"})
    for place in ("west/cmd/0003.out", "east/step/0014.out", "east/step/0015.txt"):
        path = layout.share / place
        path.parent.mkdir(parents=True) if not path.parent.is_dir() else None
        path.write_text(STATE.replace("bdc552b9", f"bdc55{place[-5]}00") if place.endswith("txt") else STATE)
    keys = collect_keys(layout)
    assert keys.ike_table == f"{CBC}\n"
    assert [row.split(",")[3] for row in keys.esp] == ['"0xbdc552b9"', '"0x0a0b0c0d"']
    assert keys.esp[1].startswith('"IPv6","2001:db8:1:2::23","2001:db8:1:2::45"')
    assert (keys.left_out, keys.conflicts) == (1, 0)


def test_an_sa_that_wireshark_cannot_use_counts_once_however_often_it_is_shown(tmp_path: Path) -> None:
    layout = write_case(tmp_path / "case", [], {})
    for place in ("west/cmd/0003.out", "east/cmd/0003.out", "east/cmd/0004.out"):
        (layout.share / place).parent.mkdir(parents=True, exist_ok=True)
        (layout.share / place).write_text(STATE.replace("enc cbc(aes)", "enc cbc(camellia)"))
    assert STATE.count("enc cbc(aes)") == 1
    assert collect_keys(layout).left_out == 1


def test_a_case_without_anything_has_no_keys(tmp_path: Path) -> None:
    assert collect_keys(write_case(tmp_path / "case", [])) == Keys()


def test_links_pipes_and_endless_lines_of_a_guest_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(CBC)
    layout = write_case(tmp_path / "case", [], {"west": f"{CBC}{' ' * 2000}\n"})
    east = layout.share / "east" / "state"
    east.mkdir(parents=True)
    (east / "ikev2_decryption_table").symlink_to(secret)
    os.mkfifo(east / "xfrm-state")
    (layout.share / "north").symlink_to(tmp_path)
    assert collect_keys(layout) == Keys()


def test_a_guest_cannot_fill_the_tables_without_end(tmp_path: Path) -> None:
    rows = "\n".join(GcmKeys().row(number.to_bytes(8)) for number in range(3000))
    keys = collect_keys(write_case(tmp_path / "case", [], {"east": rows}))
    assert 0 < len(keys.ike) <= 2000


def test_blanks_without_end_are_no_trouble(tmp_path: Path) -> None:
    layout = write_case(tmp_path / "case", [])
    path = layout.share / "west" / "cmd" / "0001.out"
    path.parent.mkdir(parents=True)
    path.write_text(f"src 1.1.1.1 dst 2.2.2.2\n\tproto esp spi 0x1 mode tunnel\n\tenc x {' ' * 990}y\n" * 100)
    assert collect_keys(layout).esp == ()
