from __future__ import annotations

import pytest

from parley.daemon.driver import Addresses
from parley.daemon.libreswan.driver import LibreswanDriver
from parley.daemon.registry import daemon_named
from parley.scenario.model import Role
from scenario_files import scenario

_EAP_TLS = """
    [initiator]
    auth = "eap-tls"
    certificate = "rsa"
    [responder]
    auth = "certificate"
    certificate = "rsa"
"""
_EXPIRED = """
    [initiator]
    auth = "certificate"
    certificate = "expired"
    [responder]
    auth = "certificate"
    certificate = "ecdsa"
    [expect]
    outcome = "refused"
"""


def reason(text: str, role: Role = Role.INITIATOR) -> str:
    lack = LibreswanDriver(scenario(text), role, Addresses("192.1.2.45", "192.1.2.23")).lack()
    return lack.reason if lack else ""


def both(text: str) -> set[str]:
    return {reason(text, role) for role in Role}


def test_the_record_finds_the_driver() -> None:
    assert daemon_named("libreswan").driver is LibreswanDriver


def test_it_has_what_most_scenarios_need() -> None:
    assert both("") == {""}
    side = 'auth = "certificate"\ncertificate = "ecdsa"\n'
    assert both(f"[initiator]\n{side}[responder]\n{side}") == {""}


def test_eap_as_a_responder_only() -> None:
    assert reason(_EAP_TLS) == "EAP as a responder only"
    assert reason(_EAP_TLS, Role.RESPONDER) == ""
    mschap = _EAP_TLS.replace("eap-tls", "eap-mschapv2").replace('certificate = "rsa"', "", 1)
    assert both(mschap) == {"EAP-TLS is its only EAP method"}


def test_an_expired_certificate_of_its_own() -> None:
    assert "never presents one" in reason(_EXPIRED)
    assert reason(_EXPIRED, Role.RESPONDER) == ""


def test_childless_as_a_responder_only() -> None:
    assert "labelled IPsec only" in reason("[ike]\nchildless = true\n")
    assert reason("[ike]\nchildless = true\n", Role.RESPONDER) == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[ike]\nke = "BRAINPOOL_P256R1"\n', "no BRAINPOOL_P256R1"),
        ('[child]\nencryption = "ENCR_CAMELLIA_CTR-128"\n', "no ENCR_CAMELLIA_CTR-128"),
        ('[ike]\nencryption = "ENCR_AES_CCM_16-128"\n', "no ENCR_AES_CCM_16-128"),
        ('[child]\nencryption = "ENCR_AES_CCM_16-128"\n', ""),
        (
            '[ike]\nke = "CURVE25519"\nadditional = ["ML_KEM_768"]\n',
            "no additional key exchanges (RFC 9370)",
        ),
    ],
)
def test_algorithms(text: str, expected: str) -> None:
    assert both(text) == {expected}


def test_ed25519_whoever_has_it() -> None:
    text = """
        [initiator]
        auth = "psk"
        secret = "a-secret"
        [responder]
        auth = "certificate"
        certificate = "ed25519"
    """
    assert all(found.startswith("no Ed25519") for found in both(text))
