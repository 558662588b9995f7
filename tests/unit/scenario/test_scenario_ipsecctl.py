from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.scenario.ipsecctl import parse_openbsd_kernel
from parley.scenario.state import KernelPolicy, KernelView
from parley.scenario.xfrm import parse_kernel

KEY = "00112233445566778899aabbccddeeff"
SALT = "01020304"


def sa(
    enc: str = "aes",
    auth: str = "hmac-sha2-256",
    *,
    key: str = KEY,
    flags: str = "0x4<tunnel>",
    state: str = "mature",
    prefix: str = "",
) -> str:
    """An entry in the form of pfkdump.c and ipsecctl.c."""
    authkey = f" \\\n\tauthkey 0x{'ab' * 32}" if auth.startswith("hmac") else ""
    return (
        f"{prefix}esp tunnel from 192.1.2.45 to 192.1.2.23 spi 0x0a1b2c3d auth {auth} enc {enc}{authkey} \\\n"
        f"\tenckey 0x{key}\n"
        f"\tsa: spi 0x0a1b2c3d auth {auth} enc {enc}\n"
        f"\t\tstate {state} replay 64 flags {flags}\n"
        "\tlifetime_cur: alloc 0 bytes 252 add 1293629063 first 1293629064\n"
        "\tlifetime_hard: alloc 0 bytes 4294967296 add 10800 first 0\n"
        "\taddress_src: 192.1.2.45\n\taddress_dst: 192.1.2.23\n"
        "\tidentity_src: type fqdn id 0: west\n"
        "\tudpencap: udpencap port 4500\n"
        "\treplay: rpl 4\n"
        "\tcounter:\n\t\t3 input packets\n\t\t1 output packet\n\t\t252 input bytes\n"
        "\t\t2 packets dropped on input\n\n"
    )


ENDS = "local 192.1.2.23 peer 192.1.2.45 srcid FQDN/east dstid FQDN/west"
FLOWS = (
    f"FLOWS:\nflow esp in from 192.0.1.0/24 to 192.0.2.0/24 {ENDS} type require\n"
    f"@1 flow esp out from 192.0.2.0/24 to 192.0.1.0/24 {ENDS} type require\n"
    "flow esp out from ::/0 to ::/0 type deny\n"
)


def only(text: str) -> KernelView:
    view = parse_openbsd_kernel(text, "")
    assert len(view.sas) == 1
    return view


def test_an_sa_has_all_that_linux_tells_of_one() -> None:
    (found,) = only(sa(flags="0x404<tunnel,esn>")).sas
    linux = (
        "src 192.1.2.45 dst 192.1.2.23\n\tproto esp spi 0x0a1b2c3d reqid 1 mode tunnel\n"
        f"\treplay-window 0 flag esn\n\tauth-trunc hmac(sha256) 0x{'ab' * 32} 128\n\tenc cbc(aes) 0x{KEY}\n"
        "\tlifetime current:\n\t  252(bytes), 4(packets)\n"
    )
    assert parse_kernel(linux, "").sas == (found,)


@pytest.mark.parametrize(
    ("enc", "auth", "key", "encryption", "integrity"),
    [
        ("aes", "hmac-sha1", KEY * 2, "ENCR_AES_CBC-256", "AUTH_HMAC_SHA1_96"),
        ("aes-256", "hmac-sha2-512", KEY * 2, "ENCR_AES_CBC-256", "AUTH_HMAC_SHA2_512_256"),
        ("aesctr", "hmac-sha2-384", KEY + SALT, "ENCR_AES_CTR-128", "AUTH_HMAC_SHA2_384_192"),
        ("aes-gcm", "gmac-aes-128", KEY + SALT, "ENCR_AES_GCM_16-128", ""),
        ("aes-256-gcm", "gmac-aes-256", KEY * 2 + SALT, "ENCR_AES_GCM_16-256", ""),
        ("aes-gmac", "gmac-aes-128", KEY + SALT, "ENCR_NULL_AUTH_AES_GMAC-128", ""),
        ("chacha20-poly1305", "chacha20-poly1305", KEY * 2 + SALT, "ENCR_CHACHA20_POLY1305", ""),
        ("3des-cbc", "hmac-md5", KEY + KEY[:16], "ENCR_3DES", "AUTH_HMAC_MD5_96"),
        ("null", "hmac-sha2-256", "", "ENCR_NULL", "AUTH_HMAC_SHA2_256_128"),
        ("blowfish", "hmac-ripemd160", KEY, "blowfish", "hmac-ripemd160"),
    ],
)
def test_algorithms_have_iana_s_names(enc: str, auth: str, key: str, encryption: str, integrity: str) -> None:
    (found,) = only(sa(enc, auth, key=key)).sas
    assert (found.encryption, found.integrity) == (encryption, integrity)
    assert found.encryption_key == key


def test_flags_counters_and_encapsulation_are_told() -> None:
    (found,) = only(sa(flags="0x204<tunnel,udpencap>")).sas
    assert (found.esn, found.encapsulation, found.packets, found.bytes) == (False, "espinudp", 4, 252)


def test_numbered_entries_are_the_same() -> None:
    assert only(sa(prefix="@0 ")) == only(sa())


def test_transport_mode_and_ah_are_told() -> None:
    text = sa(flags="0").replace("esp tunnel", "ah transport").replace(" enc aes", "").replace("enckey", "x")
    (found,) = only(text).sas
    assert (found.protocol, found.mode, found.encryption) == ("ah", "transport", "")


@pytest.mark.parametrize("state", ["larval", "dead"])
def test_what_is_no_sa_yet_or_no_longer_is_left_out(state: str) -> None:
    assert parse_openbsd_kernel(sa(state=state), "").sas == ()


def test_flows_are_policies() -> None:
    there, back, denied = parse_openbsd_kernel("", FLOWS).policies
    assert there == KernelPolicy(
        "192.0.1.0/24", "192.0.2.0/24", "in", "allow", "esp", "", "192.1.2.45", "192.1.2.23"
    )
    assert (back.source, back.direction, back.outer_destination) == ("192.0.2.0/24", "out", "192.1.2.45")
    assert denied == replace(denied, action="block", protocol="", source="::/0")


def test_a_host_s_selector_has_its_length_as_on_linux() -> None:
    text = "flow esp out from 192.0.2.254 to 2001:db8::1 peer 192.1.2.45 type require\n"
    (flow,) = parse_openbsd_kernel("", text).policies
    assert (flow.source, flow.destination) == ("192.0.2.254/32", "2001:db8::1/128")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "No SAs\n",
        "SAD:\n\n",
        "esp tunnel from\n",
        "esp tunnel from a to b spi 0xg\n",
        "\tsa: spi\n",
        "flow\n",
    ],
)
def test_what_is_no_entry_is_left_out(text: str) -> None:
    assert parse_openbsd_kernel(text, text) == KernelView()


@given(st.text(alphabet="esp tunl from\t\n0x@spiauthenckey<>,:/.12", max_size=400))
def test_nothing_a_guest_prints_breaks_it(text: str) -> None:
    parse_openbsd_kernel(text, text)
    parse_openbsd_kernel(sa() + text, FLOWS + text)
