from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from parley.scenario.iana import (
    EXCHANGES,
    FIRST_STATUS_NOTIFY,
    NOTIFIES,
    PAYLOADS,
    TRANSFORMS,
    TransformType,
)


@pytest.mark.parametrize(
    ("kind", "name", "number"),
    [
        (TransformType.ENCRYPTION, "ENCR_AES_CBC-256", 12),
        (TransformType.ENCRYPTION, "ENCR_AES_CCM_16-128", 16),
        (TransformType.ENCRYPTION, "ENCR_AES_GCM_16-192", 20),
        (TransformType.ENCRYPTION, "ENCR_CHACHA20_POLY1305", 28),
        (TransformType.PRF, "PRF_HMAC_SHA2_512", 7),
        (TransformType.INTEGRITY, "AUTH_HMAC_SHA2_384_192", 13),
        (TransformType.KE, "MODP_2048", 14),
        (TransformType.KE, "MODP_4096", 16),
        (TransformType.KE, "ECP_521", 21),
        (TransformType.KE, "CURVE448", 32),
        (TransformType.KE, "ML_KEM_1024", 37),
    ],
)
def test_numbers_are_those_of_the_registry(kind: TransformType, name: str, number: int) -> None:
    assert TRANSFORMS[kind][name].number == number


def test_names_say_the_key_length_exactly_where_the_registry_has_one() -> None:
    for transform in TRANSFORMS[TransformType.ENCRYPTION].values():
        match = re.search(r"-(\d+)$", transform.name)
        assert (int(match[1]) if match else None) == transform.key_bits
    assert "ENCR_AES_CBC" not in TRANSFORMS[TransformType.ENCRYPTION]
    assert TRANSFORMS[TransformType.ENCRYPTION]["ENCR_3DES"].key_bits is None


def test_combined_ciphers_are_the_authenticated_ones() -> None:
    combined = {
        name.partition("-")[0] for name, each in TRANSFORMS[TransformType.ENCRYPTION].items() if each.combined
    }
    assert {"ENCR_AES_GCM_16", "ENCR_AES_CCM_8", "ENCR_CHACHA20_POLY1305"} <= combined
    assert not combined & {"ENCR_AES_CBC", "ENCR_AES_CTR", "ENCR_NULL", "ENCR_3DES"}


def test_only_encapsulations_are_kems() -> None:
    assert {each.name for each in TRANSFORMS[TransformType.KE].values() if each.kem} == {
        "ML_KEM_512",
        "ML_KEM_768",
        "ML_KEM_1024",
    }


def test_no_number_means_two_transforms() -> None:
    for transforms in TRANSFORMS.values():
        numbers = [(each.number, each.key_bits) for each in transforms.values()]
        assert len(numbers) == len(set(numbers))
    for registry in (NOTIFIES, PAYLOADS, EXCHANGES):
        assert len(set(registry.values())) == len(registry)


def test_errors_and_status_notifies_keep_to_their_ranges() -> None:
    assert NOTIFIES["TS_UNACCEPTABLE"] < FIRST_STATUS_NOTIFY <= NOTIFIES["INITIAL_CONTACT"]


@pytest.mark.skipif(not shutil.which("tshark"), reason="needs tshark")
def test_notifies_are_what_wireshark_knows_them_as() -> None:
    listing = subprocess.run(["tshark", "-G", "values"], check=True, capture_output=True, text=True).stdout
    known: dict[str, set[int]] = {}
    for line in listing.splitlines():
        columns = line.split("\t")
        if columns[0] == "R" and columns[1] == "isakmp.notify.msgtype" and columns[2] == columns[3]:
            known.setdefault(columns[4], set()).add(int(columns[2]))
    checked = NOTIFIES.keys() & known.keys()
    assert len(checked) > 40
    assert {name for name in checked if NOTIFIES[name] not in known[name]} == set()
