"""The keys of a case, in the formats of Wireshark's tables `ikev2_decryption_table` and `esp_sa`.

Daemons and kernels said them, through files that hostile guests wrote. So nothing is copied: every field is
decoded, checked against what Wireshark accepts, and written anew. A row with anything unknown in it is left
out, because Wireshark stops at the first row that it does not understand.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import ip_address
from typing import TYPE_CHECKING, TypeVar

from parley.daemon.wireshark import ENCRYPTION, INTEGRITY, NO_INTEGRITY
from parley.errors import LabError
from parley.lab.jail import Jail
from parley.lab.topology import NETWORK
from parley.scenario.iana import TRANSFORMS, TransformType
from parley.scenario.xfrm import parse_kernel

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
    from ipaddress import IPv4Address, IPv6Address

    from parley.record.layout import CaseLayout
    from parley.scenario.state import KernelSa

_T = TypeVar("_T")

IKE_TABLE = "ikev2_decryption_table"
ESP_TABLE = "esp_sa"

_HEX = re.compile(r"(?:0x)?([0-9a-f]*)")
_AES = re.compile(r"ENCR_AES_([A-Z]+)(?:_\d+)?-(\d+)")
_SALTS = {"CTR": 4, "GCM": 4, "CCM": 3}
_OTHER_BYTES = {"ENCR_3DES": 24, "ENCR_NULL": 0}
_CHECK_BYTES = {
    "AUTH_HMAC_MD5_96": 16,
    "AUTH_HMAC_SHA1_96": 20,
    "AUTH_HMAC_SHA2_256_128": 32,
    "AUTH_HMAC_SHA2_384_192": 48,
    "AUTH_HMAC_SHA2_512_256": 64,
    "AUTH_AES_XCBC_96": 16,
    "AUTH_AES_CMAC_96": 16,
}


def _key_bytes(name: str) -> int:
    """Bytes of key, salt included (RFC 3686 section 5.1, RFC 4106 section 8.1, RFC 4309 section 7.1)."""
    aes = _AES.fullmatch(name)
    return int(aes[2]) // 8 + _SALTS.get(aes[1], 0) if aes else _OTHER_BYTES[name]


# Wireshark's names for IKE -> bytes of key.
_IKE_CIPHERS = {name: _key_bytes(iana) for iana, name in ENCRYPTION.items()}
_IKE_COMBINED = {
    name for iana, name in ENCRYPTION.items() if TRANSFORMS[TransformType.ENCRYPTION][iana].combined
}
_IKE_INTEGRITY = {name: _CHECK_BYTES[iana] for iana, name in INTEGRITY.items()}

# IANA names -> Wireshark's for ESP (epan/dissectors/packet-ipsec.c).
_ESP_CIPHERS = {
    "ENCR_NULL": "NULL",
    "ENCR_3DES": "TripleDES-CBC [RFC2451]",
    **{f"ENCR_AES_CBC-{bits}": "AES-CBC [RFC3602]" for bits in (128, 192, 256)},
    **{f"ENCR_AES_CTR-{bits}": "AES-CTR [RFC3686]" for bits in (128, 192, 256)},
    **{
        f"ENCR_AES_GCM_{octets}-{bits}": f"AES-GCM with {octets} octet ICV [RFC4106]"
        for bits in (128, 192, 256)
        for octets in (8, 12, 16)
    },
}
_ESP_INTEGRITY = {
    "": "NULL",
    "AUTH_HMAC_MD5_96": "HMAC-MD5-96 [RFC2403]",
    "AUTH_HMAC_SHA1_96": "HMAC-SHA-1-96 [RFC2404]",
    "AUTH_HMAC_SHA2_256_128": "HMAC-SHA-256-128 [RFC4868]",
    "AUTH_HMAC_SHA2_384_192": "HMAC-SHA-384-192 [RFC4868]",
    "AUTH_HMAC_SHA2_512_256": "HMAC-SHA-512-256 [RFC4868]",
    # Wireshark cannot check these; it decrypts all the same.
    "AUTH_AES_XCBC_96": "ANY 96 bit authentication [no checking]",
    "AUTH_AES_CMAC_96": "ANY 96 bit authentication [no checking]",
}

# What one guest may make the host read and keep.
_FILE_LIMIT = 64 * 1024
_FILES_LIMIT = 300
_LINE_LIMIT = 1000
_ROWS_LIMIT = 2000


@dataclass(frozen=True, slots=True)
class Keys:
    """Both tables, one row a line.

    `left_out` counts the SAs that Wireshark could not use, `conflicts` those in which two hosts told
    different keys for the same IKE SA: the first one's was kept.
    """

    ike: tuple[str, ...] = ()
    esp: tuple[str, ...] = ()
    left_out: int = 0
    conflicts: int = 0

    @property
    def ike_table(self) -> str:
        """The content of `ikev2_decryption_table`."""
        return "".join(f"{row}\n" for row in self.ike)

    @property
    def esp_table(self) -> str:
        """The content of `esp_sa`."""
        return "".join(f"{row}\n" for row in self.esp)

    @property
    def digest(self) -> str:
        """Tells whether the keys of IKE SAs are the same as another time, without telling them."""
        return sha256(self.ike_table.encode()).hexdigest()[:16]


def collect_keys(layout: CaseLayout) -> Keys:
    """The keys in a case's share: what the daemons wrote, and every SA that `ip xfrm state` printed."""
    jail = Jail(layout.share)
    hosts = [host.name for host in NETWORK.hosts]
    lines = (line for host in hosts for line in _lines(jail, f"{host}/state/{IKE_TABLE}"))
    ike = _Rows(ike_row, (line for line in lines if not line.startswith("#")), str)
    esp = _Rows(esp_row, (sa for host in hosts for sa in _kernel_sas(jail, host)), _named)
    left_out = ike.left_out + esp.left_out
    return Keys(tuple(ike.rows.values()), tuple(esp.rows.values()), left_out, ike.conflicts)


def _named(sa: KernelSa) -> Hashable:
    # Both hosts show it, and each of them whenever it is looked at.
    return sa.source, sa.destination, sa.spi


class _Rows:
    """Rows by what they are the keys of; the first one stays, as which end is right cannot be told here."""

    def __init__(
        self, parse: Callable[[_T], tuple[str, str]], items: Iterable[_T], name: Callable[[_T], Hashable]
    ) -> None:
        self.rows: dict[str, str] = {}
        self.conflicts = 0
        unusable: set[Hashable] = set()
        for item in items:
            try:
                key, row = parse(item)
            except ValueError:
                unusable.add(name(item))
                continue
            if len(self.rows) < _ROWS_LIMIT:
                self.conflicts += self.rows.setdefault(key, row) != row
        self.left_out = len(unusable)


def _lines(jail: Jail, name: str) -> list[str]:
    try:
        text = jail.read_text(name, limit=_FILE_LIMIT)
    except (OSError, LabError):
        return []
    lines = (line for line in text.splitlines() if line.strip() and len(line) <= _LINE_LIMIT)
    # Runs of blanks say nothing, and cost a regular expression dearly.
    return [line[:1] + " ".join(line[1:].split()) for line in lines]


def _kernel_sas(jail: Jail, host: str) -> Iterator[KernelSa]:
    for name in _state_files(jail, host):
        text = "\n".join(_lines(jail, name))
        if "proto esp" in text:
            # An SA without keys is one that the kernel has asked for and not got yet.
            yield from (sa for sa in parse_kernel(text, "").sas if sa.protocol == "esp" and sa.encryption)


def _state_files(jail: Jail, host: str) -> Iterator[str]:
    """The state that was collected at the end, and what every command printed."""
    yield f"{host}/state/xfrm-state"
    number = 0
    for folder in ("cmd", "step"):
        for name in jail.files(f"{host}/{folder}"):
            number += 1
            if number > _FILES_LIMIT:
                return
            if name.endswith(".out"):
                yield name


def ike_row(line: str) -> tuple[str, str]:
    """The SPIs of a row of `ikev2_decryption_table`, and the row written anew. Raises ValueError."""
    fields = [field.strip() for field in next(csv.reader([line]), [])]
    spi_i, spi_r, sk_ei, sk_er, cipher, sk_ai, sk_ar, integrity = fields
    size = _known(_IKE_CIPHERS, cipher)
    if cipher in _IKE_COMBINED:
        # It has no integrity keys (RFC 5282 section 7), whatever a daemon may name.
        integrity, sk_ai, sk_ar, check_size = NO_INTEGRITY, "", "", 0
    else:
        check_size = _known(_IKE_INTEGRITY, integrity)
    spis = [_hex(spi, 8) for spi in (spi_i, spi_r)]
    keys = [_hex(key, size) for key in (sk_ei, sk_er)]
    checks = [_hex(key, check_size) for key in (sk_ai, sk_ar)]
    return "".join(spis), f'{",".join(spis + keys)},"{cipher}",{",".join(checks)},"{integrity}"'


def esp_row(sa: KernelSa) -> tuple[str, str]:
    """What names an SA (RFC 4301 section 4.1), and its row of `esp_sa`. Raises ValueError."""
    cipher, integrity = _known(_ESP_CIPHERS, sa.encryption), _known(_ESP_INTEGRITY, sa.integrity)
    spi = _hex(sa.spi, 4)
    key = _hex(sa.encryption_key, _key_bytes(sa.encryption))
    check = _hex(sa.integrity_key, _CHECK_BYTES.get(sa.integrity, 0))
    source, destination = _address(sa.source), _address(sa.destination)
    if source.version != destination.version:
        raise ValueError(f"{source} and {destination} are no pair")
    fields = (
        f"IPv{source.version}",
        str(source),
        str(destination),
        f"0x{spi}",
        cipher,
        f"0x{key}" if key else "",
        integrity,
        f"0x{check}" if check else "",
    )
    return f"{source} {destination} {spi}", ",".join(f'"{field}"' for field in fields)


def _known(names: Mapping[str, _T], name: str) -> _T:
    if name not in names:
        raise ValueError(f"Wireshark does not know {name!r}")
    return names[name]


def _address(text: str) -> IPv4Address | IPv6Address:
    if "%" in text:
        # A scope (RFC 4007 section 11) may be any text at all, quotes included.
        raise ValueError(f"{text!r} has a scope")
    return ip_address(text)


def _hex(text: str, size: int) -> str:
    found = _HEX.fullmatch(text.lower())
    if not found or len(found[1]) != 2 * size:
        raise ValueError(f"{text!r} is not hex of {size} bytes")
    return found[1]
