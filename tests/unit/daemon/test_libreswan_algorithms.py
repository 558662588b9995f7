from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.daemon.libreswan.algorithms import (
    WORDS,
    ah_proposal,
    esp_proposal,
    iana_name,
    ike_proposal,
    missing,
)
from parley.scenario.iana import TRANSFORMS, TransformType
from parley.scenario.model import Proposal

_KNOWN = [(kind, name) for kind, words in WORDS.items() for name in words]


@given(st.sampled_from(_KNOWN))
def test_what_is_configured_is_known_again_when_printed(known: tuple[TransformType, str]) -> None:
    kind, name = known
    assert name in TRANSFORMS[kind]
    assert iana_name(kind, WORDS[kind][name].upper()) == name


@pytest.mark.parametrize(
    ("printed", "name"),
    [
        ("AES_GCM_16_256", "ENCR_AES_GCM_16-256"),
        ("AES_CBC_128", "ENCR_AES_CBC-128"),
        ("3DES_CBC", "ENCR_3DES"),
        ("3DES_CBC_192", "ENCR_3DES"),
        ("CHACHA20_POLY1305_256", "ENCR_CHACHA20_POLY1305"),
        ("n/a", ""),
        ("", ""),
        ("SOMETHING_NEW", "SOMETHING_NEW"),
    ],
)
def test_printed_ciphers(printed: str, name: str) -> None:
    assert iana_name(TransformType.ENCRYPTION, printed) == name


# Each was accepted by `ipsec algparse -v2` of Libreswan 5.2, with the meaning that is wanted.
@pytest.mark.parametrize(
    ("proposal", "value"),
    [
        (
            Proposal(
                encryption=("ENCR_AES_CBC-256", "ENCR_AES_CTR-128"),
                integrity=("AUTH_HMAC_SHA2_512_256", "AUTH_HMAC_SHA1_96"),
                prf=("PRF_HMAC_SHA2_256", "PRF_HMAC_SHA1"),
                ke=("ECP_256", "MODP_2048"),
            ),
            "aes_cbc_256+aes_ctr_128-hmac_sha2_512_256+hmac_sha1_96-hmac_sha2_256+hmac_sha1-dh19+modp2048",
        ),
        (
            Proposal(encryption=("ENCR_AES_GCM_16-256",), prf=("PRF_HMAC_SHA2_256",), ke=("CURVE25519",)),
            "aes_gcm_16_256-none-hmac_sha2_256-dh31",
        ),
        (
            Proposal(encryption=("ENCR_AES_GCM_16-128", "ENCR_AES_CBC-128"), prf=("PRF_HMAC_SHA2_256",)),
            "aes_gcm_16_128-none-hmac_sha2_256,aes_cbc_128-hmac_sha2_512_256+hmac_sha2_256_128-hmac_sha2_256",
        ),
    ],
)
def test_ike(proposal: Proposal, value: str) -> None:
    assert ike_proposal(proposal) == value


def test_what_stands_in_front_of_the_group_is_filled_in() -> None:
    proposals = ike_proposal(Proposal(ke=("ECP_384",))).split(",")
    assert proposals[0] == "aes_gcm_16_256-none-hmac_sha2_512+hmac_sha2_256-dh20"
    assert proposals[-1].startswith("aes_cbc_128-hmac_sha2_512_256+hmac_sha2_256_128-")
    assert len(proposals) == 5
    assert esp_proposal(Proposal(ke=("ECP_384",))).split(",")[0] == "aes_gcm_16_256-none-dh20"


def test_esp_and_ah() -> None:
    gcm = Proposal(encryption=("ENCR_AES_GCM_16-256",), ke=("MODP_2048",))
    assert esp_proposal(gcm) == "aes_gcm_16_256-none-modp2048"
    null = Proposal(encryption=("ENCR_NULL",), integrity=("AUTH_HMAC_SHA2_256_128",))
    assert esp_proposal(null) == "null-hmac_sha2_256_128"
    assert ah_proposal(Proposal(integrity=("AUTH_HMAC_SHA2_256_128",))) == "hmac_sha2_256_128"
    assert ah_proposal(Proposal(ke=("ECP_256",))) == "hmac_sha2_512_256+hmac_sha2_256_128-dh19"


def test_what_it_lacks() -> None:
    ccm = Proposal(encryption=("ENCR_AES_CCM_16-256",), ke=("ECP_256", "ML_KEM_768", "BRAINPOOL_P256R1"))
    assert missing(ccm, ike=False) == ["ML_KEM_768", "BRAINPOOL_P256R1"]
    assert missing(ccm, ike=True) == ["ML_KEM_768", "BRAINPOOL_P256R1", "ENCR_AES_CCM_16-256"]
    assert missing(Proposal(integrity=("AUTH_AES_CMAC_96",)), ike=True) == ["AUTH_AES_CMAC_96"]
    assert missing(Proposal(integrity=("AUTH_AES_CMAC_96",)), ike=False) == []
    assert missing(Proposal(encryption=("ENCR_NULL", "ENCR_NULL")), ike=True) == ["ENCR_NULL"]
    assert missing(Proposal(), ike=True) == []
