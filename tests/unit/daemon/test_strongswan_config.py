from __future__ import annotations

import re
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driver_samples import ADDRESSES, assert_posix_sh, commands
from parley.daemon.strongswan import words
from parley.daemon.strongswan.config import strongswan_conf, swanctl_conf
from parley.daemon.strongswan.driver import StrongswanDriver
from parley.scenario.iana import TRANSFORMS, TransformType
from parley.scenario.model import Role
from scenario_files import scenario

INITIATOR, RESPONDER = Role.INITIATOR, Role.RESPONDER
REFUSED = '[expect]\noutcome = "refused"'


def settings(text: str) -> dict[str, str]:
    """strongswan.conf(5) as dotted names and values, written independently of what renders it."""
    found: dict[str, str] = {}
    path: list[str] = []
    for line in text.splitlines():
        word = line.strip()
        if word.endswith("{"):
            path.append(word.removesuffix("{").strip())
        elif word == "}":
            path.pop()
        else:
            name, _, value = word.partition(" = ")
            found[".".join([*path, name])] = re.sub(r"\\(.)", r"\1", value.strip('"'))
    assert not path
    return found


def configured(text: str, role: Role = INITIATOR) -> dict[str, str]:
    loaded = scenario(text)
    return settings(swanctl_conf(loaded.connection, role, ADDRESSES[role]))


def connection(text: str, role: Role = INITIATOR) -> dict[str, str]:
    prefix = "connections.parley."
    return {
        name.removeprefix(prefix): value
        for name, value in configured(text, role).items()
        if name.startswith(prefix)
    }


def test_a_pre_shared_key_leaves_everything_else_to_the_daemon() -> None:
    assert configured("") == {
        "connections.parley.version": "2",
        "connections.parley.local_addrs": "192.1.2.45",
        "connections.parley.remote_addrs": "192.1.2.23",
        "connections.parley.proposals": "default",
        "connections.parley.local.id": "west",
        "connections.parley.local.auth": "psk",
        "connections.parley.remote.id": "east",
        "connections.parley.remote.auth": "psk",
        "connections.parley.children.net.mode": "tunnel",
        "connections.parley.children.net.esp_proposals": "default",
        "connections.parley.children.net.local_ts": "192.0.1.0/24",
        "connections.parley.children.net.remote_ts": "192.0.2.0/24",
        "secrets.ike-parley.secret": "parley-lab-secret-that-guards-nothing",
        "secrets.ike-parley.id-local": "west",
        "secrets.ike-parley.id-remote": "east",
    }


def test_each_side_has_its_own_secret() -> None:
    text = f'[initiator]\nsecret = "one"\n[responder]\nsecret = "other"\n{REFUSED}'
    assert configured(text)["secrets.ike-parley.secret"] == "one"
    assert configured(text, RESPONDER)["secrets.ike-parley.secret"] == "other"


CBC = """
    [ike]
    encryption = "ENCR_AES_CBC-256"
    integrity = "AUTH_HMAC_SHA2_256_128"
    prf = "PRF_HMAC_SHA2_256"
    ke = "CURVE25519"
"""
GCM = """
    [ike]
    encryption = "ENCR_AES_GCM_16-128"
    prf = "PRF_HMAC_SHA2_384"
    ke = "MODP_2048"
    additional = ["ML_KEM_768", "ECP_256"]
"""
GROUPS_ONLY = '[ike]\nke = ["ECP_256", "ECP_384"]'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (CBC, "aes256-sha256-prfsha256-x25519"),
        (GCM, "aes128gcm16-prfsha384-modp2048-ke1_mlkem768-ke2_ecp256"),
    ],
)
def test_ike_proposals(text: str, expected: str) -> None:
    assert connection(text)["proposals"] == expected


def test_types_that_are_left_open_are_filled_in_because_a_proposal_must_have_all() -> None:
    words_of = connection(GROUPS_ONLY)["proposals"].split("-")
    assert words_of[-2:] == ["ecp256", "ecp384"]
    assert {"aes256", "sha256", "prfsha256"} <= set(words_of)
    assert not {"x25519", "modp2048"} & set(words_of)


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ('encryption = "ENCR_AES_GCM_16-256"\nesn = true', "esp_proposals", "aes256gcm16-esn"),
        ('encryption = "ENCR_CHACHA20_POLY1305"\nesn = false', "esp_proposals", "chacha20poly1305-noesn"),
        (
            'encryption = "ENCR_NULL"\nintegrity = "AUTH_HMAC_SHA2_512_256"\nke = "ECP_256"',
            "esp_proposals",
            "null-sha512-ecp256",
        ),
        ('protocol = "ah"\nintegrity = "AUTH_HMAC_SHA2_256_128"', "ah_proposals", "sha256"),
        ('protocol = "ah"', "ah_proposals", "default"),
        ('integrity = "AUTH_HMAC_SHA1_96"', "esp_proposals", "aes128-aes192-aes256-sha1"),
    ],
)
def test_child_proposals(text: str, name: str, expected: str) -> None:
    found = connection(f"[child]\n{text}")
    assert found[f"children.net.{name}"] == expected
    assert ("children.net.ah_proposals" in found) != ("children.net.esp_proposals" in found)


def _names(kind: TransformType, table: dict[str, str]) -> list[str]:
    return [name for name in TRANSFORMS[kind] if name in table]


@given(st.sampled_from(_names(TransformType.ENCRYPTION, words.ENCRYPTION)))
def test_a_cipher_printed_by_strongswan_is_known_again(name: str) -> None:
    printed = words.printed_cipher(name)
    base, _, bits = printed.rpartition("_")
    alone, keyed = words.encryption_name(printed, ""), words.encryption_name(base, bits)
    assert name in {alone, keyed}


def test_keywords_are_never_ambiguous() -> None:
    for table in (words.ENCRYPTION, words.INTEGRITY, words.PRF, words.KE):
        assert len(set(table.values())) == len(table)


@pytest.mark.parametrize(
    ("printed", "name"),
    [("CURVE_25519", "CURVE25519"), ("ECP_256_BP", "BRAINPOOL_P256R1"), ("MODP_2048", "MODP_2048")],
)
def test_key_exchanges_printed_by_strongswan(printed: str, name: str) -> None:
    assert words.ke_name(printed) == name
    assert name in words.KE


def test_what_it_has_no_keyword_for_is_left_to_it_to_refuse() -> None:
    found = connection('[child]\nencryption = "ENCR_AES_GCM_16_IIV-128"')
    assert found["children.net.esp_proposals"] == "ENCR_AES_GCM_16_IIV-128"


def test_features_of_the_ike_sa() -> None:
    found = connection(
        "[ike]\nfragmentation = true\nmobike = false\nforce_encapsulation = true\ndpd = 7\nlifetime = 60\n"
        'ppk_id = "q"\nppk_secret = "quantum"\nchildless = true'
    )
    expected = {
        "fragmentation": "yes",
        "mobike": "no",
        "encap": "yes",
        "dpd_delay": "7s",
        "rekey_time": "60s",
        "rand_time": "0s",
        "ppk_id": "q",
        "ppk_required": "yes",
        "childless": "force",
    }
    assert expected.items() <= found.items()
    assert connection("[ike]\nchildless = true", RESPONDER)["childless"] == "allow"


def test_a_post_quantum_key_is_a_secret_of_its_own() -> None:
    found = configured('[ike]\nppk_id = "q"\nppk_secret = "quantum"')
    assert found["secrets.ppk-parley.secret"] == "quantum"
    assert found["secrets.ppk-parley.id"] == "q"


def test_features_of_a_child() -> None:
    found = connection(
        '[child]\nname = "one"\nmode = "transport"\nipcomp = true\nlifetime = 30\nlifetime_bytes = 5000'
    )
    expected = {
        "children.one.mode": "transport",
        "children.one.ipcomp": "yes",
        "children.one.rekey_time": "30s",
        "children.one.rand_time": "0s",
        "children.one.rekey_bytes": "5000",
        "children.one.rand_bytes": "0",
        "children.one.local_ts": "192.1.2.45/32",
        "children.one.remote_ts": "192.1.2.23/32",
    }
    assert expected.items() <= found.items()


def test_the_responder_may_differ() -> None:
    text = (
        '[ike]\nke = "ECP_256"\n[child]\nencryption = "ENCR_AES_GCM_16-128"\n'
        '[responder.ike]\nke = "ECP_384"\n'
        '[responder.child]\nencryption = "ENCR_AES_GCM_16-256"\nselectors = "192.0.2.0/25"\n'
        f"{REFUSED}"
    )
    initiator, responder = connection(text), connection(text, RESPONDER)
    assert initiator["proposals"].endswith("ecp256")
    assert responder["proposals"].endswith("ecp384")
    assert initiator["children.net.esp_proposals"] == "aes128gcm16"
    assert responder["children.net.esp_proposals"] == "aes256gcm16"
    assert initiator["children.net.remote_ts"] == "192.0.2.0/24"
    assert responder["children.net.local_ts"] == "192.0.2.0/25"


ANY = str(IPv4Address(0))


@pytest.mark.parametrize(("pool", "asked"), [("192.0.3.0/24", ANY), ("2001:db8:3::/64", "::")])
def test_a_pool_is_leased_from(pool: str, asked: str) -> None:
    inner = "ipv6" if ":" in pool else "ipv4"
    text = f'[responder]\npool = "{pool}"\n[network]\ninner = "{inner}"'
    initiator, responder = connection(text), configured(text, RESPONDER)
    assert initiator["vips"] == asked
    assert initiator["children.net.local_ts"] == "dynamic"
    assert responder["connections.parley.pools"] == "lease"
    assert responder["connections.parley.children.net.remote_ts"] == "dynamic"
    assert responder["pools.lease.addrs"] == pool
    assert not any(name.startswith("pools") for name in initiator)


def test_several_children_and_selectors() -> None:
    found = connection(
        '[[child]]\nname = "one"\ninitiator = ["192.0.1.0/25", "192.0.1.128/25"]\n[[child]]\nname = "two"'
    )
    assert found["children.one.local_ts"] == "192.0.1.0/25,192.0.1.128/25"
    assert found["children.two.local_ts"] == "192.0.1.0/24"


CERTIFICATES = """
    [initiator]
    auth = "certificate"
    certificate = "rsa"
    signature = "{}"
    [responder]
    auth = "certificate"
    certificate = "rsa"
"""


@pytest.mark.parametrize(
    ("signature", "auth"),
    [
        ("rsa-pkcs1", "ike:rsa-sha1-sha256-sha384-sha512"),
        ("rsa-pss", "ike:rsa/pss-sha256-sha384-sha512"),
    ],
)
def test_how_a_side_signs_is_told_to_both(signature: str, auth: str) -> None:
    text = CERTIFICATES.format(signature)
    assert connection(text)["local.auth"] == auth
    assert connection(text)["remote.auth"] == "pubkey"
    assert connection(text, RESPONDER)["remote.auth"] == auth
    assert connection(text)["local.certs"] == "west.crt"


def test_raw_keys() -> None:
    text = '[initiator]\nauth = "raw-key"\n[responder]\nauth = "raw-key"'
    found = connection(text)
    assert found["local.pubkeys"] == "west.pub"
    assert found["remote.pubkeys"] == "east.pub"
    assert "local.certs" not in found


def test_eap_is_the_initiators() -> None:
    text = '[initiator]\nauth = "eap-mschapv2"\nsecret = "word"\n[responder]\nauth = "certificate"'
    initiator, responder = configured(text), configured(text, RESPONDER)
    assert initiator["connections.parley.local.auth"] == "eap-mschapv2"
    assert initiator["connections.parley.local.eap_id"] == "west"
    assert initiator["connections.parley.remote.auth"] == "pubkey"
    assert responder["connections.parley.remote.auth"] == "eap-mschapv2"
    for found in (initiator, responder):
        assert found["secrets.eap-parley.secret"] == "word"
        assert found["secrets.eap-parley.id"] == "west"


def test_sides_may_differ_in_method() -> None:
    text = '[initiator]\nauth = "psk"\nsecret = "word"\n[responder]\nauth = "certificate"'
    for role in Role:
        assert configured(text, role)["secrets.ike-parley.secret"] == "word"
    assert connection(text)["remote.auth"] == "pubkey"


def test_an_odd_identity_is_quoted() -> None:
    found = configured('[initiator]\nidentity = "C=AU,O=Parley,CN=west"')
    assert found["connections.parley.local.id"] == "C=AU,O=Parley,CN=west"
    loaded = scenario('[initiator]\nidentity = "C=AU,O=Parley,CN=west"')
    text = swanctl_conf(loaded.connection, INITIATOR, ADDRESSES[INITIATOR])
    assert 'id = "C=AU,O=Parley,CN=west"' in text


def test_cookies_are_demanded_by_a_daemon_that_feels_attacked() -> None:
    loaded = scenario("[responder]\ncookie = true")
    found = settings(strongswan_conf(loaded.connection, RESPONDER))
    assert found["charon-systemd.cookie_threshold"] == "1"
    assert not any("cookie" in name for name in settings(strongswan_conf(loaded.connection, INITIATOR)))
    driver = StrongswanDriver(loaded, RESPONDER, ADDRESSES[RESPONDER])
    files = driver.files()
    assert files["/usr/local/sbin/half-open"].mode == 0o755
    assert driver.start().endswith("/usr/local/sbin/half-open 127.0.0.1")
    assert "remote_addrs = 127.0.0.1" in files["/etc/swanctl/swanctl.conf"].text


def test_logs_lie_where_the_lab_looks() -> None:
    found = settings(strongswan_conf(scenario("").connection, INITIATOR))
    logs = {name.rpartition(".")[0]: value for name, value in found.items() if name.endswith(".path")}
    assert set(logs.values()) == {"/parley/log/charon.log", "/parley/state/charon-keys.log"}
    for section in logs:
        assert found[f"{section}.flush_line"] == "yes"


def test_chance_comes_from_the_kernel_alone() -> None:
    found = settings(strongswan_conf(scenario("").connection, INITIATOR))
    assert found["charon-systemd.plugins.rdrand.load"] == "no"


@pytest.mark.parametrize("text", ["", CERTIFICATES.format("rsa-pss"), "[responder]\ncookie = true"])
@pytest.mark.parametrize("role", list(Role))
def test_every_command_is_posix_sh(text: str, role: Role) -> None:
    for command in commands(StrongswanDriver(scenario(text), role, ADDRESSES[role])):
        assert_posix_sh(command)


def test_a_childless_ike_sa_comes_up_before_its_children() -> None:
    driver = StrongswanDriver(scenario("[ike]\nchildless = true"), INITIATOR, ADDRESSES[INITIATOR])
    first, second = driver.up().splitlines()
    assert "--ike parley" in first
    assert "--child net" in second
