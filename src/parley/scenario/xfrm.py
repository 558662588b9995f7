"""Linux's view: `ip -s xfrm state` and `ip xfrm policy` (ip-xfrm(8)) as typed data."""

from __future__ import annotations

import re

from parley.scenario.state import KernelPolicy, KernelSa, KernelView

_ENTRY = re.compile(r"^(?=src )", re.MULTILINE)
_ENDS = re.compile(r"src (\S+) dst (\S+)")
_SA = re.compile(r"\bproto (esp|ah|comp) spi 0x([0-9a-f]+).*? mode (tunnel|transport|beet)")
_ALGORITHM = re.compile(
    r"^\s(auth-trunc|auth|enc|aead) (\S+) (?:0x([0-9a-f]*))?[^\n]*?(?: (\d+))?\s*$", re.MULTILINE
)
_CURRENT = re.compile(r"lifetime current:\s+(\d+)\(bytes\), (\d+)\(packets\)")
_POLICY = re.compile(r"^\s(?:dir (in|out|fwd)|(socket) (?:in|out))(?: action (\w+))?", re.MULTILINE)
_TEMPLATE = re.compile(r"tmpl src (\S+) dst (\S+)\s+proto (\w+).*? mode (\w+)")

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
_AUTHS = {
    "hmac(sha1)": "AUTH_HMAC_SHA1_96",
    "hmac(md5)": "AUTH_HMAC_MD5_96",
    "hmac(sha256)": "AUTH_HMAC_SHA2_256_128",
    "hmac(sha384)": "AUTH_HMAC_SHA2_384_192",
    "hmac(sha512)": "AUTH_HMAC_SHA2_512_256",
    "xcbc(aes)": "AUTH_AES_XCBC_96",
    "cmac(aes)": "AUTH_AES_CMAC_96",
}
# Ciphers whose name says the key's length already.
_FIXED_LENGTH = {"ENCR_NULL", "ENCR_3DES", "ENCR_CHACHA20_POLY1305"}


def parse_kernel(state: str, policy: str) -> KernelView:
    """The SAs that `ip -s xfrm state` printed and the policies of `ip xfrm policy`, sockets' own left out."""
    return KernelView(
        tuple(sa for entry in _ENTRY.split(state) if (sa := _sa(entry))),
        tuple(found for entry in _ENTRY.split(policy) if (found := _policy(entry))),
    )


def _sa(entry: str) -> KernelSa | None:
    ends, about = _ENDS.match(entry), _SA.search(entry)
    if not ends or not about:
        return None
    encryption = integrity = encryption_key = integrity_key = ""
    for kind, name, key, bits in _ALGORITHM.findall(entry):
        if kind in {"auth", "auth-trunc"}:
            integrity, integrity_key = _AUTHS.get(name, name), key
        else:
            encryption, encryption_key = _cipher(kind, name, key, bits), key
    current = _CURRENT.search(entry)
    encapsulation = re.search(r"encap type (\S+)", entry)
    return KernelSa(
        source=ends[1],
        destination=ends[2],
        protocol=about[1],
        spi=about[2].rjust(8, "0"),
        mode=about[3],
        encryption=encryption,
        integrity=integrity,
        encryption_key=encryption_key,
        integrity_key=integrity_key,
        esn=bool(re.search(r"\bflag\b.*\besn\b", entry)),
        encapsulation=encapsulation[1] if encapsulation else "",
        packets=int(current[2]) if current else 0,
        bytes=int(current[1]) if current else 0,
    )


def _cipher(kind: str, name: str, key: str, icv_bits: str) -> str:
    bits = len(key) * 4
    if kind == "aead" and name in _AEADS:
        base, salt = _AEADS[name]
        return f"{base}_{int(icv_bits or 128) // 8}-{bits - salt}"
    base = _CIPHERS.get(name, name)
    return base if base in _FIXED_LENGTH or base == name else f"{base}-{bits}"


def _policy(entry: str) -> KernelPolicy | None:
    ends, about = _ENDS.match(entry), _POLICY.search(entry)
    if not ends or not about or about[2]:
        return None
    template = _TEMPLATE.search(entry)
    return KernelPolicy(
        source=ends[1],
        destination=ends[2],
        direction=about[1],
        action=about[3] or "allow",
        protocol=template[3] if template else "",
        mode=template[4] if template else "",
        outer_source=template[1] if template else "",
        outer_destination=template[2] if template else "",
    )
