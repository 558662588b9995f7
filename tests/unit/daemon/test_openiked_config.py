from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driver_samples import ADDRESSES, assert_posix_sh, commands
from parley.daemon.driver import Addresses
from parley.daemon.openiked.config import acquirable_flow, identity, iked_conf
from parley.daemon.openiked.driver import OpenikedDriver
from parley.scenario.model import Role
from scenario_files import scenario

INITIATOR, RESPONDER = Role.INITIATOR, Role.RESPONDER
REFUSED = '[expect]\noutcome = "refused"'
IPV6 = {
    INITIATOR: Addresses("2001:db8:1:2::45", "2001:db8:1:2::23"),
    RESPONDER: Addresses("2001:db8:1:2::23", "2001:db8:1:2::45"),
}


def conf(text: str, role: Role = INITIATOR) -> str:
    return iked_conf(scenario(text), role, ADDRESSES[role])


def policy(text: str, role: Role = INITIATOR) -> list[str]:
    """The lines of the policy."""
    _, _, found = conf(text, role).partition("ikev2 ")
    return [line.strip() for line in found.split("\\\n")]


def test_a_pre_shared_key_leaves_everything_else_to_the_daemon() -> None:
    assert conf("") == (
        'ikev2 "parley" passive tunnel esp \\\n'
        "    from 192.0.1.0/24 to 192.0.2.0/24 \\\n"
        "    local 192.1.2.45 peer 192.1.2.23 \\\n"
        '    srcid "west" \\\n'
        '    dstid "east" \\\n'
        '    psk "parley-lab-secret-that-guards-nothing"\n'
    )


def test_the_grammar_wants_its_parts_in_this_order() -> None:
    text = """
        [ike]
        encryption = "ENCR_AES_CBC-256"
        integrity = "AUTH_HMAC_SHA2_256_128"
        prf = "PRF_HMAC_SHA2_256"
        ke = ["CURVE25519", "ECP_256"]
        lifetime = 60
        force_encapsulation = true
        [child]
        mode = "transport"
        encryption = ["ENCR_AES_CBC-256", "ENCR_AES_CBC-128"]
        integrity = "AUTH_HMAC_SHA2_512_256"
        ke = "ECP_384"
        esn = false
        lifetime = 30
        lifetime_bytes = 5000
    """
    assert policy(text) == [
        '"parley" passive transport natt esp',
        "from 192.1.2.45/32 to 192.1.2.23/32",
        "local 192.1.2.45 peer 192.1.2.23",
        "ikesa enc aes-256 auth hmac-sha2-256 prf hmac-sha2-256 group curve25519 group ecp256",
        "childsa enc aes-256 enc aes-128 auth hmac-sha2-512 group ecp384 noesn",
        'srcid "west"',
        'dstid "east"',
        "ikelifetime 60",
        "lifetime 30 bytes 5000",
        'psk "parley-lab-secret-that-guards-nothing"',
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("lifetime = 30", "lifetime 30 bytes 4G"), ("lifetime_bytes = 5000", "lifetime 3h bytes 5000")],
)
def test_one_lifetime_leaves_the_other_as_it_is_by_default(text: str, expected: str) -> None:
    assert expected in policy(f"[child]\n{text}")


def test_what_it_has_no_word_for_is_left_to_it_to_refuse() -> None:
    text = '[ike]\nencryption = "ENCR_CHACHA20_POLY1305"\nprf = "PRF_HMAC_SHA2_256"'
    assert "ikesa enc ENCR_CHACHA20_POLY1305 prf hmac-sha2-256" in policy(text)


def test_globals() -> None:
    lines = conf("[ike]\nfragmentation = true\nmobike = false\ndpd = 7").splitlines()
    assert lines[:3] == ["set fragmentation", "set nomobike", "set dpd_check_interval 7"]
    assert conf("[ike]\nfragmentation = false").startswith("set nofragmentation\n")


def test_selectors_make_a_flow_for_each_pair_of_one_family() -> None:
    found = policy(
        '[child]\ninitiator = ["192.0.1.0/25", "2001:db8:0:1::/64"]\n'
        'responder = ["192.0.2.0/25", "192.0.2.128/25", "2001:db8:0:2::/64"]'
    )
    assert [line for line in found if line.startswith("from")] == [
        "from 192.0.1.0/25 to 192.0.2.0/25",
        "from 192.0.1.0/25 to 192.0.2.128/25",
        "from 2001:db8:0:1::/64 to 2001:db8:0:2::/64",
    ]


def test_the_responder_may_narrow() -> None:
    text = '[child]\nresponder = "192.0.2.0/24"\n[responder.child]\nselectors = "192.0.2.0/25"'
    assert "from 192.0.2.0/25 to 192.0.1.0/24" in policy(text, RESPONDER)
    assert "from 192.0.1.0/24 to 192.0.2.0/24" in policy(text)


@pytest.mark.parametrize(("pool", "inner"), [("192.0.3.0/24", "ipv4"), ("2001:db8:3::/64", "ipv6")])
def test_a_pool_is_leased_from(pool: str, inner: str) -> None:
    text = f'[responder]\npool = "{pool}"\n[network]\ninner = "{inner}"'
    initiator, responder = policy(text), policy(text, RESPONDER)
    assert initiator[1].startswith("from dynamic to ")
    assert responder[1].endswith(" to dynamic")
    assert initiator[-1] == "iface eth1"
    assert re.fullmatch(r"request address [0.:]+", initiator[-2])
    assert responder[-1] == f"config address {pool}"


def test_certificates_need_no_word() -> None:
    text = '[initiator]\nauth = "certificate"\n[responder]\nauth = "certificate"'
    assert policy(text)[-1] == 'dstid "east"'


def test_users_of_eap_are_known_to_the_responder() -> None:
    text = '[initiator]\nauth = "eap-mschapv2"\nsecret = "word"\n[responder]\nauth = "certificate"'
    assert conf(text, RESPONDER).startswith('user "west" "word"\n')
    assert policy(text, RESPONDER)[-1] == 'eap "mschap-v2"'


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("west", "west"),
        ("@west", "west"),
        ("west@example.com", "west@example.com"),
        ("C=AU,O=Parley,CN=west", "/C=AU/O=Parley/CN=west"),
        ("C=AU, O=Parley", "/C=AU/O=Parley"),
        ("192.1.2.45", "192.1.2.45"),
    ],
)
def test_identities_in_its_spelling(written: str, expected: str) -> None:
    assert identity(written) == expected


def test_a_network_can_be_asked_for_by_the_kernel() -> None:
    for text in ("", '[network]\nouter = "ipv6"'):
        assert acquirable_flow(scenario(text).connection, INITIATOR) is not None
        assert '"parley" passive ' in conf(text)


def test_a_host_in_ipv6_cannot_so_its_policy_is_active_and_iked_passive_at_first() -> None:
    loaded = scenario('[network]\nouter = "ipv6"\n[child]\nmode = "transport"')
    text = iked_conf(loaded, INITIATOR, IPV6[INITIATOR])
    assert text.startswith("set passive\n")
    assert '"parley" active transport esp' in text
    up = OpenikedDriver(loaded, INITIATOR, IPV6[INITIATOR]).up()
    assert "ikectl active" in up
    assert "xfrm-event" not in up


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_only_an_ipv6_flow_without_interface_part_survives_iked(network: int, interface: int) -> None:
    address = (network << 64) | interface
    text = ":".join(f"{address:032x}"[index : index + 4] for index in range(0, 32, 4))
    loaded = scenario(
        f'[network]\ninner = "ipv6"\n[child]\ninitiator = "{text}/128"\nresponder = "2001:db8:0:2::/64"'
    )
    assert (acquirable_flow(loaded.connection, INITIATOR) is not None) is (interface == 0)


REKEY_IKE = 'step = ["up", {{ do = "rekey-ike", by = "{}" }}, "down"]'


def test_an_ike_sa_that_is_to_be_rekeyed_lives_a_short_life() -> None:
    for text, role in ((REKEY_IKE.format("initiator"), INITIATOR), (REKEY_IKE.format("both"), RESPONDER)):
        assert "ikelifetime 10" in policy(text, role)
        assert OpenikedDriver(scenario(text), role, ADDRESSES[role]).rekey_ike()
    text = REKEY_IKE.format("initiator")
    assert "ikelifetime 10" not in policy(text, RESPONDER)
    assert OpenikedDriver(scenario(text), RESPONDER, ADDRESSES[RESPONDER]).rekey_ike() is None


@pytest.mark.parametrize(
    "text",
    ["", '[initiator]\nauth = "certificate"\n[responder]\nauth = "raw-key"', REKEY_IKE.format("both")],
)
@pytest.mark.parametrize("role", list(Role))
def test_every_command_is_posix_sh(text: str, role: Role) -> None:
    for command in commands(OpenikedDriver(scenario(text), role, ADDRESSES[role])):
        assert_posix_sh(command)


def test_the_kernel_is_asked_about_the_protocol_of_the_child() -> None:
    for text, number in (("", "50"), ('[child]\nprotocol = "ah"', "51")):
        driver = OpenikedDriver(scenario(text), INITIATOR, ADDRESSES[INITIATOR])
        assert f"192.1.2.45 192.1.2.23 {number} $index" in driver.up()


def test_a_raw_key_is_found_by_its_identity() -> None:
    text = '[initiator]\nauth = "raw-key"\n[responder]\nauth = "raw-key"\nidentity = "{}"'
    for name, place in (
        ("east", "fqdn/east"),
        ("east@example.com", "ufqdn/east@example.com"),
        ("192.1.2.23", "ipv4/192.1.2.23"),
        ("2001:db8:1:2::23", "ipv6/2001:db8:1:2::23"),
    ):
        driver = OpenikedDriver(scenario(text.format(name)), INITIATOR, ADDRESSES[INITIATOR])
        assert f"/etc/iked/pubkeys/{place}\n" in driver.start()


def test_the_unknown_authority_is_known_to_its_holder_only() -> None:
    text = (
        '[initiator]\nauth = "certificate"\ncertificate = "unknown"\n'
        f'[responder]\nauth = "certificate"\ncertificate = "ecdsa"\n{REFUSED}'
    )
    loaded = scenario(text)
    initiator, responder = (OpenikedDriver(loaded, role, ADDRESSES[role]).start() for role in Role)
    assert "unknown/ca.crt" in initiator
    assert "ecdsa/ca.crt" in initiator
    assert "ecdsa/ca.crt" in responder
    assert "unknown/ca.crt" not in responder


def test_the_program_that_has_the_kernel_speak_comes_along() -> None:
    files = OpenikedDriver(scenario(""), INITIATOR, ADDRESSES[INITIATOR]).files()
    assert files["/etc/iked.conf"].mode == 0o600
    assert files["/usr/local/sbin/xfrm-event"].mode == 0o755
    assert files["/usr/local/sbin/xfrm-event"].text.startswith("#!/usr/bin/perl\n")
