"""Text from guests made safe to show: what cannot be seen becomes a visible escape.

A host under test writes whatever it likes to its console. Shown as it came, such text could move the
cursor, retitle or reprogram the reader's terminal (ECMA-48 control sequences), reorder what is read
(the bidirectional overrides of Unicode UAX #9), or end an XML document (XML 1.0, section 2.2). HTML and
XML mark-up is the templates' business (autoescape); this module sees to the characters themselves.
"""

from __future__ import annotations

import unicodedata
from functools import cache

_NAMED = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}
_OTHER_SPACE = "Zs"
# Python calls these printable, yet they are drawn as nothing at all: fillers, joiners, variation selectors.
_BLANK = frozenset({0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, *range(0xFE00, 0xFE10)})


def _escape(code: int) -> str:
    character = chr(code)
    if character in _NAMED:
        return _NAMED[character]
    if code <= 0xFF:  # noqa: PLR2004 -- the three widths of Python's own escapes
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 -- as above


def _is_visible(code: int) -> bool:
    character = chr(code)
    if code in _BLANK or 0xE0100 <= code <= 0xE01EF:  # noqa: PLR2004 -- more variation selectors
        return False
    return character.isprintable() or unicodedata.category(character) == _OTHER_SPACE


class _Table(dict[int, int | str]):
    """A translation table that fills itself: one decision a character, ever."""

    def __init__(self, keep: str) -> None:
        super().__init__({ord(character): ord(character) for character in keep})

    def __missing__(self, code: int) -> int | str:
        self[code] = code if _is_visible(code) else _escape(code)
        return self[code]


@cache
def _table(keep: str) -> _Table:
    return _Table(keep)


def visible(text: str, *, keep: str = "") -> str:
    r"""`text` with control, format, surrogate, unassigned and blank characters as escapes (``\x1b``).

    Characters in `keep` stay as they are; the usual choice is ``"\n\t"`` for text of several lines.
    What is returned holds no character that XML 1.0 forbids, and printing it cannot drive a terminal.
    """
    rest = text
    for character in keep:
        rest = rest.replace(character, "")
    if rest.isascii() and rest.isprintable():
        return text
    return text.translate(_table(keep))


def escape_terminal(text: str) -> str:
    """`text` on one line, without blanks around it, safe to print on a terminal."""
    return visible(text.strip())
