"""What iked(8) logs and ikectl(8) shows."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

from parley.transcript.registry import sanitizer
from parley.transcript.rules.commands import OPENIKED

if TYPE_CHECKING:
    from parley.transcript.symbols import Naming

_SHOW = r"\bikectl\s.*\bshow\b"
_POINTER = re.compile(
    r"(?P<before>^ *\w+: |\b[BP]=|@|\bnexti |\bpol )(?P<pointer>0x[0-9a-f]+)\b", re.MULTILINE
)
_SPIS = re.compile(
    r"(?P<before>\b(?:ESP|AH|IPCOMP|SPI|spi|SPIs:|CHILD SA|old) )"
    r"(?P<spis>0x[0-9a-f]{1,8}(?:(?:/|, )0x[0-9a-f]{1,8})*)\b"
)
_IKE_SPI = re.compile(r"(?P<before>\b(?:[ri]spi |spi=))(?P<spi>0x[0-9a-f]{9,16})\b")
_UNORDERED = ("iked_sas: ", "iked_activesas: ")
_HEX = re.compile(r"0x[0-9a-f]+")
# Symbols too, so that sanitized text stays as it is when sanitized again.
_RANDOM = re.compile(r"0x[0-9a-f]+|[A-Z]+#\d+")


@sanitizer(_SHOW)
def ikectl_order(output: str, _naming: Naming) -> str:
    """Hides the order of SAs that iked keeps in trees sorted by their random SPIs."""
    lines = output.split("\n")
    blocks: list[list[str]] = []
    for line in lines:
        if line.startswith(" ") and blocks:
            blocks[-1].append(line)
        else:
            blocks.append([line])
    ordered: list[str] = []
    for label, group in groupby(
        blocks, key=lambda block: next((x for x in _UNORDERED if block[0].startswith(x)), "")
    ):
        run = list(group)
        run = sorted(run, key=lambda block: _RANDOM.sub("", "\n".join(block))) if label else run
        ordered.extend(line for block in run for line in block)
    return "\n".join(ordered)


@sanitizer(_SHOW)
def ikectl_pointers(output: str, _naming: Naming) -> str:
    """Hides addresses in iked's memory; within one output equal ones stay equal, `(nil)` stays.

    They get no symbol of the case: memory freed and used again would then look like identity.
    """
    seen: dict[str, str] = {}

    def symbol(match: re.Match[str]) -> str:
        name = seen.setdefault(match["pointer"], f"PTR#{len(seen) + 1}")
        return match["before"] + name

    return _POINTER.sub(symbol, output)


@sanitizer(OPENIKED)
def iked_spis(output: str, naming: Naming) -> str:
    """Hides the random numbers of SPIs; equal ones stay equal on all hosts."""

    def symbols(match: re.Match[str]) -> str:
        return match["before"] + _HEX.sub(lambda spi: naming.spi(spi[0]), match["spis"])

    return _SPIS.sub(symbols, output)


@sanitizer(OPENIKED)
def iked_ike_spis(output: str, naming: Naming) -> str:
    """Hides the random numbers of IKE SPIs; equal ones stay equal on all hosts, 0 stays."""
    return _IKE_SPI.sub(lambda match: match["before"] + naming.ike_spi(match["spi"]), output)
