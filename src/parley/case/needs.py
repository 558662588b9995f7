"""What a scripted case needs of the kernel: features, one a line, in a file `needs` of its directory.

Empty lines and what follows a `#` are left out. Without the file nothing in particular is needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from parley.errors import InputError
from parley.image.kernel_features import FEATURES
from parley.near import nearest

if TYPE_CHECKING:
    from pathlib import Path

NAME = "needs"


def read_needs(directory: Path) -> tuple[str, ...]:
    """The features that a case's directory names. Raises InputError for one that no kernel can have."""
    path = directory / NAME
    if not path.is_file():
        return ()
    found = []
    text = path.read_text(encoding="utf-8", errors="backslashreplace")
    for number, line in enumerate(text.splitlines(), start=1):
        word = line.partition("#")[0].strip()
        if word and word not in FEATURES:
            raise InputError(path, number, f"no kernel has {word!r}", hint=nearest(word, FEATURES))
        found += [word] if word else []
    return tuple(found)
