"""Linux's view: `ip -s xfrm state` and `ip xfrm policy` (ip-xfrm(8)) as typed data."""

from __future__ import annotations

import re
from itertools import pairwise

from parley.scenario.state import KernelPolicy, KernelSa, KernelView

_ENTRY = re.compile(r"^(?=src )", re.MULTILINE)
_SPI = re.compile(r"0x([0-9a-f]{1,8})(?:\(\d+\))?")
# 64-bit counters; a longer number is none that a kernel printed.
_CURRENT = re.compile(r"(\d{1,20})\(bytes\), (\d{1,20})\(packets\)")
_PROTOCOLS = {"esp", "ah", "comp"}
_MODES = {"tunnel", "transport", "beet"}
# iproute2 leaves no blank between the last flag and its extra flags: `esnextra_flag dont-encap-dscp`.
_ESN = {"esn", "esnextra_flag"}

# Kernel names of ciphers -> IANA names; the key length follows from the key.
_CIPHERS = {
    "cbc(aes)": "ENCR_AES_CBC",
    "rfc3686(ctr(aes))": "ENCR_AES_CTR",
    "cbc(des3_ede)": "ENCR_3DES",
    "cbc(camellia)": "ENCR_CAMELLIA_CBC",
    "ecb(cipher_null)": "ENCR_NULL",
    "cipher_null": "ENCR_NULL",
    "rfc7539esp(chacha20,poly1305)": "ENCR_CHACHA20_POLY1305",
}
_AEADS = {"rfc4106(gcm(aes))": ("ENCR_AES_GCM", 32), "rfc4309(ccm(aes))": ("ENCR_AES_CCM", 24)}
# GMAC (RFC 4543) has one length of check value, and a salt of four bytes like GCM.
_GMAC, _GMAC_SALT = "rfc4543(gcm(aes))", 32
# The IANA name says how long the check value is on the wire (bits); one cut elsewhere is another algorithm.
_AUTHS = {
    ("hmac(sha1)", "96"): "AUTH_HMAC_SHA1_96",
    ("hmac(md5)", "96"): "AUTH_HMAC_MD5_96",
    ("hmac(sha256)", "128"): "AUTH_HMAC_SHA2_256_128",
    ("hmac(sha384)", "192"): "AUTH_HMAC_SHA2_384_192",
    ("hmac(sha512)", "256"): "AUTH_HMAC_SHA2_512_256",
    ("xcbc(aes)", "96"): "AUTH_AES_XCBC_96",
    ("cmac(aes)", "96"): "AUTH_AES_CMAC_96",
}
# What the kernel counts as key and RFC 3686 as nonce (bits).
_NONCES = {"ENCR_AES_CTR": 32}
_ICV_OCTETS = {"64": 8, "96": 12, "128": 16}
# Ciphers whose name says the key's length already.
_FIXED_LENGTH = {"ENCR_NULL", "ENCR_3DES", "ENCR_CHACHA20_POLY1305"}


def parse_kernel(state: str, policy: str) -> KernelView:
    """The SAs that `ip -s xfrm state` printed and the policies of `ip xfrm policy`, sockets' own left out.

    Never raises: what is no entry is left out.
    """
    return KernelView(
        tuple(sa for entry in _ENTRY.split(state) if (sa := _sa(entry))),
        tuple(found for entry in _ENTRY.split(policy) if (found := _policy(entry))),
    )


def _lines(entry: str) -> list[list[str]]:
    """The words of each line. A hostile guest's line may be long: no pattern that could backtrack sees it."""
    return [line.split() for line in entry.split("\n")]


def _pairs(words: list[str]) -> dict[str, str]:
    """A line of names and values, `src 192.0.2.1 dst 192.0.2.2`."""
    return dict(zip(words[::2], words[1::2], strict=False))


def _sa(entry: str) -> KernelSa | None:
    lines = _lines(entry)
    ends = _pairs(lines[0])
    about = _pairs(lines[1]) if lines[1:] else {}
    spi = _SPI.fullmatch(about.get("spi", ""))
    if not {"src", "dst"} <= ends.keys() or about.get("proto") not in _PROTOCOLS or not spi:
        return None
    if about.get("mode") not in _MODES:
        return None
    encryption, encryption_key, integrity, integrity_key = _algorithms(lines)
    sent_bytes, packets = _counted(entry)
    return KernelSa(
        source=ends["src"],
        destination=ends["dst"],
        protocol=about["proto"],
        spi=spi[1].rjust(8, "0"),
        mode=about["mode"],
        encryption=encryption,
        integrity=integrity,
        encryption_key=encryption_key,
        integrity_key=integrity_key,
        esn=any("flag" in line and not _ESN.isdisjoint(line) for line in lines),
        encapsulation=next((_pairs(line[1:]).get("type", "") for line in lines if line[:1] == ["encap"]), ""),
        packets=packets,
        bytes=sent_bytes,
    )


def _algorithms(lines: list[list[str]]) -> tuple[str, str, str, str]:
    """Encryption and its key, integrity and its key; empty where there is none."""
    encryption = encryption_key = integrity = integrity_key = ""
    for line in lines:
        match line:
            case [("enc" | "aead") as kind, name, *rest]:
                encryption_key = _key(rest)
                encryption = _cipher(kind, name, encryption_key, rest[-1] if rest else "")
            case [("auth" | "auth-trunc"), name, *rest]:
                cut = rest[-1] if rest else ""
                integrity, integrity_key = _AUTHS.get((name, cut), f"{name} cut to {cut}"), _key(rest)
    return encryption, encryption_key, integrity, integrity_key


def _key(words: list[str]) -> str:
    return words[0].removeprefix("0x") if words and words[0].startswith("0x") else ""


def _counted(entry: str) -> tuple[int, int]:
    """Bytes and packets so far."""
    current = _CURRENT.match(entry.partition("lifetime current:")[2].lstrip())
    return (int(current[1]), int(current[2])) if current else (0, 0)


def _cipher(kind: str, name: str, key: str, icv_bits: str) -> str:
    bits = len(key) * 4
    if name == _GMAC:
        return f"ENCR_NULL_AUTH_AES_GMAC-{bits - _GMAC_SALT}"
    if kind == "aead" and name in _AEADS:
        base, salt = _AEADS[name]
        octets = _ICV_OCTETS.get(icv_bits, icv_bits)
        return f"{base}_{octets}-{bits - salt}"
    base = _CIPHERS.get(name, name)
    return base if base in _FIXED_LENGTH or base == name else f"{base}-{bits - _NONCES.get(base, 0)}"


def _policy(entry: str) -> KernelPolicy | None:
    lines = _lines(entry)
    ends = _pairs(lines[0])
    about = _pairs(lines[1]) if lines[1:] else {}
    if not {"src", "dst"} <= ends.keys() or about.get("dir") not in {"in", "out", "fwd"}:
        return None
    outer, inner = _template(lines)
    return KernelPolicy(
        source=ends["src"],
        destination=ends["dst"],
        direction=about["dir"],
        action=about.get("action", "allow"),
        protocol=inner.get("proto", ""),
        mode=inner.get("mode", ""),
        outer_source=outer.get("src", ""),
        outer_destination=outer.get("dst", ""),
    )


def _template(lines: list[list[str]]) -> tuple[dict[str, str], dict[str, str]]:
    """The outer addresses and the transformation of the first template; a block or bypass has none."""
    for line, following in pairwise(lines):
        if line[:1] == ["tmpl"]:
            return _pairs(line[1:]), _pairs(following)
    return {}, {}
