"""What lists of certificates and keys show."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from parley.transcript.registry import sanitizer
from parley.transcript.rules.commands import CERTIFICATES

if TYPE_CHECKING:
    from parley.transcript.symbols import Naming

_HEX_OR_COLONS = r"(?:[0-9a-fA-F]{2}:)+[0-9a-fA-F]{2}|(?:0x)?[0-9a-fA-F]{2,40}"
_SERIAL = re.compile(
    rf"(?P<before>\b[Ss]erial(?:[ _][Nn]umber)?(?:: ?|=)\s*)(?P<serial>{_HEX_OR_COLONS}|\d+)\b"
    r"(?: \(0x[0-9a-f]+\))?"
)
_KEYID = re.compile(
    rf"(?P<before>\b(?P<kind>subjkey|authkey|keyid|subjkeyId|authkeyId|CKAID|ckaid):?\s+)(?P<id>{_HEX_OR_COLONS})(?![\w:])"
)
_EXPIRY = re.compile(
    r"\b(?P<what>(?:expires|expired|valid) (?:in )?)\d+ (?P<unit>(?:day|hour|minute|second)s?)\b"
)


@sanitizer(CERTIFICATES)
def certificate_serials(output: str, naming: Naming) -> str:
    """Hides serial numbers; equal ones stay equal on all hosts."""
    return _SERIAL.sub(lambda match: match["before"] + naming.name("SERIAL", match["serial"].lower()), output)


@sanitizer(CERTIFICATES)
def certificate_key_ids(output: str, naming: Naming) -> str:
    """Hides key identifiers; equal ones stay equal on all hosts and between issuer and subject."""
    return _KEYID.sub(lambda match: match["before"] + naming.name("KEYID", _plain(match["id"])), output)


@sanitizer(CERTIFICATES)
def certificate_expiry(output: str, _naming: Naming) -> str:
    """Hides how long until a certificate expires; that it has expired stays."""
    return _EXPIRY.sub(r"\g<what>N \g<unit>", output)


def _plain(identifier: str) -> str:
    return identifier.replace(":", "").lower().removeprefix("0x")
