"""Guests' bytes made harmless: what comes out of here can be printed, split at newlines and searched."""

from __future__ import annotations

import re

_SUSPECT = re.compile(r"[^\n\t\x20-\x7e]")
_SUSPECT_IN_LINE = re.compile(r"[^\t\x20-\x7e]")


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode("ascii")


def visible(text: str) -> str:
    r"""`text` with everything that a terminal would act upon shown as an escape (`\x1b`, `\u202e`).

    Tabs, newlines and printable characters of any script stay.
    """
    return _SUSPECT.sub(_escape, text)


def visible_line(text: str) -> str:
    """The same for what must stay one line: newlines are escaped too."""
    return _SUSPECT_IN_LINE.sub(_escape, text)


def decode(data: bytes) -> str:
    r"""A command's output as text: UTF-8, other bytes as `\xNN`, no carriage returns, made visible."""
    return visible(data.decode("utf-8", "backslashreplace").replace("\r", ""))
