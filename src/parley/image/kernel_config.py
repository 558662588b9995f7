"""What a lab kernel must have: fragments of a kernel configuration, and whether a result holds them."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# Without an option of the first no lab kernel is made; one of the second is only reported.
ESSENTIAL, WANTED = "essential.config", "wanted.config"

_OPTION = re.compile(r"(CONFIG_\w+)=(\S+)")
_OFF = "n"


def fragment(name: str) -> str:
    """The text of ESSENTIAL or WANTED."""
    return (files("parley.image") / "lab_kernel" / name).read_text(encoding="utf-8")


def options(text: str) -> dict[str, str]:
    """The options that a configuration sets, by name; one that is off may be missing.

    Raises ValueError for a line that is neither an option nor a comment.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        match = _OPTION.fullmatch(line.strip())
        if match:
            found[match[1]] = match[2]
        elif line.strip() and not line.startswith(("#", "CONFIG_")):
            raise ValueError(f"line {number} is no option: {line!r}")
    return found


def unmet(asked: Mapping[str, str], configuration: str) -> tuple[str, ...]:
    """What was asked for and is not so: `CONFIG_NAME=y (is m)`, in the order of `asked`.

    Kconfig says nothing about an option that it does not know or whose dependencies are missing; it
    just leaves it out.
    """
    has = options(configuration)
    return tuple(
        f"{name}={value} (is {has.get(name, _OFF)})"
        for name, value in asked.items()
        if has.get(name, _OFF) != value
    )
