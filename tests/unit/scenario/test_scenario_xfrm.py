from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.scenario.state import KernelPolicy, KernelView
from parley.scenario.xfrm import parse_kernel

DATA = Path(__file__).parent / "data"
MARK = "==== policy ====\n"

SA = """\
src 192.1.2.45 dst 192.1.2.23
\tproto esp spi 0x{spi} reqid 1(0x00000001) mode {mode}
\treplay-window 0 seq 0x00000000 flag {flags} (0x00100000)
\t{algorithm}
\tlifetime current:
\t  8880(bytes), 6(packets)
"""


def kernel(name: str) -> KernelView:
    """What a real kernel printed (`ip -s xfrm state`), its keys replaced."""
    state, _, policy = (DATA / f"xfrm-{name}.txt").read_text().partition(MARK)
    return parse_kernel(state, policy)


def one(
    algorithm: str, *, spi: str = "cb1321c5", mode: str = "tunnel", flags: str = "af-unspec"
) -> KernelView:
    return parse_kernel(SA.format(algorithm=algorithm, spi=spi, mode=mode, flags=flags), "")


def test_everything_of_a_translated_pair_of_sas_is_read() -> None:
    outbound, inbound = kernel("nat").sas
    assert (outbound.source, outbound.destination) == ("192.1.3.209", "192.1.2.23")
    assert (inbound.source, inbound.destination) == ("192.1.2.23", "192.1.3.209")
    assert (outbound.spi, inbound.spi) == ("a0c346a2", "cee2141c")
    for sa in (outbound, inbound):
        assert (sa.protocol, sa.mode, sa.encapsulation) == ("esp", "tunnel", "espinudp")
        assert (sa.encryption, sa.integrity, sa.integrity_key) == ("ENCR_AES_GCM_16-256", "", "")
        assert (sa.bytes, sa.packets, sa.esn) == (8880, 6, False)
    assert outbound.encryption_key == "4e" * 36
    assert inbound.encryption_key == "56" * 36


def test_policies_are_read_with_their_templates_and_blocks_without() -> None:
    policies = kernel("nat").policies
    assert policies[0] == KernelPolicy(
        source="192.1.3.209/32",
        destination="192.0.2.0/24",
        direction="out",
        protocol="esp",
        mode="tunnel",
        outer_source="192.1.3.209",
        outer_destination="192.1.2.23",
    )
    assert [policy.direction for policy in policies[:3]] == ["out", "fwd", "in"]
    assert {(policy.action, policy.protocol) for policy in policies[3:]} == {("block", "")}
    assert len(policies) == 9


def test_esn_is_seen_however_iproute2_runs_its_words_together() -> None:
    # `esnextra_flag dont-encap-dscp` on the way out, `esn` on the way in.
    text = (DATA / "xfrm-esn.txt").read_text()
    assert "esnextra_flag" in text
    assert [sa.esn for sa in kernel("esn").sas] == [True, True]


def test_a_window_in_the_long_form_is_no_esn() -> None:
    view = one("aead rfc4106(gcm(aes)) 0x" + "ab" * 20 + " (160 bits) 128\n\tanti-replay esn context:")
    assert [sa.esn for sa in view.sas] == [False]


@pytest.mark.parametrize(
    ("name", "protocol", "encryption", "integrity", "lengths"),
    [
        ("ah", "ah", "", "AUTH_HMAC_SHA2_256_128", (0, 64)),
        ("null", "esp", "ENCR_NULL", "AUTH_HMAC_SHA2_256_128", (0, 64)),
        ("ctr", "esp", "ENCR_AES_CTR-256", "AUTH_HMAC_SHA2_256_128", (72, 64)),
        ("esn", "esp", "ENCR_AES_GCM_16-256", "", (72, 0)),
    ],
)
def test_algorithms_of_real_kernels_have_their_iana_names(
    name: str, protocol: str, encryption: str, integrity: str, lengths: tuple[int, int]
) -> None:
    sas = kernel(name).sas
    assert len(sas) == 2
    for sa in sas:
        assert (sa.protocol, sa.encryption, sa.integrity) == (protocol, encryption, integrity)
        assert (len(sa.encryption_key), len(sa.integrity_key)) == lengths


def test_compressed_packets_have_sas_without_keys() -> None:
    view = kernel("ipcomp")
    assert {(sa.protocol, sa.encryption_key) for sa in view.sas if sa.protocol == "comp"} == {("comp", "")}
    outbound = next(policy for policy in view.policies if policy.direction == "out")
    assert (outbound.protocol, outbound.mode) == ("comp", "tunnel")


@pytest.mark.parametrize(
    ("line", "encryption", "integrity"),
    [
        ("aead rfc4106(gcm(aes)) 0x{20} (160 bits) 128", "ENCR_AES_GCM_16-128", ""),
        ("aead rfc4106(gcm(aes)) 0x{28} (224 bits) 96", "ENCR_AES_GCM_12-192", ""),
        ("aead rfc4106(gcm(aes)) 0x{36} (288 bits) 64", "ENCR_AES_GCM_8-256", ""),
        ("aead rfc4309(ccm(aes)) 0x{35} (280 bits) 128", "ENCR_AES_CCM_16-256", ""),
        ("aead rfc4543(gcm(aes)) 0x{20} (160 bits) 128", "ENCR_NULL_AUTH_AES_GMAC-128", ""),
        ("aead rfc4543(gcm(aes)) 0x{36} (288 bits) 128", "ENCR_NULL_AUTH_AES_GMAC-256", ""),
        ("aead rfc7539esp(chacha20,poly1305) 0x{36} (288 bits) 128", "ENCR_CHACHA20_POLY1305", ""),
        ("enc cbc(aes) 0x{16} (128 bits)", "ENCR_AES_CBC-128", ""),
        ("enc cbc(des3_ede) 0x{24} (192 bits)", "ENCR_3DES", ""),
        ("enc cbc(camellia) 0x{32} (256 bits)", "ENCR_CAMELLIA_CBC-256", ""),
        ("enc rfc3686(ctr(aes)) 0x{20} (160 bits)", "ENCR_AES_CTR-128", ""),
        ("enc ecb(cipher_null) ", "ENCR_NULL", ""),
        ("enc cbc(sm4) 0x{16} (128 bits)", "cbc(sm4)", ""),
        ("auth-trunc hmac(sha1) 0x{20} (160 bits) 96", "", "AUTH_HMAC_SHA1_96"),
        ("auth-trunc hmac(sha512) 0x{64} (512 bits) 256", "", "AUTH_HMAC_SHA2_512_256"),
        ("auth-trunc xcbc(aes) 0x{16} (128 bits) 96", "", "AUTH_AES_XCBC_96"),
        # What some kernels and daemons once did to SHA2-256: no RFC's algorithm.
        ("auth-trunc hmac(sha256) 0x{32} (256 bits) 96", "", "hmac(sha256) cut to 96"),
        ("auth-trunc hmac(sm3) 0x{32} (256 bits) 96", "", "hmac(sm3) cut to 96"),
    ],
)
def test_names_follow_from_the_kernels_word_the_key_and_the_cut(
    line: str, encryption: str, integrity: str
) -> None:
    before, brace, rest = line.partition("{")
    octets, _, after = rest.partition("}")
    view = one(before + "5a" * int(octets) + after if brace else line)
    assert [(sa.encryption, sa.integrity) for sa in view.sas] == [(encryption, integrity)]


def test_short_spis_are_padded_and_a_state_without_statistics_is_read_too() -> None:
    assert one("enc ecb(cipher_null) ", spi="00000100").sas[0].spi == "00000100"
    assert one("enc ecb(cipher_null) ", spi="100(256)").sas[0].spi == "00000100"
    bare = "src 192.1.2.45 dst 192.1.2.23\n\tproto esp spi 0x00001001 reqid 0 mode transport\n"
    assert parse_kernel(bare, "").sas[0].packets == 0


def test_policies_of_sockets_are_left_out() -> None:
    text = (
        "src 0.0.0.0/0 dst 0.0.0.0/0 \n\tsocket in priority 0 ptype main \n"
        "src 192.0.2.0/24 dst 192.0.1.0/24 \n\tdir in priority 7 ptype main \n"
    )
    assert [policy.direction for policy in parse_kernel("", text).policies] == ["in"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "src",
        "src 192.1.2.45 dst",
        "src 192.1.2.45 dst 192.1.2.23",
        "src 192.1.2.45 dst 192.1.2.23\n\tproto esp spi 0x reqid 1 mode tunnel\n",
        "src 192.1.2.45 dst 192.1.2.23\n\tproto esp spi 0x123456789 reqid 1 mode tunnel\n",
        "src 192.1.2.45 dst 192.1.2.23\n\tproto route2 spi 0x00000000 reqid 1 mode tunnel\n",
        "src 192.1.2.45 dst 192.1.2.23\n\tproto esp spi 0x00000001 reqid 1 mode wormhole\n",
        "src 192.0.2.0/24 dst 192.0.1.0/24 \n\tdir up priority 7 ptype main \n",
        "Error: Protocol not available\n",
    ],
)
def test_what_is_no_entry_is_left_out(text: str) -> None:
    assert parse_kernel(text, text) == KernelView()


def test_counters_longer_than_any_kernels_are_none() -> None:
    text = SA.format(algorithm="enc ecb(cipher_null) ", spi="00000100", mode="tunnel", flags="")
    view = parse_kernel(text.replace("8880(", "9" * 5000 + "("), "")
    assert (view.sas[0].bytes, view.sas[0].packets) == (0, 0)


@pytest.mark.parametrize(
    "word", ["flag ", "proto esp spi 0x1 ", "enc x ", "auth-trunc ", " ", "0", "tmpl src "]
)
def test_endless_lines_are_read_in_no_more_time_than_their_length_takes(word: str) -> None:
    line = f"src 192.1.2.45 dst 192.1.2.23\n\t{word * 200_000}\n\t{word * 200_000}x\n"
    parse_kernel(line, line)


WORDS = (
    *(
        "src",
        "dst",
        "proto",
        "esp",
        "spi",
        "0x1",
        "mode",
        "tunnel",
        "flag",
        "esn",
        "dir",
        "in",
        "out",
        "tmpl",
    ),
    *("enc", "aead", "auth-trunc", "type", "encap", "hmac(sha256)", "\n", "\n\t", "9" * 5000),
)


@given(st.text(), st.lists(st.sampled_from(WORDS), max_size=60).map(" ".join))
def test_nothing_that_a_guest_prints_raises(text: str, almost: str) -> None:
    for one, other in ((text, almost), (almost, text), (almost, almost), ("src " + text, "src " + text)):
        assert isinstance(parse_kernel(one, other), KernelView)
