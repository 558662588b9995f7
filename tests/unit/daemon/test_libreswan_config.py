from __future__ import annotations

from pathlib import Path

import pytest

from parley.cell.drivers import hosts_of, make_driver
from parley.daemon.driver import Addresses
from parley.daemon.libreswan.config import identity, ipsec_conf, ipsec_secrets
from parley.scenario.load import load_scenario
from parley.scenario.model import Role
from scenario_files import scenario

_WEST = Addresses("192.1.2.45", "192.1.2.23")
_EAST = Addresses("192.1.2.23", "192.1.2.45")
_SCENARIOS = sorted((Path(__file__).parents[3] / "scenarios").glob("*.toml"))


def conf(text: str, role: Role = Role.INITIATOR, addresses: Addresses | None = None) -> str:
    where = addresses or (_WEST if role is Role.INITIATOR else _EAST)
    return ipsec_conf(scenario(text).connection, role, where)


def secrets(text: str, role: Role = Role.INITIATOR) -> str:
    return ipsec_secrets(scenario(text).connection, role)


def conn(text: str, role: Role = Role.INITIATOR, addresses: Addresses | None = None) -> dict[str, str]:
    """The values of the only conn section."""
    section = conf(text, role, addresses).partition("conn ")[2]
    assert "conn " not in section
    return dict(line.strip().split("=", 1) for line in section.splitlines()[1:])


def test_a_tunnel_with_a_shared_key() -> None:
    assert conn("") == {
        "auto": "add",
        "left": "192.1.2.45",
        "leftid": "@west",
        "right": "192.1.2.23",
        "rightid": "@east",
        "authby": "secret",
        "type": "tunnel",
        "pfs": "no",
        "leftsubnet": "192.0.1.0/24",
        "rightsubnet": "192.0.2.0/24",
    }
    assert conn("", Role.RESPONDER)["leftsubnet"] == "192.0.2.0/24"
    assert secrets("") == f'@west @east : PSK "{scenario("").connection.initiator.authentication.secret}"\n'


def test_identities() -> None:
    assert identity("west") == "@west"
    assert identity("west@parley.example") == "west@parley.example"
    assert identity("192.1.2.45") == "192.1.2.45"
    assert identity("2001:db8::1") == "2001:db8::1"
    assert identity("CN=west, O=Parley") == '"CN=west, O=Parley"'


@pytest.mark.parametrize(
    ("certificate", "signature", "authby"),
    [
        ("rsa", "", "rsasig"),
        ("rsa", "rsa-pss", "rsa-sha2"),
        ("rsa", "rsa-pkcs1", "rsa-sha1"),
        ("ecdsa", "", "ecdsa"),
        ("p384", "ecdsa", "ecdsa"),
    ],
)
def test_certificates(certificate: str, signature: str, authby: str) -> None:
    side = f'auth = "certificate"\ncertificate = "{certificate}"\n'
    side += f'signature = "{signature}"\n' if signature else ""
    values = conn(f"[initiator]\n{side}[responder]\n{side}")
    assert values["authby"] == authby
    assert values["leftcert"] == "west"
    assert values["rightca"] == f'"O=Parley, CN=Parley {certificate} CA"'
    assert "rightcert" not in values
    assert "sendca" not in values


def test_the_intermediate_is_sent_along() -> None:
    side = 'auth = "certificate"\ncertificate = "chain"\n'
    assert conn(f"[initiator]\n{side}[responder]\n{side}")["sendca"] == "all"


def test_each_end_proves_itself_its_own_way() -> None:
    text = """
        [initiator]
        auth = "psk"
        secret = "known-to-both"
        [responder]
        auth = "certificate"
        certificate = "rsa"
        signature = "rsa-pss"
    """
    initiator, responder = conn(text), conn(text, Role.RESPONDER)
    assert (initiator["leftauth"], initiator["rightauth"], initiator["authby"]) == (
        "secret",
        "rsasig",
        "rsa-sha2",
    )
    assert (responder["leftauth"], responder["rightauth"]) == ("rsasig", "secret")
    assert "leftcert" not in initiator
    assert responder["leftcert"] == "east"
    # Both need the key that only one of them proves itself with.
    assert secrets(text) == '@west @east : PSK "known-to-both"\n'
    assert secrets(text, Role.RESPONDER) == '@east @west : PSK "known-to-both"\n'


def test_each_end_believes_in_its_own_shared_key() -> None:
    text = '[initiator]\nsecret = "one"\n[responder]\nsecret = "other"\n[expect]\noutcome = "refused"\n'
    assert 'PSK "one"' in secrets(text)
    assert 'PSK "other"' in secrets(text, Role.RESPONDER)


def test_raw_keys_are_included() -> None:
    side = 'auth = "raw-key"\ncertificate = "ecdsa"\n'
    text = conf(f"[initiator]\n{side}[responder]\n{side}")
    assert "include /etc/ipsec.d/parley-raw-keys.conf\n" in text
    assert "\talso=parley-raw-keys\n" in text
    assert "leftcert" not in text
    assert "include" not in conf("")


def test_eap_tls_answers_with_a_signature() -> None:
    text = """
        [initiator]
        auth = "eap-tls"
        certificate = "rsa"
        [responder]
        auth = "certificate"
        certificate = "rsa"
    """
    values = conn(text, Role.RESPONDER)
    assert (values["leftauth"], values["rightauth"]) == ("rsasig", "eaponly")
    assert (values["leftautheap"], values["rightautheap"]) == ("tls", "tls")
    assert values["leftcert"] == "east"


def test_transport_mode_has_no_selectors() -> None:
    values = conn('[child]\nmode = "transport"\nipcomp = true\n')
    assert values["type"] == "transport"
    assert values["compress"] == "yes"
    assert not {"leftsubnet", "rightsubnet"} & values.keys()


def test_a_selector_that_is_the_address_itself_is_left_out() -> None:
    values = conn('[child]\ninitiator = "192.1.2.45"\nresponder = "192.0.2.0/24"\n')
    assert "leftsubnet" not in values
    assert values["rightsubnet"] == "192.0.2.0/24"


def test_several_selectors_are_one_child() -> None:
    values = conn('[child]\ninitiator = ["192.0.1.0/24", "192.0.11.0/24"]\nresponder = "192.0.2.0/24"\n')
    assert values["leftsubnet"] == "192.0.1.0/24,192.0.11.0/24"


def test_several_children_are_connections_with_the_same_ends() -> None:
    text = """
        [[child]]
        name = "first"
        initiator = "192.0.1.0/24"
        responder = "192.0.2.0/24"
        [[child]]
        name = "second"
        initiator = "192.0.11.0/24"
        responder = "192.0.22.0/24"
    """
    first, second = conf(text).split("conn ")[1:]
    assert first.splitlines()[0] == "first"
    assert second.splitlines()[0] == "second"
    assert first.splitlines()[1:8] == second.splitlines()[1:8]


def test_the_responder_narrows() -> None:
    text = """
        [child]
        initiator = "192.0.1.0/24"
        responder = "192.0.2.0/24"
        [responder.child]
        selectors = "192.0.2.128/25"
    """
    assert conn(text)["rightsubnet"] == "192.0.2.0/24"
    responder = conn(text, Role.RESPONDER)
    assert (responder["leftsubnet"], responder["narrowing"]) == ("192.0.2.128/25", "yes")


def test_a_leased_address() -> None:
    text = '[responder]\npool = "192.0.3.0/24"\n'
    initiator, responder = conn(text), conn(text, Role.RESPONDER)
    assert (initiator["leftmodecfgclient"], initiator["narrowing"]) == ("yes", "yes")
    assert initiator["leftsubnet"] == "0.0.0.0/0"
    assert (responder["rightaddresspool"], responder["narrowing"]) == ("192.0.3.0/24", "yes")
    assert "rightsubnet" not in responder
    other = conn('[network]\nouter = "ipv6"\n[responder]\npool = "2001:db8:0:3::/64"\n')
    assert other["leftsubnet"] == "::/0"


def test_features_of_the_ike_sa() -> None:
    values = conn(
        """
        [ike]
        fragmentation = false
        mobike = true
        dpd = 7
        force_encapsulation = true
        ppk_id = "an-id"
        ppk_secret = "a-secret"
        lifetime = 30
    """
    )
    expected = {
        "fragmentation": "no",
        "mobike": "yes",
        "dpddelay": "7s",
        "encapsulation": "yes",
        "ppk": "insist",
        "ppk-ids": '"an-id"',
        "right": "192.1.2.23",
        "ikelifetime": "90s",
        "rekeymargin": "60s",
        "rekeyfuzz": "0%",
    }
    assert expected.items() <= values.items()


def test_only_a_peer_with_any_address_may_move() -> None:
    assert conn("[ike]\nmobike = true\n", Role.RESPONDER)["right"] == "%any"
    assert conn("", Role.RESPONDER)["right"] == "192.1.2.45"


def test_a_post_quantum_key_stands_beside_the_other() -> None:
    text = '[ike]\nppk_id = "an-id"\nppk_secret = "a-secret"\n'
    assert secrets(text).splitlines()[1] == '@west @east : PPKS "an-id" "a-secret"'


def test_lifetimes_of_a_child() -> None:
    values = conn("[child]\nlifetime = 100\nlifetime_bytes = 1000000\n")
    # The soft limit is a quarter of what is configured where pluto initiated.
    assert (values["salifetime"], values["ipsec-max-bytes"]) == ("160s", "4000000")


def test_protocols_and_numbers() -> None:
    values = conn("""
        [child]
        protocol = "ah"
        integrity = "AUTH_HMAC_SHA2_256_128"
        esn = false
    """)
    assert (values["phase2"], values["ah"], values["esn"]) == ("ah", "hmac_sha2_256_128", "no")
    values = conn("""
        [child]
        encryption = "ENCR_AES_GCM_16-256"
        ke = "ECP_256"
        esn = true
    """)
    assert (values["esp"], values["esn"]) == ("aes_gcm_16_256-none-dh19", "yes")
    assert "pfs" not in values


def test_cookies_are_the_responders_business() -> None:
    text = "[responder]\ncookie = true\n"
    assert "ddos-mode=busy" in conf(text, Role.RESPONDER)
    assert "ddos-mode" not in conf(text)


@pytest.mark.parametrize("path", _SCENARIOS, ids=lambda path: path.stem)
@pytest.mark.parametrize("role", list(Role))
def test_every_scenario_is_rendered_or_declared_a_lack(path: Path, role: Role) -> None:
    loaded = load_scenario(path)
    driver = make_driver("libreswan", loaded, role, hosts_of(loaded))
    if lack := driver.lack():
        assert lack.reason
        assert lack.source.startswith("libreswan")
        return
    files = driver.files()
    assert set(files) == {"/etc/ipsec.conf", "/etc/ipsec.secrets", "/etc/ipsec.d/parley-keylog.c"}
    assert all(file.mode == 0o600 for file in files.values())
    text = files["/etc/ipsec.conf"].text
    assert text.count("\nconn ") == len(loaded.connection.children)
    # Sections are headed at the left margin and go on indented; a value left empty would be an error.
    for line in text.splitlines():
        assert not line or line.startswith(("config setup", "conn ", "include ", "\t"))
        assert not line.endswith("=")
