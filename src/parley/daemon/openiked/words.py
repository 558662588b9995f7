"""iked's names of algorithms (iked.conf(5), CRYPTO TRANSFORMS; the tables of parse.y in portable 7.4)."""

from __future__ import annotations

_LENGTHS = (128, 192, 256)
_CBC = {
    "ENCR_3DES": "3des",
    **{f"ENCR_AES_CBC-{bits}": f"aes-{bits}" for bits in _LENGTHS},
}

IKE_ENCRYPTION = {
    **_CBC,
    **{f"ENCR_AES_GCM_16-{bits}": f"aes-{bits}-gcm" for bits in (128, 256)},
    **{f"ENCR_AES_GCM_12-{bits}": f"aes-{bits}-gcm-12" for bits in (128, 256)},
}

ESP_ENCRYPTION = {
    **_CBC,
    **{f"ENCR_AES_CTR-{bits}": f"aes-{bits}-ctr" for bits in _LENGTHS},
    **{f"ENCR_AES_GCM_16-{bits}": f"aes-{bits}-gcm" for bits in _LENGTHS},
    **{f"ENCR_NULL_AUTH_AES_GMAC-{bits}": f"aes-{bits}-gmac" for bits in _LENGTHS},
    "ENCR_CHACHA20_POLY1305": "chacha20-poly1305",
    "ENCR_NULL": "null",
}

INTEGRITY = {
    "AUTH_HMAC_MD5_96": "hmac-md5",
    "AUTH_HMAC_SHA1_96": "hmac-sha1",
    "AUTH_HMAC_SHA2_256_128": "hmac-sha2-256",
    "AUTH_HMAC_SHA2_384_192": "hmac-sha2-384",
    "AUTH_HMAC_SHA2_512_256": "hmac-sha2-512",
}

PRF = {
    "PRF_HMAC_MD5": "hmac-md5",
    "PRF_HMAC_SHA1": "hmac-sha1",
    "PRF_HMAC_SHA2_256": "hmac-sha2-256",
    "PRF_HMAC_SHA2_384": "hmac-sha2-384",
    "PRF_HMAC_SHA2_512": "hmac-sha2-512",
}

KE = {
    **{f"MODP_{bits}": f"modp{bits}" for bits in (1024, 1536, 2048, 3072, 4096, 6144, 8192)},
    **{f"ECP_{bits}": f"ecp{bits}" for bits in (192, 224, 256, 384, 521)},
    **{f"BRAINPOOL_P{bits}R1": f"brainpool{bits}" for bits in (224, 256, 384, 512)},
    "CURVE25519": "curve25519",
}

# What portable iked can hand to Linux: pfkey_encr and pfkey_integr of pfkey.c. ENCR_NULL stands there too,
# but the kernel refuses an SA without a key as an invalid argument.
LINUX_ENCRYPTION = frozenset(
    name for name in ESP_ENCRYPTION if name.startswith(("ENCR_3DES", "ENCR_AES_CBC", "ENCR_AES_CTR"))
)
LINUX_INTEGRITY = frozenset(INTEGRITY) - {"AUTH_HMAC_SHA2_256_128"}
