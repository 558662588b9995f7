"""Hides what differs from run to run, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from parley.transcript.cut import drop_cut
from parley.transcript.registry import SANITIZERS
from parley.transcript.rules import MODULES
from parley.transcript.symbols import Symbols

if TYPE_CHECKING:
    from collections.abc import Sequence

    from parley.transcript.console import Utterance

__all__ = ["MODULES", "SANITIZERS", "Symbols", "sanitize"]


def sanitize(spoken: Sequence[Utterance], symbols: Symbols | None = None) -> list[Utterance]:
    """The utterances of all hosts of a case, in playing order, made comparable between runs.

    All hosts together, because a symbol stands for the same value on each of them.
    """
    symbols = symbols or Symbols()
    kept = drop_cut(spoken)
    outputs = [_clean(utterance, symbols) for utterance in kept]
    numbered = symbols.number(outputs)
    return [replace(utterance, output=output) for utterance, output in zip(kept, numbered, strict=True)]


def _clean(utterance: Utterance, symbols: Symbols) -> str:
    output = utterance.output
    if not output:
        return output
    naming = symbols.at(utterance.host)
    for known in SANITIZERS:
        if known.is_for(utterance.command):
            output = known.rule(output, naming)
    return output
