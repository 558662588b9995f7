"""IANA's names of algorithms in Libreswan's words, and back.

Pluto lists what it was built with when it starts (`ipsec algparse -v`); `ipsec_algparse(8)` shows how it
reads a proposal. Its full names are the registry's with another spelling, and the only ones that are not
ambiguous: `sha2_256` would be a PRF in one place and an integrity algorithm in another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from parley.scenario.iana import TRANSFORMS, TransformType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from parley.scenario.model import Proposal

_FAMILIES = {
    "ENCR_3DES": "3des_cbc",
    "ENCR_NULL": "null",
    "ENCR_AES_CBC": "aes_cbc",
    "ENCR_AES_CTR": "aes_ctr",
    "ENCR_AES_CCM_8": "aes_ccm_8",
    "ENCR_AES_CCM_12": "aes_ccm_12",
    "ENCR_AES_CCM_16": "aes_ccm_16",
    "ENCR_AES_GCM_8": "aes_gcm_8",
    "ENCR_AES_GCM_12": "aes_gcm_12",
    "ENCR_AES_GCM_16": "aes_gcm_16",
    "ENCR_NULL_AUTH_AES_GMAC": "null_auth_aes_gmac",
    "ENCR_CAMELLIA_CBC": "camellia_cbc",
    "ENCR_CHACHA20_POLY1305": "chacha20_poly1305",
}
_PRFS = {
    "PRF_HMAC_MD5": "hmac_md5",
    "PRF_HMAC_SHA1": "hmac_sha1",
    "PRF_AES128_XCBC": "aes_xcbc",
    "PRF_HMAC_SHA2_256": "hmac_sha2_256",
    "PRF_HMAC_SHA2_384": "hmac_sha2_384",
    "PRF_HMAC_SHA2_512": "hmac_sha2_512",
}
_INTEGRITIES = {
    "NONE": "none",
    "AUTH_HMAC_MD5_96": "hmac_md5_96",
    "AUTH_HMAC_SHA1_96": "hmac_sha1_96",
    "AUTH_AES_XCBC_96": "aes_xcbc_96",
    "AUTH_AES_CMAC_96": "aes_cmac_96",
    "AUTH_HMAC_SHA2_256_128": "hmac_sha2_256_128",
    "AUTH_HMAC_SHA2_384_192": "hmac_sha2_384_192",
    "AUTH_HMAC_SHA2_512_256": "hmac_sha2_512_256",
}
_KES = {
    "MODP_1536": "modp1536",
    "MODP_2048": "modp2048",
    "MODP_3072": "modp3072",
    "MODP_4096": "modp4096",
    "MODP_6144": "modp6144",
    "MODP_8192": "modp8192",
    "ECP_256": "dh19",
    "ECP_384": "dh20",
    "ECP_521": "dh21",
    "CURVE25519": "dh31",
}

# Ciphers that it has for Child SAs only, the kernel doing the work (ike_alg_aes.c: no encrypt_ops).
_CHILD_ONLY = ("ENCR_AES_CCM", "ENCR_NULL")

# Used in place of what a proposal leaves open, where the syntax demands something in front of what it says.
# They are pluto's own defaults (`ipsec algparse -v2 ike`), each proposal a combination of its own.
_DEFAULT_ENCRYPTION = ("aes_gcm_16_256", "aes_gcm_16_128", "chacha20_poly1305", "aes_cbc_256", "aes_cbc_128")
_DEFAULT_PRF = "hmac_sha2_512+hmac_sha2_256"
_DEFAULT_INTEGRITY = "hmac_sha2_512_256+hmac_sha2_256_128"
_COMBINED = ("aes_gcm", "aes_ccm", "chacha20", "null_auth")


def _encryption(name: str) -> str | None:
    family, _, bits = name.partition("-")
    known = _FAMILIES.get(family)
    return f"{known}_{bits}" if known and bits else known


# By type, then by IANA name; what is missing, Libreswan has not.
WORDS: dict[TransformType, dict[str, str]] = {
    TransformType.ENCRYPTION: {
        name: word for name in TRANSFORMS[TransformType.ENCRYPTION] if (word := _encryption(name))
    },
    TransformType.PRF: _PRFS,
    TransformType.INTEGRITY: _INTEGRITIES,
    TransformType.KE: _KES,
}

# What pluto prints, in capitals, back to IANA names. For an IKE SA it shows the length of any key.
_NAMES = {kind: {word.upper(): name for name, word in words.items()} for kind, words in WORDS.items()}
_NAMES[TransformType.ENCRYPTION] |= {
    "3DES_CBC_192": "ENCR_3DES",
    "CHACHA20_POLY1305_256": "ENCR_CHACHA20_POLY1305",
}


def iana_name(kind: TransformType, printed: str) -> str:
    """The IANA name of an algorithm as pluto prints it (`AES_CBC_256`); empty for none, itself if unknown."""
    if printed.lower() in {"", "n/a"}:
        return ""
    return _NAMES[kind].get(printed, printed)


def missing(proposal: Proposal, *, ike: bool) -> list[str]:
    """IANA names in a proposal that this implementation does not have."""
    named = (
        (TransformType.ENCRYPTION, proposal.encryption),
        (TransformType.PRF, proposal.prf),
        (TransformType.INTEGRITY, proposal.integrity),
        (TransformType.KE, proposal.ke),
    )
    lacking = [name for kind, names in named for name in names if name not in WORDS[kind]]
    if ike:
        lacking += [name for name in proposal.encryption if name.startswith(_CHILD_ONLY)]
        lacking += [name for name in proposal.integrity if name == "AUTH_AES_CMAC_96"]
    return list(dict.fromkeys(lacking))


def ike_proposal(proposal: Proposal) -> str:
    """The value of ike=: ENCRYPTION-INTEGRITY-PRF-KE, one proposal for AEAD ciphers and one for others."""
    prf = _words(TransformType.PRF, proposal.prf) or _DEFAULT_PRF
    ke = _words(TransformType.KE, proposal.ke)
    integrity = _words(TransformType.INTEGRITY, proposal.integrity)
    found = []
    for encryption, combined in _ciphers(proposal):
        integrities = "none" if combined else integrity or _DEFAULT_INTEGRITY
        found.append("-".join(part for part in (encryption, integrities, prf, ke) if part))
    return ",".join(found)


def esp_proposal(proposal: Proposal) -> str:
    """The value of esp=."""
    ke = _words(TransformType.KE, proposal.ke)
    integrity = _words(TransformType.INTEGRITY, proposal.integrity)
    found = []
    for encryption, combined in _ciphers(proposal):
        integrities = "none" if combined else integrity or _DEFAULT_INTEGRITY
        found.append("-".join(part for part in (encryption, integrities, ke) if part))
    return ",".join(found)


def ah_proposal(proposal: Proposal) -> str:
    """The value of ah=."""
    integrity = _words(TransformType.INTEGRITY, proposal.integrity) or _DEFAULT_INTEGRITY
    return "-".join(part for part in (integrity, _words(TransformType.KE, proposal.ke)) if part)


def _ciphers(proposal: Proposal) -> list[tuple[str, bool]]:
    """Ciphers of a proposal in order, those that may stand in one proposal joined; whether they are AEAD."""
    words = [WORDS[TransformType.ENCRYPTION][name] for name in proposal.encryption]
    if not words:
        return [(word, word.startswith(_COMBINED)) for word in _DEFAULT_ENCRYPTION]
    groups: list[tuple[str, bool]] = []
    for word in words:
        combined = word.startswith(_COMBINED)
        if groups and groups[-1][1] is combined:
            groups[-1] = (f"{groups[-1][0]}+{word}", combined)
        else:
            groups.append((word, combined))
    return groups


def _words(kind: TransformType, names: Iterable[str]) -> str:
    return "+".join(WORDS[kind][name] for name in names)
