"""What lists and dumps of certificates and keys show."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

from parley.transcript.registry import sanitizer
from parley.transcript.rules.commands import CERTIFICATES, LIBRESWAN

if TYPE_CHECKING:
    from parley.transcript.symbols import Naming

_COLONS = r"(?:[0-9a-fA-F]{2}:)+[0-9a-fA-F]{2}"
_HEX = rf"(?:{_COLONS}|(?:0x)?[0-9a-fA-F]{{2,64}})"
_SERIAL = re.compile(
    r"(?P<before>\b(?:[Ss]erial(?:[ _][Nn]umber)?|SN)(?:: ?|=)\s*)"
    rf"(?:\d+ \((?P<small>0x[0-9a-f]+)\)|(?P<serial>{_HEX}))(?![\w:])"
)
_CKAID = re.compile(
    r"(?P<before>\b(?:CKAID|ckaid)(?:: |=| )'?|^< *\d+> \w+ +)(?P<id>[0-9a-f]{40})\b", re.MULTILINE
)
_KEYID = re.compile(rf"(?P<before>\b(?:subjkey|authkey|subjkeyId|authkeyId|keyid): +)(?P<id>{_HEX})(?![\w:])")
# Libreswan names a public key by the first nine characters of its base64 form.
_PUBLIC_KEY = re.compile(
    r"(?P<before>\bkeyid: |\b(?:RSA|ECDSA|EDDSA) Key |# (?:rsa|ecdsa|eddsa)key "
    r"|(?:sigkey|ecdsakey|eddsakey)=0s|\bIPSECKEY +\d+ +\d+ +\d+ +\S+ +)"
    r"(?P<id>[A-Za-z0-9+/]{9})[A-Za-z0-9+/=]*"
)
_DUMP_LINE = re.compile(r"[ \t]+(?:[0-9a-fA-F]{2}:)+(?:[0-9a-fA-F]{2})?")
_FINGERPRINT = re.compile(rf"(?P<before>\bFingerprint=)(?P<hex>{_COLONS})")
_EXPIRY = re.compile(r"\b(?P<what>expires in )\d+ (?P<unit>(?:day|hour|minute|second)s?)\b")


@sanitizer(f"{LIBRESWAN}|{CERTIFICATES}")
def ckaids(output: str, naming: Naming) -> str:
    """Hides the ids that NSS gives to keys; equal ones stay equal on all hosts."""
    return _CKAID.sub(lambda match: match["before"] + naming.name("CKAID", match["id"]), output)


@sanitizer(f"{LIBRESWAN}|{CERTIFICATES}")
def public_keys(output: str, naming: Naming) -> str:
    """Hides public keys and the short names made of their beginnings; equal ones stay equal on all hosts."""
    return _PUBLIC_KEY.sub(lambda match: match["before"] + naming.name("PUBKEY", match["id"]), output)


@sanitizer(CERTIFICATES)
def certificate_serials(output: str, naming: Naming) -> str:
    """Hides serial numbers; equal ones stay equal on all hosts, however they are written."""

    def symbol(match: re.Match[str]) -> str:
        return match["before"] + naming.name("SERIAL", _plain(match["small"] or match["serial"]).lstrip("0"))

    return _SERIAL.sub(symbol, output)


@sanitizer(CERTIFICATES)
def certificate_key_ids(output: str, naming: Naming) -> str:
    """Hides key identifiers; equal ones stay equal on all hosts and between issuer and subject."""
    return _KEYID.sub(lambda match: match["before"] + naming.name("KEYID", _plain(match["id"])), output)


@sanitizer(CERTIFICATES)
def certificate_dumps(output: str, naming: Naming) -> str:
    """Hides moduli, signatures and fingerprints; equal ones stay equal on all hosts.

    Without their length: that of an ECDSA signature in DER is chance, and key sizes stand beside in words.
    """
    lines: list[str] = []
    for is_dump, group in groupby(
        output.split("\n"), key=lambda line: _DUMP_LINE.fullmatch(line) is not None
    ):
        run = list(group)
        if is_dump:
            indent = run[0][: -len(run[0].lstrip())]
            run = [indent + naming.name("OCTETS", _plain("".join(run)))]
        lines += run
    return _FINGERPRINT.sub(
        lambda match: match["before"] + naming.name("OCTETS", _plain(match["hex"])), "\n".join(lines)
    )


@sanitizer(CERTIFICATES)
def certificate_expiry(output: str, _naming: Naming) -> str:
    """Hides how long until a certificate expires; that it has expired stays."""
    return _EXPIRY.sub(r"\g<what>N \g<unit>", output)


def _plain(identifier: str) -> str:
    return re.sub(r"[:\s]+", "", identifier).lower().removeprefix("0x")
