"""Symbols for values that differ from run to run but must be recognised: `SPI#1`, `KEY#2(256 bits)`.

Rules put a placeholder, one private-use character, where a value stood. Numbers are given only once
all rules have run, in order of first appearance in the case: neither the order of the rules nor text
that a rule dropped moves a number. Private-use characters cannot occur in guests' text, because
parley.escape escapes them.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_FIRST, _LAST = 0xF0000, 0x10FFFF
_PLACEHOLDER = re.compile(f"[{chr(_FIRST)}-{chr(_LAST)}]")

# RFC 4303 section 2.1 and RFC 3173 section 3.3 reserve these numbers: they are never drawn by lot.
_RESERVED_SPIS = range(256)
_RESERVED_CPIS = range(256)
# Linux keeps the request ids below for the administrator (IPSEC_MANUAL_REQID_MAX, 0x3fff).
_FIRST_AUTOMATIC_REQID = 0x4000


@dataclass(frozen=True, slots=True)
class _Meaning:
    kind: str
    identity: str
    note: str


class Symbols:
    """All symbols of one case, shared by its hosts."""

    def __init__(self) -> None:
        self._placeholders: dict[_Meaning, str] = {}
        self._meanings: list[_Meaning] = []
        self._numbers: dict[_Meaning, int] = {}
        self._used: Counter[str] = Counter()

    def at(self, host: str) -> Naming:
        """The symbols as seen from `host`."""
        return Naming(self, host)

    def placeholder(self, kind: str, identity: str, note: str = "") -> str:
        """What stands for the value `identity` until `number` is called; `note` is shown behind the number.

        After 131,072 values, which only a hostile guest prints, the rest share the name `KIND#?`.
        """
        meaning = _Meaning(kind, identity, note)
        if meaning not in self._placeholders:
            code = _FIRST + len(self._meanings)
            if code > _LAST:
                return f"{kind}#?{note}"
            self._placeholders[meaning] = chr(code)
            self._meanings.append(meaning)
        return self._placeholders[meaning]

    def number(self, texts: Iterable[str]) -> list[str]:
        """The texts with numbered symbols for placeholders; a value keeps its number between calls."""
        return [_PLACEHOLDER.sub(lambda match: self._symbol(match[0]), text) for text in texts]

    def _symbol(self, placeholder: str) -> str:
        meaning = self._meanings[ord(placeholder) - _FIRST]
        if meaning not in self._numbers:
            self._used[meaning.kind] += 1
            self._numbers[meaning] = self._used[meaning.kind]
        return f"{meaning.kind}#{self._numbers[meaning]}{meaning.note}"


@dataclass(frozen=True, slots=True)
class Naming:
    """What rules use: turns a value, however it is written, into its symbol."""

    symbols: Symbols
    host: str

    def spi(self, text: str) -> str:
        """An ESP or AH SPI in hexadecimal, with or without 0x; reserved ones (0: not yet known) stay."""
        number = int(text, 16)
        return text if number in _RESERVED_SPIS else self.symbols.placeholder("SPI", str(number))

    def cpi(self, text: str) -> str:
        """An IPComp CPI in hexadecimal; well-known ones stay."""
        number = int(text, 16)
        return text if number in _RESERVED_CPIS else self.symbols.placeholder("CPI", str(number))

    def ike_spi(self, text: str) -> str:
        """An IKE SPI in hexadecimal; 0 (the responder's before its answer) stays."""
        number = int(text, 16)
        return self.symbols.placeholder("IKESPI", str(number)) if number else text

    def key(self, text: str) -> str:
        """A key in hexadecimal, blanks and 0x ignored; its length in bits is shown."""
        digits = re.sub(r"\s+", "", text).lower().removeprefix("0x")
        return self.symbols.placeholder("KEY", digits, f"({4 * len(digits)} bits)")

    def reqid(self, text: str) -> str:
        """A request id in decimal: this host's business only. Ids of the administrator's range stay."""
        if int(text) < _FIRST_AUTOMATIC_REQID:
            return text
        return self.symbols.placeholder("REQID", f"{self.host} {int(text)}")

    def name(self, kind: str, identity: str) -> str:
        """Any other value that means the same on every host."""
        return self.symbols.placeholder(kind, identity)
