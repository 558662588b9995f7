"""FreeBSD's view: `setkey -D` and `setkey -DP` (setkey(8)) as the typed data of Linux's.

Written against the tables of libipsec's pfkey_dump.c; docs/explanation/bsd-hosts.md says what of it has
been seen from a real kernel.
"""

from __future__ import annotations

import re

from parley.scenario.state import KernelPolicy, KernelSa, KernelView

_SPI = re.compile(r"spi=\d{1,10}\(0x([0-9a-f]{1,8})\)")
_SELECTOR = re.compile(r"([0-9a-fA-F.:]{2,45}(?:/\d{1,3})?)\[(?:any|\d{1,5})\]")
_TUNNEL = re.compile(r"(esp|ah)/(tunnel|transport)/([0-9a-fA-F.:]*)-?([0-9a-fA-F.:]*)/\S+")
_BYTES = re.compile(r"current: (\d{1,20})\(bytes\)")
_ALLOCATED = re.compile(r"allocated: (\d{1,20})")
_PROTOCOLS = {"esp", "esp-udp", "ah"}
_MODES = {"mode=tunnel": "tunnel", "mode=transport": "transport"}

# Its word -> IANA's name, whether the key's length belongs to it, bits of salt or nonce behind the key.
_CIPHERS = {
    "rijndael-cbc": ("ENCR_AES_CBC", True, 0),
    "aes-cbc": ("ENCR_AES_CBC", True, 0),
    "aes-ctr": ("ENCR_AES_CTR", True, 32),
    "aes-gcm-16": ("ENCR_AES_GCM_16", True, 32),
    "chacha20-poly1305": ("ENCR_CHACHA20_POLY1305", False, 0),
    "3des-cbc": ("ENCR_3DES", False, 0),
    "null": ("ENCR_NULL", False, 0),
}
_INTEGRITY = {
    "hmac-sha1": "AUTH_HMAC_SHA1_96",
    "hmac-sha2-256": "AUTH_HMAC_SHA2_256_128",
    "hmac-sha2-384": "AUTH_HMAC_SHA2_384_192",
    "hmac-sha2-512": "AUTH_HMAC_SHA2_512_256",
    "aes-xcbc-mac": "AUTH_AES_XCBC_96",
    "null": "",
}


def parse_freebsd_kernel(sas: str, policies: str) -> KernelView:
    """The SAs that `setkey -D` printed and the policies of `setkey -DP`.

    SAs not yet or no longer in use, and what is no entry, are left out. Never raises.
    """
    return KernelView(
        tuple(sa for entry in _entries(sas) if (sa := _sa(entry))),
        tuple(policy for entry in _entries(policies) if (policy := _policy(entry))),
    )


def _entries(text: str) -> list[list[str]]:
    """The lines of each entry: what follows its first one is indented."""
    entries: list[list[str]] = []
    for line in text.split("\n"):
        if line.startswith("\t") and entries:
            entries[-1].append(line.strip())
        elif line.strip():
            entries.append([line.strip()])
    return entries


def _sa(lines: list[str]) -> KernelSa | None:
    """`SOURCE DESTINATION`, then `esp mode=tunnel spi=N(0x..) ...`, `E: cipher key`, `A: hash key`."""
    ends = lines[0].split()
    words = lines[1].split() if lines[1:] else []
    if len(ends) != 2 or len(words) < 3 or words[0] not in _PROTOCOLS or words[1] not in _MODES:  # noqa: PLR2004 -- the shape of the two lines
        return None
    spi = _SPI.fullmatch(words[2])
    if not spi or not any("state=mature" in line or "state=dying" in line for line in lines):
        return None
    encryption, encryption_key = _algorithm(lines, "E:")
    integrity, integrity_key = _algorithm(lines, "A:")
    source, destination = (end.partition("[")[0] for end in ends)
    return KernelSa(
        source=source,
        destination=destination,
        protocol=words[0].partition("-")[0],
        spi=spi[1].rjust(8, "0"),
        mode=_MODES[words[1]],
        encryption=_cipher(encryption, encryption_key),
        integrity=_INTEGRITY.get(integrity, integrity),
        encryption_key=encryption_key,
        integrity_key=integrity_key,
        esn=any("flags=" in line and "esn" in line for line in lines),
        encapsulation="espinudp" if words[0] == "esp-udp" else "",
        packets=_number(_ALLOCATED, lines),
        bytes=_number(_BYTES, lines),
    )


def _algorithm(lines: list[str], mark: str) -> tuple[str, str]:
    """A name and its key, whose hexadecimal digits stand in groups."""
    for line in lines:
        match line.split():
            case [first, name, *groups] if first == mark:
                return name, "".join(groups)
    return "", ""


def _cipher(word: str, key: str) -> str:
    name, has_length, salt = _CIPHERS.get(word, (word, False, 0))
    return f"{name}-{len(key) * 4 - salt}" if has_length else name


def _number(pattern: re.Pattern[str], lines: list[str]) -> int:
    return next((int(match[1]) for line in lines if (match := pattern.search(line))), 0)


def _policy(lines: list[str]) -> KernelPolicy | None:
    """`SOURCE[port] DESTINATION[port] upper`, then `in ipsec`, then `esp/tunnel/A-B/unique:1`."""
    ends = [match[1] for word in lines[0].split()[:2] if (match := _SELECTOR.fullmatch(word))]
    words = lines[1].split() if lines[1:] else []
    if len(ends) != 2 or len(words) < 2 or words[0] not in {"in", "out"}:  # noqa: PLR2004 -- the shape of the two lines
        return None
    transform = next((match for line in lines[2:] if (match := _TUNNEL.fullmatch(line))), None)
    return KernelPolicy(
        source=_with_length(ends[0]),
        destination=_with_length(ends[1]),
        direction=words[0],
        action="block" if words[1] == "discard" else "allow",
        protocol=transform[1] if transform else "",
        mode=transform[2] if transform else "",
        outer_source=transform[3] if transform else "",
        outer_destination=transform[4] if transform else "",
    )


def _with_length(selector: str) -> str:
    if "/" in selector:
        return selector
    return f"{selector}/{128 if ':' in selector else 32}"
