"""What Wireshark calls the algorithms of an IKE SA, in its table of that name.

The names are the ones of epan/dissectors/packet-isakmp.c, to the letter; a row with any other name makes
Wireshark reject the whole table.
"""

from __future__ import annotations

# The table's file, which Wireshark looks for in its directory of preferences.
TABLE = "/parley/state/ikev2_decryption_table"

_LENGTHS = (128, 192, 256)

ENCRYPTION: dict[str, str] = {
    "ENCR_3DES": "3DES [RFC2451]",
    **{f"ENCR_AES_CBC-{bits}": f"AES-CBC-{bits} [RFC3602]" for bits in _LENGTHS},
    **{f"ENCR_AES_CTR-{bits}": f"AES-CTR-{bits} [RFC5930]" for bits in _LENGTHS},
    **{
        f"ENCR_AES_{mode}_{octets}-{bits}": f"AES-{mode}-{bits} with {octets} octet ICV [RFC5282]"
        for mode in ("GCM", "CCM")
        for octets in (8, 12, 16)
        for bits in _LENGTHS
    },
}

NO_INTEGRITY = "NONE [RFC4306]"

INTEGRITY: dict[str, str] = {
    "AUTH_HMAC_MD5_96": "HMAC_MD5_96 [RFC2403]",
    "AUTH_HMAC_SHA1_96": "HMAC_SHA1_96 [RFC2404]",
    "AUTH_HMAC_SHA2_256_128": "HMAC_SHA2_256_128 [RFC4868]",
    "AUTH_HMAC_SHA2_384_192": "HMAC_SHA2_384_192 [RFC4868]",
    "AUTH_HMAC_SHA2_512_256": "HMAC_SHA2_512_256 [RFC4868]",
    # It cannot check these, and needs not to.
    **dict.fromkeys(("AUTH_AES_XCBC_96", "AUTH_AES_CMAC_96"), "ANY 96-bits of Authentication [No Checking]"),
}
