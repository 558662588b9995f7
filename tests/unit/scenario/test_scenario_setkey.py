from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.scenario.setkey import parse_freebsd_kernel
from parley.scenario.state import KernelPolicy, KernelView
from parley.scenario.xfrm import parse_kernel

KEY = "00112233445566778899aabbccddeeff"


def sa(
    cipher: str = "rijndael-cbc", key: str = "00112233 44556677 8899aabb ccddeeff", state: str = "mature"
) -> str:
    """An entry in the form of pfkey_dump.c."""
    digest = " ".join(["abababab"] * 8)
    return (
        "192.1.2.45 192.1.2.23\n"
        "\tesp mode=tunnel spi=169552957(0x0a1b2c3d) reqid=1(0x00000001)\n"
        f"\tE: {cipher}  {key}\n"
        f"\tA: hmac-sha2-256  {digest}\n"
        f"\tseq=0x00000002 replay=4 flags=0x00000000 state={state}\n"
        "\tcreated: Nov 24 14:00:00 2026\tcurrent: Nov 24 14:00:09 2026\n"
        "\tdiff: 9(s)\thard: 0(s)\tsoft: 0(s)\n"
        "\tcurrent: 168(bytes)\thard: 0(bytes)\tsoft: 0(bytes)\n"
        "\tallocated: 2\thard: 0\tsoft: 0\n"
        "\tsadb_seq=1 pid=1234 refcnt=1\n"
    )


POLICIES = """\
192.0.1.0/24[any] 192.0.2.0/24[any] any
\tin ipsec
\tesp/tunnel/192.1.2.45-192.1.2.23/unique:1
\tspid=1 seq=1 pid=1234 scope=global
\trefcnt=1
192.1.2.23[500] 0.0.0.0/0[any] udp
\tout none
"""


def test_an_sa_has_all_that_linux_tells_of_one() -> None:
    linux = (
        "src 192.1.2.45 dst 192.1.2.23\n\tproto esp spi 0x0a1b2c3d reqid 1 mode tunnel\n"
        f"\tauth-trunc hmac(sha256) 0x{'ab' * 32} 128\n\tenc cbc(aes) 0x{KEY}\n"
        "\tlifetime current:\n\t  168(bytes), 2(packets)\n"
    )
    assert parse_freebsd_kernel(sa(), "").sas == parse_kernel(linux, "").sas


@pytest.mark.parametrize(
    ("cipher", "octets", "name"),
    [
        ("aes-gcm-16", 20, "ENCR_AES_GCM_16-128"),
        ("aes-gcm-16", 36, "ENCR_AES_GCM_16-256"),
        ("aes-cbc", 32, "ENCR_AES_CBC-256"),
        ("null", 0, "ENCR_NULL"),
        ("chacha20-poly1305", 36, "ENCR_CHACHA20_POLY1305"),
        ("blowfish-cbc", 16, "blowfish-cbc"),
    ],
)
def test_algorithms_have_iana_s_names(cipher: str, octets: int, name: str) -> None:
    (found,) = parse_freebsd_kernel(sa(cipher, "ab" * octets), "").sas
    assert found.encryption == name


@pytest.mark.parametrize("state", ["larval", "dead"])
def test_what_is_no_sa_yet_or_no_longer_is_left_out(state: str) -> None:
    assert parse_freebsd_kernel(sa(state=state), "").sas == ()


def test_policies_are_told_with_their_tunnel_and_without() -> None:
    inbound, bypass = parse_freebsd_kernel("", POLICIES).policies
    assert inbound == KernelPolicy(
        "192.0.1.0/24", "192.0.2.0/24", "in", "allow", "esp", "tunnel", "192.1.2.45", "192.1.2.23"
    )
    assert (bypass.source, bypass.protocol, bypass.mode) == ("192.1.2.23/32", "", "")


def test_esp_in_udp_is_told_apart() -> None:
    text = sa().replace("esp mode", "esp-udp mode").replace("192.1.2.45 ", "192.1.2.45[4500] ")
    (found,) = parse_freebsd_kernel(text, "").sas
    assert (found.protocol, found.encapsulation, found.source) == ("esp", "espinudp", "192.1.2.45")


@pytest.mark.parametrize("text", ["", "No SAD entries.\n", "a b\n", "a b\n\tesp\n", "\tesp mode=tunnel\n"])
def test_what_is_no_entry_is_left_out(text: str) -> None:
    assert parse_freebsd_kernel(text, text) == KernelView()


@given(st.text(alphabet="esp mode=tunl spi=1(0x)\t\nEA:[]any/12.", max_size=400))
def test_nothing_a_guest_prints_breaks_it(text: str) -> None:
    parse_freebsd_kernel(sa() + text, POLICIES + text)
