"""Reads the user's text files with errors that say where they are wrong."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from parley.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

# Nothing of this can be typed on a console as text; a carriage return at the end of a line can be dropped.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def read_lines(path: Path) -> list[str]:
    """The lines of a UTF-8 file; the last one needs no newline.

    Raises InputError with the line for bytes that are not UTF-8 and for control characters.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(path, 0, f"cannot be read: {error.strerror}") from error
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputError(path, line, f"byte 0x{data[error.start]:02x} is not UTF-8") from error
    lines = [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]
    for index, content in enumerate(lines):
        if bad := _CONTROL.search(content):
            raise InputError(path, index + 1, f"control character 0x{ord(bad[0]):02x}")
    return lines
