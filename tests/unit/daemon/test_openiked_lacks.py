from __future__ import annotations

import pytest

from driver_samples import ADDRESSES
from parley.daemon.openiked.driver import OpenikedDriver
from parley.scenario.model import Role
from scenario_files import scenario

INITIATOR, RESPONDER = Role.INITIATOR, Role.RESPONDER
CERTIFICATES = '[initiator]\nauth = "certificate"\n{}\n[responder]\nauth = "certificate"\n{}'
EAP = '[initiator]\nauth = "eap-mschapv2"\n[responder]\nauth = "certificate"'
MOVE = 'step = ["up", {{ do = "move", by = "{}", address = "192.1.2.46" }}, "down"]\n[ike]\nmobike = true'


def lack(text: str, role: Role = INITIATOR) -> str:
    found = OpenikedDriver(scenario(text), role, ADDRESSES[role]).lack()
    if found is None:
        return ""
    assert found.source
    return found.reason


@pytest.mark.parametrize(
    "text",
    [
        "",
        '[ike]\nencryption = "ENCR_AES_GCM_16-256"\nprf = "PRF_HMAC_SHA2_256"\nke = "BRAINPOOL_P256R1"',
        '[child]\nencryption = "ENCR_AES_CTR-256"\nintegrity = "AUTH_HMAC_SHA2_512_256"\nesn = false',
        '[child]\nprotocol = "ah"\nintegrity = "AUTH_HMAC_SHA1_96"',
        '[network]\nouter = "ipv6"\n[child]\nprotocol = "ah"\nintegrity = "AUTH_HMAC_SHA2_512_256"',
        CERTIFICATES.format('certificate = "rsa"\nsignature = "rsa-pkcs1"', ""),
        "[ike]\nmobike = false\nfragmentation = true",
    ],
)
def test_nothing_lacks(text: str) -> None:
    for role in Role:
        assert lack(text, role) == ""


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('[ike]\nencryption = "ENCR_CHACHA20_POLY1305"\nprf = "PRF_HMAC_SHA2_256"', "CHACHA20"),
        ('[ike]\nencryption = "ENCR_AES_GCM_16-192"\nprf = "PRF_HMAC_SHA2_256"', "GCM_16-192"),
        ('[ike]\nke = "CURVE448"', "CURVE448"),
        ('[ike]\nke = "CURVE25519"\nadditional = ["ML_KEM_768"]', "RFC 9370"),
        ('[ike]\nppk_id = "q"\nppk_secret = "quantum"', "RFC 8784"),
        ("[ike]\nchildless = true", "RFC 6023"),
        ('[child]\nencryption = "ENCR_AES_GCM_16-128"', "PF_KEY"),
        ('[child]\nintegrity = "AUTH_HMAC_SHA2_256_128"', "PF_KEY"),
        ('[child]\nprotocol = "ah"\nintegrity = "AUTH_HMAC_SHA2_256_128"', "PF_KEY"),
        ("[child]\nesn = true", "extended sequence numbers"),
        ('[child]\nprotocol = "ah"', "AH in IPv4"),
        ('[child]\nprotocol = "ah"\nintegrity = "AUTH_HMAC_SHA2_512_256"', "AH in IPv4"),
        ('[child]\nencryption = "ENCR_NULL"\nintegrity = "AUTH_HMAC_SHA1_96"', "ENCR_NULL"),
        ("[child]\nipcomp = true", "IPcomp"),
        ('[child]\nke = "ML_KEM_512"', "ML_KEM_512"),
        ('[[child]]\nname = "one"\n[[child]]\nname = "two"', "one Child SA"),
        ('[network]\ninner = "ipv6"', "IP version"),
        ('[network]\nouter = "ipv6"\ninner = "ipv4"', "IP version"),
        (CERTIFICATES.format('certificate = "ed25519"', ""), "RSA and ECDSA"),
    ],
)
def test_what_lacks_on_both_sides(text: str, word: str) -> None:
    for role in Role:
        assert word in lack(text, role)


@pytest.mark.parametrize(
    ("text", "role", "word"),
    [
        (EAP, INITIATOR, "EAP"),
        ("[responder]\ncookie = true", RESPONDER, "cookie"),
        (CERTIFICATES.format('certificate = "rsa"\nsignature = "rsa-pss"', ""), INITIATOR, "PKCS1"),
        ("[ike]\nmobike = true", INITIATOR, "MOBIKE"),
        ('step = ["up", "reauthenticate", "down"]', INITIATOR, "reauthenticate"),
    ],
)
def test_what_lacks_on_one_side(text: str, role: Role, word: str) -> None:
    assert word in lack(text, role)
    assert lack(text, role.peer) == ""


def test_eap_tls_lacks_on_either_side() -> None:
    text = EAP.replace("mschapv2", "tls")
    assert lack(text) == "no EAP as initiator"
    assert "EAP-MSCHAPv2" in lack(text, RESPONDER)


def test_a_peer_that_moves_is_lost_and_so_is_it_itself() -> None:
    assert "cannot move SAs" in lack(MOVE.format("initiator"), RESPONDER)
    assert "MOBIKE" in lack(MOVE.format("initiator"), INITIATOR)


def test_one_method_for_both_sides() -> None:
    for text in (
        '[initiator]\nauth = "psk"\n[responder]\nauth = "certificate"',
        '[initiator]\nauth = "certificate"\n[responder]\nauth = "psk"',
    ):
        for role in Role:
            assert "one method" in lack(text, role)
