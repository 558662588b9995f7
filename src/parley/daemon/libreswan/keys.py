"""Keys of IKE SAs for Wireshark.

Pluto 5.2 logs no keys, whatever plutodebug= says: they live in NSS, and the code that once showed them is
disabled (lib/libswan/crypt_symkey.c, LDBG_symkey). Therefore pluto is started with a library in front of NSS
that writes down the keying material of each IKE SA (keylog.c); here it is cut into keys (keys.awk).
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from parley.daemon.libreswan.algorithms import WORDS
from parley.daemon.libreswan.commands import KEYLOG, LOG
from parley.daemon.libreswan.status import SELF_TEST
from parley.daemon.wireshark import ENCRYPTION, INTEGRITY, NO_INTEGRITY, TABLE
from parley.scenario.iana import TRANSFORMS, TransformType

if TYPE_CHECKING:
    from collections.abc import Iterator

# Bytes of SK_d, SK_pi and SK_pr: the preferred key length is that of the output (RFC 7296 section 2.13).
_PRF_BYTES = {"HMAC_MD5": 16, "HMAC_SHA1": 20, "HMAC_SHA2_256": 32, "HMAC_SHA2_384": 48, "HMAC_SHA2_512": 64}
_INTEGRITY_BYTES = {
    "AUTH_HMAC_MD5_96": 16,
    "AUTH_HMAC_SHA1_96": 20,
    "AUTH_AES_XCBC_96": 16,
    "AUTH_HMAC_SHA2_256_128": 32,
    "AUTH_HMAC_SHA2_384_192": 48,
    "AUTH_HMAC_SHA2_512_256": 64,
}
_TRIPLE_DES_BYTES = 24
# Keys of these end with a salt of four bytes (RFC 5930 section 2.2, RFC 5282 section 7.1).
_SALTED, _SALT_BYTES = ("ENCR_AES_GCM", "ENCR_AES_CTR"), 4


def write_keys() -> str:
    """Write the table, one line an IKE SA that Wireshark can decrypt; nothing where no keys were logged."""
    tables = "\n".join(["BEGIN {", *_sizes(), f'self_test = "{SELF_TEST}"', "}"])
    script = (files("parley.daemon.libreswan") / "keys.awk").read_text()
    return f"[ -f {KEYLOG} ] || exit 0\nawk '{tables}\n{script}' {LOG} {KEYLOG} >{TABLE}"


def _sizes() -> Iterator[str]:
    """What pluto prints -> digits of a key, and Wireshark's name."""
    for printed, size in _PRF_BYTES.items():
        yield f'size["{printed}"] = {size * 2}'
    for iana, size in _INTEGRITY_BYTES.items():
        printed = WORDS[TransformType.INTEGRITY][iana].upper()
        yield f'size["{printed}"] = {size * 2}; name["{printed}"] = "{INTEGRITY[iana]}"'
    yield f'size["n/a"] = 0; name["n/a"] = "{NO_INTEGRITY}"'
    for iana, shown in ENCRYPTION.items():
        bits = TRANSFORMS[TransformType.ENCRYPTION][iana].key_bits
        size = bits // 8 if bits else _TRIPLE_DES_BYTES
        size += _SALT_BYTES if iana.startswith(_SALTED) else 0
        printed = WORDS[TransformType.ENCRYPTION][iana].upper() + ("" if bits else f"_{size * 8}")
        yield f'size["{printed}"] = {size * 2}; name["{printed}"] = "{shown}"'
