"""What IKEv2 negotiates, by the names and numbers of the IANA registry "IKEv2 Parameters".

The only place that knows algorithms. A name here is the registry's, with the key length behind a dash
where the transform has a Key Length attribute (RFC 7296 section 3.3.5): `ENCR_AES_CBC-256`. The registry
describes Diffie-Hellman groups in prose; their names here are the usual short ones: `MODP_2048`, `ECP_256`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class TransformType(IntEnum):
    """Transform types (RFC 7296 section 3.3.2). Additional key exchanges (RFC 9370) draw on `KE`."""

    ENCRYPTION = 1
    PRF = 2
    INTEGRITY = 3
    KE = 4


@dataclass(frozen=True, slots=True)
class Transform:
    """An algorithm: its registry `number`, and `key_bits` where a Key Length attribute goes with it.

    A `combined` cipher protects integrity itself (RFC 5282). `child_only` transforms must not protect an
    IKE SA; `kem` ones are encapsulations, which draft-ietf-ipsecme-ikev2-mlkem puts first or additionally.
    """

    name: str
    type: TransformType
    number: int
    key_bits: int | None = None
    combined: bool = False
    child_only: bool = False
    kem: bool = False


_AES_BITS = (128, 192, 256)

# Name, number, key lengths, combined, child only.
_ENCRYPTION: tuple[tuple[str, int, tuple[int, ...], bool, bool], ...] = (
    ("ENCR_3DES", 3, (), False, False),
    ("ENCR_NULL", 11, (), False, True),
    ("ENCR_AES_CBC", 12, _AES_BITS, False, False),
    ("ENCR_AES_CTR", 13, _AES_BITS, False, False),
    ("ENCR_AES_CCM_8", 14, _AES_BITS, True, False),
    ("ENCR_AES_CCM_12", 15, _AES_BITS, True, False),
    ("ENCR_AES_CCM_16", 16, _AES_BITS, True, False),
    ("ENCR_AES_GCM_8", 18, _AES_BITS, True, False),
    ("ENCR_AES_GCM_12", 19, _AES_BITS, True, False),
    ("ENCR_AES_GCM_16", 20, _AES_BITS, True, False),
    ("ENCR_NULL_AUTH_AES_GMAC", 21, _AES_BITS, True, True),
    ("ENCR_CAMELLIA_CBC", 23, _AES_BITS, False, False),
    ("ENCR_CAMELLIA_CTR", 24, _AES_BITS, False, False),
    ("ENCR_CAMELLIA_CCM_8", 25, _AES_BITS, True, False),
    ("ENCR_CAMELLIA_CCM_12", 26, _AES_BITS, True, False),
    ("ENCR_CAMELLIA_CCM_16", 27, _AES_BITS, True, False),
    # Its key has one length only, so RFC 7634 forbids the attribute.
    ("ENCR_CHACHA20_POLY1305", 28, (), True, False),
    ("ENCR_AES_CCM_8_IIV", 29, _AES_BITS, True, True),
    ("ENCR_AES_GCM_16_IIV", 30, _AES_BITS, True, True),
    ("ENCR_CHACHA20_POLY1305_IIV", 31, (), True, True),
)

_PRF = (
    ("PRF_HMAC_MD5", 1),
    ("PRF_HMAC_SHA1", 2),
    ("PRF_AES128_XCBC", 4),
    ("PRF_HMAC_SHA2_256", 5),
    ("PRF_HMAC_SHA2_384", 6),
    ("PRF_HMAC_SHA2_512", 7),
    ("PRF_AES128_CMAC", 8),
)

_INTEGRITY = (
    ("NONE", 0),
    ("AUTH_HMAC_MD5_96", 1),
    ("AUTH_HMAC_SHA1_96", 2),
    ("AUTH_AES_XCBC_96", 5),
    ("AUTH_AES_CMAC_96", 8),
    ("AUTH_AES_128_GMAC", 9),
    ("AUTH_AES_192_GMAC", 10),
    ("AUTH_AES_256_GMAC", 11),
    ("AUTH_HMAC_SHA2_256_128", 12),
    ("AUTH_HMAC_SHA2_384_192", 13),
    ("AUTH_HMAC_SHA2_512_256", 14),
)

_KE = (
    ("MODP_1024", 2),
    ("MODP_1536", 5),
    ("MODP_2048", 14),
    ("MODP_3072", 15),
    ("MODP_4096", 16),
    ("MODP_6144", 17),
    ("MODP_8192", 18),
    ("ECP_256", 19),
    ("ECP_384", 20),
    ("ECP_521", 21),
    ("MODP_2048_256", 24),
    ("ECP_192", 25),
    ("ECP_224", 26),
    ("BRAINPOOL_P224R1", 27),
    ("BRAINPOOL_P256R1", 28),
    ("BRAINPOOL_P384R1", 29),
    ("BRAINPOOL_P512R1", 30),
    ("CURVE25519", 31),
    ("CURVE448", 32),
    ("ML_KEM_512", 35),
    ("ML_KEM_768", 36),
    ("ML_KEM_1024", 37),
)


def _encryption() -> list[Transform]:
    found = []
    for name, number, lengths, combined, child_only in _ENCRYPTION:
        for bits in lengths or (None,):
            full = f"{name}-{bits}" if bits else name
            found.append(
                Transform(
                    full,
                    TransformType.ENCRYPTION,
                    number,
                    bits,
                    combined=combined,
                    child_only=child_only,
                )
            )
    return found


def _by_name(transforms: list[Transform]) -> dict[str, Transform]:
    return {transform.name: transform for transform in transforms}


# By type, then by name.
TRANSFORMS: dict[TransformType, dict[str, Transform]] = {
    TransformType.ENCRYPTION: _by_name(_encryption()),
    TransformType.PRF: _by_name([Transform(name, TransformType.PRF, number) for name, number in _PRF]),
    TransformType.INTEGRITY: _by_name(
        [Transform(name, TransformType.INTEGRITY, number) for name, number in _INTEGRITY]
    ),
    TransformType.KE: _by_name(
        [Transform(name, TransformType.KE, number, kem=name.startswith("ML_KEM")) for name, number in _KE]
    ),
}

# Notify message types: below 16384 errors, from there on status (RFC 7296 section 3.10.1).
NOTIFIES: dict[str, int] = {
    "UNSUPPORTED_CRITICAL_PAYLOAD": 1,
    "INVALID_IKE_SPI": 4,
    "INVALID_MAJOR_VERSION": 5,
    "INVALID_SYNTAX": 7,
    "INVALID_MESSAGE_ID": 9,
    "INVALID_SPI": 11,
    "NO_PROPOSAL_CHOSEN": 14,
    "INVALID_KE_PAYLOAD": 17,
    "AUTHENTICATION_FAILED": 24,
    "SINGLE_PAIR_REQUIRED": 34,
    "NO_ADDITIONAL_SAS": 35,
    "INTERNAL_ADDRESS_FAILURE": 36,
    "FAILED_CP_REQUIRED": 37,
    "TS_UNACCEPTABLE": 38,
    "INVALID_SELECTORS": 39,
    "UNACCEPTABLE_ADDRESSES": 40,
    "UNEXPECTED_NAT_DETECTED": 41,
    "USE_ASSIGNED_HoA": 42,
    "TEMPORARY_FAILURE": 43,
    "CHILD_SA_NOT_FOUND": 44,
    "INVALID_GROUP_ID": 45,
    "AUTHORIZATION_FAILED": 46,
    "STATE_NOT_FOUND": 47,
    "TS_MAX_QUEUE": 48,
    "REGISTRATION_FAILED": 49,
    "INITIAL_CONTACT": 16384,
    "SET_WINDOW_SIZE": 16385,
    "ADDITIONAL_TS_POSSIBLE": 16386,
    "IPCOMP_SUPPORTED": 16387,
    "NAT_DETECTION_SOURCE_IP": 16388,
    "NAT_DETECTION_DESTINATION_IP": 16389,
    "COOKIE": 16390,
    "USE_TRANSPORT_MODE": 16391,
    "HTTP_CERT_LOOKUP_SUPPORTED": 16392,
    "REKEY_SA": 16393,
    "ESP_TFC_PADDING_NOT_SUPPORTED": 16394,
    "NON_FIRST_FRAGMENTS_ALSO": 16395,
    "MOBIKE_SUPPORTED": 16396,
    "ADDITIONAL_IP4_ADDRESS": 16397,
    "ADDITIONAL_IP6_ADDRESS": 16398,
    "NO_ADDITIONAL_ADDRESSES": 16399,
    "UPDATE_SA_ADDRESSES": 16400,
    "COOKIE2": 16401,
    "NO_NATS_ALLOWED": 16402,
    "AUTH_LIFETIME": 16403,
    "MULTIPLE_AUTH_SUPPORTED": 16404,
    "ANOTHER_AUTH_FOLLOWS": 16405,
    "REDIRECT_SUPPORTED": 16406,
    "REDIRECT": 16407,
    "REDIRECTED_FROM": 16408,
    "TICKET_LT_OPAQUE": 16409,
    "TICKET_REQUEST": 16410,
    "TICKET_ACK": 16411,
    "TICKET_NACK": 16412,
    "TICKET_OPAQUE": 16413,
    "LINK_ID": 16414,
    "USE_WESP_MODE": 16415,
    "ROHC_SUPPORTED": 16416,
    "EAP_ONLY_AUTHENTICATION": 16417,
    "CHILDLESS_IKEV2_SUPPORTED": 16418,
    "QUICK_CRASH_DETECTION": 16419,
    "IKEV2_MESSAGE_ID_SYNC_SUPPORTED": 16420,
    "IPSEC_REPLAY_COUNTER_SYNC_SUPPORTED": 16421,
    "IKEV2_MESSAGE_ID_SYNC": 16422,
    "IPSEC_REPLAY_COUNTER_SYNC": 16423,
    "SECURE_PASSWORD_METHODS": 16424,
    "PSK_PERSIST": 16425,
    "PSK_CONFIRM": 16426,
    "ERX_SUPPORTED": 16427,
    "IFOM_CAPABILITY": 16428,
    "GROUP_SENDER": 16429,
    "IKEV2_FRAGMENTATION_SUPPORTED": 16430,
    "SIGNATURE_HASH_ALGORITHMS": 16431,
    "CLONE_IKE_SA_SUPPORTED": 16432,
    "CLONE_IKE_SA": 16433,
    "PUZZLE": 16434,
    "USE_PPK": 16435,
    "PPK_IDENTITY": 16436,
    "NO_PPK_AUTH": 16437,
    "INTERMEDIATE_EXCHANGE_SUPPORTED": 16438,
    "IP4_ALLOWED": 16439,
    "IP6_ALLOWED": 16440,
    "ADDITIONAL_KEY_EXCHANGE": 16441,
    "USE_AGGFRAG": 16442,
    "SUPPORTED_AUTH_METHODS": 16443,
    "SA_RESOURCE_INFO": 16444,
    "USE_PPK_INT": 16445,
    "PPK_IDENTITY_KEY": 16446,
}

FIRST_STATUS_NOTIFY = 16384

# Payload types (RFC 7296 section 3.2, RFC 7383 section 2.5), by the RFC's notation.
PAYLOADS: dict[str, int] = {
    "SA": 33,
    "KE": 34,
    "IDi": 35,
    "IDr": 36,
    "CERT": 37,
    "CERTREQ": 38,
    "AUTH": 39,
    "Nonce": 40,
    "D": 42,
    "V": 43,
    "TSi": 44,
    "TSr": 45,
    "SK": 46,
    "CP": 47,
    "EAP": 48,
    "SKF": 53,
}

# Exchange types (RFC 7296 section 3.1, RFC 9242, RFC 9370).
EXCHANGES: dict[str, int] = {
    "IKE_SA_INIT": 34,
    "IKE_AUTH": 35,
    "CREATE_CHILD_SA": 36,
    "INFORMATIONAL": 37,
    "IKE_INTERMEDIATE": 43,
    "IKE_FOLLOWUP_KE": 44,
}
