from __future__ import annotations

from typing import TYPE_CHECKING

from driver_samples import gathered_keys
from parley.daemon.openiked.keys import gather_keys

if TYPE_CHECKING:
    from pathlib import Path

LOG = "/parley/log/iked.log"
SPIS = "76154b4f3b5abed4", "7e2ca7177ce55146"

NEGOTIATED_AEAD = """\
proposals_negotiate: score 3
proposals_negotiate: score 1: ENCR AES_GCM_16 128
proposals_negotiate: score 1: PRF HMAC_SHA2_256
proposals_negotiate: score 1: DH CURVE25519
"""
NEGOTIATED_CBC = """\
proposals_negotiate: score 4
proposals_negotiate: score 1: ENCR AES_CBC 256
proposals_negotiate: score 1: PRF HMAC_SHA2_256
proposals_negotiate: score 1: INTEGR HMAC_SHA2_256_128
"""


def words(octets: str) -> str:
    """How iked prints octets: words of four, eight a line."""
    groups = [octets[index : index + 8] for index in range(0, len(octets), 8)]
    return "\n".join(" ".join(groups[index : index + 8]) for index in range(0, len(groups), 8))


def derived(spis: tuple[str, str], keys: dict[str, str]) -> str:
    lines = [
        f"spi=0x{spis[0]}: ikev2_sa_keys: DHSECRET with 32 bytes",
        words("f" * 64),
        "ikev2_sa_keys: SKEYSEED with 32 bytes",
        words("e" * 64),
        f"spi=0x{spis[0]}: ikev2_sa_keys: S with 80 bytes",
        words("d" * 128 + spis[0] + spis[1]),
        "ikev2_prfplus: Tn with 160 bytes",
        words("c" * 320),
    ]
    for name, key in keys.items():
        lines += [f"ikev2_sa_keys: {name} with {len(key) // 2} bytes", words(key)]
    return "\n".join(lines) + "\n"


AEAD_KEYS = {"SK_d": "0" * 64, "SK_ei": "1a" * 20, "SK_er": "2b" * 20, "SK_pi": "0" * 64, "SK_pr": "0" * 64}
CBC_KEYS = {
    "SK_d": "0" * 64,
    "SK_ai": "3c" * 32,
    "SK_ar": "4d" * 32,
    "SK_ei": "5e" * 32,
    "SK_er": "6f" * 32,
    "SK_pi": "0" * 64,
    "SK_pr": "0" * 64,
}
AEAD_ROW = (
    f'{",".join(SPIS)},{"1a" * 20},{"2b" * 20},"AES-GCM-128 with 16 octet ICV [RFC5282]",,,"NONE [RFC4306]"'
)


def rows(tmp_path: Path, log: str) -> list[str]:
    return gathered_keys(gather_keys(LOG), LOG, log, tmp_path)


def test_a_combined_cipher(tmp_path: Path) -> None:
    assert rows(tmp_path, NEGOTIATED_AEAD + derived(SPIS, AEAD_KEYS)) == [AEAD_ROW]


def test_every_ike_sa_has_a_row_and_none_keeps_what_the_one_before_had(tmp_path: Path) -> None:
    other = ("1111111111111111", "2222222222222222")
    log = NEGOTIATED_CBC + derived(other, CBC_KEYS) + NEGOTIATED_AEAD + derived(SPIS, AEAD_KEYS)
    first = (
        f'{",".join(other)},{"5e" * 32},{"6f" * 32},"AES-CBC-256 [RFC3602]",'
        f'{"3c" * 32},{"4d" * 32},"HMAC_SHA2_256_128 [RFC4868]"'
    )
    assert rows(tmp_path, log) == [first, AEAD_ROW]


def test_no_keys_no_table(tmp_path: Path) -> None:
    assert rows(tmp_path, "ikev2_info: called\n" + NEGOTIATED_AEAD) == []
