"""strongSwan's names of algorithms: keywords of its proposals, and what it prints (both: libstrongswan)."""

from __future__ import annotations

from parley.scenario.iana import TRANSFORMS, TransformType

# IANA name without key length -> keyword of swanctl.conf(5); {} stands for the length.
_CIPHERS = {
    "ENCR_3DES": "3des",
    "ENCR_NULL": "null",
    "ENCR_AES_CBC": "aes{}",
    "ENCR_AES_CTR": "aes{}ctr",
    "ENCR_CAMELLIA_CBC": "camellia{}",
    "ENCR_CAMELLIA_CTR": "camellia{}ctr",
    "ENCR_NULL_AUTH_AES_GMAC": "aes{}gmac",
    "ENCR_CHACHA20_POLY1305": "chacha20poly1305",
    **{
        f"ENCR_{family.upper()}_{mode.upper()}_{octets}": f"{family}{{}}{mode}{octets}"
        for family, mode in (("aes", "gcm"), ("aes", "ccm"), ("camellia", "ccm"))
        for octets in (8, 12, 16)
    },
}

INTEGRITY = {
    "AUTH_HMAC_MD5_96": "md5",
    "AUTH_HMAC_SHA1_96": "sha1",
    "AUTH_AES_XCBC_96": "aesxcbc",
    "AUTH_AES_CMAC_96": "aescmac",
    "AUTH_HMAC_SHA2_256_128": "sha256",
    "AUTH_HMAC_SHA2_384_192": "sha384",
    "AUTH_HMAC_SHA2_512_256": "sha512",
}

PRF = {
    "PRF_HMAC_MD5": "prfmd5",
    "PRF_HMAC_SHA1": "prfsha1",
    "PRF_AES128_XCBC": "prfaesxcbc",
    "PRF_HMAC_SHA2_256": "prfsha256",
    "PRF_HMAC_SHA2_384": "prfsha384",
    "PRF_HMAC_SHA2_512": "prfsha512",
    "PRF_AES128_CMAC": "prfaescmac",
}

KE = {
    **{f"MODP_{bits}": f"modp{bits}" for bits in (1024, 1536, 2048, 3072, 4096, 6144, 8192)},
    "MODP_2048_256": "modp2048s256",
    **{f"ECP_{bits}": f"ecp{bits}" for bits in (192, 224, 256, 384, 521)},
    **{f"BRAINPOOL_P{bits}R1": f"ecp{bits}bp" for bits in (224, 256, 384, 512)},
    "CURVE25519": "x25519",
    "CURVE448": "x448",
    **{f"ML_KEM_{size}": f"mlkem{size}" for size in (512, 768, 1024)},
}


def _cipher_keywords() -> dict[str, str]:
    return {
        name: _CIPHERS[base].format(transform.key_bits)
        for name, transform in TRANSFORMS[TransformType.ENCRYPTION].items()
        if (base := name.rpartition("-")[0] or name) in _CIPHERS
    }


ENCRYPTION = _cipher_keywords()

# Where what strongSwan prints is more than the IANA name without its prefix.
_PRINTED_CIPHERS = {"3DES_CBC": "ENCR_3DES", "NULL_AES_GMAC": "ENCR_NULL_AUTH_AES_GMAC"}
_PRINTED_KE = {
    "CURVE_25519": "CURVE25519",
    "CURVE_448": "CURVE448",
    **{f"ECP_{bits}_BP": f"BRAINPOOL_P{bits}R1" for bits in (224, 256, 384, 512)},
}


def encryption_name(printed: str, key_bits: str) -> str:
    """The IANA name of a cipher that strongSwan printed, `key_bits` empty where it printed none."""
    name = _PRINTED_CIPHERS.get(printed, f"ENCR_{printed}") if printed else ""
    full = f"{name}-{key_bits}"
    return full if full in TRANSFORMS[TransformType.ENCRYPTION] else name


def integrity_name(printed: str) -> str:
    """The IANA name of an integrity algorithm that strongSwan printed."""
    return f"AUTH_{printed}" if printed else ""


def ke_name(printed: str) -> str:
    """The IANA name of a key exchange method that strongSwan printed."""
    return _PRINTED_KE.get(printed, printed)


def printed_cipher(name: str) -> str:
    """A cipher as it stands in a proposal that strongSwan logs: AES_CBC_256."""
    base, _, bits = name.removeprefix("ENCR_").rpartition("-")
    special = {iana: printed for printed, iana in _PRINTED_CIPHERS.items()}
    return f"{base}_{bits}" if base else special.get(name, bits)
