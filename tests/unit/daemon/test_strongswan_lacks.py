from __future__ import annotations

import pytest

from driver_samples import ADDRESSES
from parley.daemon.strongswan.driver import StrongswanDriver
from parley.scenario.model import Role
from scenario_files import scenario

ML_KEM = '[ike]\nke = "CURVE25519"\nadditional = ["ML_KEM_768"]'


def lack(text: str, version: str = "6.0.1-6+deb13u7", role: Role = Role.INITIATOR) -> str:
    found = StrongswanDriver(scenario(text), role, ADDRESSES[role], version).lack()
    if found is None:
        return ""
    assert found.source
    return found.reason


@pytest.mark.parametrize(
    "text",
    [
        "",
        '[ike]\nencryption = "ENCR_CAMELLIA_CTR-128"',
        '[child]\nencryption = "ENCR_CAMELLIA_CBC-256"',
        '[child]\nencryption = "ENCR_AES_CCM_8-192"',
        '[child]\nprotocol = "ah"\nintegrity = "AUTH_AES_CMAC_96"',
    ],
)
def test_nothing_lacks(text: str) -> None:
    assert lack(text) == ""


@pytest.mark.parametrize(
    ("version", "lacks"),
    [("6.0.1-6+deb13u7", True), ("5.9.13-2", True), ("6.0.2-1", False), ("6.1.0-2", False), ("", False)],
)
def test_ml_kem_came_with_a_version(version: str, lacks: bool) -> None:
    assert bool(lack(ML_KEM, version)) is lacks


def test_ml_kem_in_a_child_counts_too() -> None:
    assert "ML-KEM" in lack('[child]\nencryption = "ENCR_AES_GCM_16-256"\nke = "ML_KEM_768"')


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('[child]\nencryption = "ENCR_AES_GCM_16_IIV-128"', "ENCR_AES_GCM_16_IIV-128"),
        ('[child]\nencryption = "ENCR_CAMELLIA_CCM_16-128"', "kernel"),
        ('[child]\nencryption = "ENCR_CAMELLIA_CTR-256"', "kernel"),
        ('[child]\nprotocol = "ah"\nintegrity = "AUTH_AES_128_GMAC"', "AUTH_AES_128_GMAC"),
    ],
)
def test_algorithms_that_lack(text: str, word: str) -> None:
    assert word in lack(text)


def test_only_the_responder_lacks_what_only_it_is_told() -> None:
    text = '[ike]\nke = "ECP_256"\n[responder.ike]\nke = "ML_KEM_768"\n[expect]\noutcome = "refused"'
    assert lack(text) == ""
    assert "ML-KEM" in lack(text, role=Role.RESPONDER)
