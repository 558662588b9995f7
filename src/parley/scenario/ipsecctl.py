"""OpenBSD's view: `ipsecctl -s sa -v -k` and `ipsecctl -s flow` (ipsecctl(8)) as the typed data of Linux's.

Written against the tables of pfkdump.c and parse.y and against output in the form of OpenBSD 4.8 to 7.x;
docs/explanation/bsd-hosts.md says what of it has been seen from a real kernel.
"""

from __future__ import annotations

import re
from ipaddress import ip_network
from itertools import pairwise

from parley.scenario.state import KernelPolicy, KernelSa, KernelView

# `@3 ` stands before everything with -v -v.
_NUMBER = re.compile(r"^@\d{1,9} ")
_SPI = re.compile(r"0x([0-9a-f]{1,8})")
_COUNTED = re.compile(r"(\d{1,20}) (input|output) (packet|byte)s?")
_PROTOCOLS = {"esp", "ah"}
_MODES = {"tunnel", "transport"}
_FLAGS = re.compile(r"<([a-z0-9_,]*)>")
_HEX = re.compile(r"0x([0-9a-f]{0,1024})")

# Its word -> IANA's name, whether the key's length belongs to it, bits of salt or nonce behind the key.
_CIPHERS = {
    "3des": ("ENCR_3DES", False, 0),
    "3des-cbc": ("ENCR_3DES", False, 0),
    "aes": ("ENCR_AES_CBC", True, 0),
    "aesctr": ("ENCR_AES_CTR", True, 32),
    "aes-ctr": ("ENCR_AES_CTR", True, 32),
    "aes-gcm": ("ENCR_AES_GCM_16", True, 32),
    "aes-gmac": ("ENCR_NULL_AUTH_AES_GMAC", True, 32),
    "chacha20-poly1305": ("ENCR_CHACHA20_POLY1305", False, 0),
    "null": ("ENCR_NULL", False, 0),
}
# `aes-128-gcm` is `aes-gcm` with the key's length said twice.
_LENGTH = re.compile(r"-(?:128|192|256)\b")
_INTEGRITY = {
    "hmac-md5": "AUTH_HMAC_MD5_96",
    "hmac-sha1": "AUTH_HMAC_SHA1_96",
    "hmac-sha2-256": "AUTH_HMAC_SHA2_256_128",
    "hmac-sha2-384": "AUTH_HMAC_SHA2_384_192",
    "hmac-sha2-512": "AUTH_HMAC_SHA2_512_256",
}
# The other half of a combined-mode cipher, which is no algorithm of its own (RFC 7296 section 3.3.2).
_COMBINED = ("gmac-aes", "aes-128-gmac", "aes-192-gmac", "aes-256-gmac", "chacha20-poly1305", "none")
_ACTIONS = {"deny": "block", "bypass": "allow", "dontacq": "allow"}


def parse_openbsd_kernel(sas: str, flows: str) -> KernelView:
    """The SAs that `ipsecctl -s sa -v -k` printed and the flows of `ipsecctl -s flow`.

    SAs that are no longer or not yet in use (larval, dead) are left out, and so is what is no entry. Never
    raises.
    """
    return KernelView(
        tuple(sa for entry in _entries(sas) if (sa := _sa(entry))),
        tuple(flow for line in flows.split("\n") if (flow := _flow(_NUMBER.sub("", line).split()))),
    )


def _entries(text: str) -> list[list[list[str]]]:
    """The words of each line of each entry: what follows a line is indented."""
    entries: list[list[list[str]]] = []
    for line in text.split("\n"):
        if line.startswith(("\t", " ")) and entries:
            entries[-1].append(line.split())
        elif line.strip():
            entries.append([_NUMBER.sub("", line).split()])
    return entries


def _pairs(words: list[str]) -> dict[str, str]:
    return dict(zip(words[::2], words[1::2], strict=False))


def _sa(lines: list[list[str]]) -> KernelSa | None:
    """`esp tunnel from A to B spi 0x.. auth X enc Y` and what is below it."""
    match lines[0]:
        case [protocol, mode, *rest] if protocol in _PROTOCOLS and mode in _MODES:
            about = _pairs(rest)
        case _:
            return None
    spi = _SPI.fullmatch(about.get("spi", ""))
    if not {"from", "to"} <= about.keys() or not spi:
        return None
    details = [line for line in lines[1:] if line]
    state, flags = _state(details)
    if state not in {"mature", "dying"}:
        return None
    encryption_key, integrity_key = (_key(lines, word) for word in ("enckey", "authkey"))
    encryption, integrity = _algorithms(about, encryption_key)
    counted = _counted(details)
    return KernelSa(
        source=about["from"],
        destination=about["to"],
        protocol=protocol,
        spi=spi[1].rjust(8, "0"),
        mode=mode,
        encryption=encryption,
        integrity=integrity,
        encryption_key=encryption_key,
        integrity_key=integrity_key if integrity else "",
        esn="esn" in flags,
        encapsulation="espinudp" if "udpencap" in flags else "",
        packets=counted["packet"],
        bytes=counted["byte"],
    )


def _state(details: list[list[str]]) -> tuple[str, set[str]]:
    """`state mature replay 64 flags 0x404<tunnel,esn>`; without -v nothing is told, and all is in use."""
    for line in details:
        if line[0] == "state":
            about = _pairs(line)
            flags = _FLAGS.search(about.get("flags", ""))
            return about.get("state", ""), set(flags[1].split(",")) if flags else set()
    return "mature", set()


def _key(lines: list[list[str]], word: str) -> str:
    """A key (`authkey 0x...`), wherever it stands: on a line of its own, behind a backslash."""
    for line in lines:
        for name, value in pairwise(line):
            if name == word and (key := _HEX.fullmatch(value)):
                return key[1]
    return ""


def _algorithms(about: dict[str, str], key: str) -> tuple[str, str]:
    word = about.get("enc", "")
    bare = _LENGTH.sub("", word)
    name, has_length, salt = _CIPHERS.get(bare, (word, False, 0))
    encryption = f"{name}-{len(key) * 4 - salt}" if has_length and key else name
    auth = about.get("auth", "")
    return encryption, "" if auth.startswith(_COMBINED) else _INTEGRITY.get(auth, auth)


def _counted(details: list[list[str]]) -> dict[str, int]:
    """What went through, in whichever direction the SA is used; lines below `counter:`."""
    counted = {"packet": 0, "byte": 0}
    for line in details:
        if match := _COUNTED.fullmatch(" ".join(line)):
            counted[match[3]] += int(match[1])
    return counted


def _flow(words: list[str]) -> KernelPolicy | None:
    """`flow esp in from A to B [local L] [peer P] [srcid X] [dstid Y] type require`."""
    match words:
        case ["flow", protocol, ("in" | "out") as direction, *rest]:
            about = _pairs([word for word in rest if word not in {"psk", "rsa"}])
        case _:
            return None
    source, destination = _network(about.get("from", "")), _network(about.get("to", ""))
    if not source or not destination:
        return None
    protects = about.get("type") not in _ACTIONS
    ends = (about.get("local", ""), about.get("peer", ""))
    outer_source, outer_destination = ends if direction == "out" else reversed(ends)
    return KernelPolicy(
        source=source,
        destination=destination,
        direction=direction,
        action=_ACTIONS.get(about.get("type", ""), "allow"),
        protocol=protocol if protects else "",
        outer_source=outer_source,
        outer_destination=outer_destination,
    )


def _network(text: str) -> str:
    """A selector with its length, which is left out where it is that of a host."""
    try:
        return str(ip_network(text, strict=False))
    except ValueError:
        return ""
