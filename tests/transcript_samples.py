"""Outputs of real tunnels (tests/unit/transcript/data), as the utterances of a case."""

from __future__ import annotations

import re
from pathlib import Path

from parley.transcript.console import Utterance

DATA = Path(__file__).parent / "unit" / "transcript" / "data"


def sample_text(name: str) -> str:
    """A sample as it lies on disk: each output below a line `##### host# command`."""
    return (DATA / f"{name}.txt").read_text(encoding="utf-8")


def parse_sample(text: str) -> list[Utterance]:
    """The utterances of a sample."""
    spoken = []
    for part in re.split(r"^##### ", text, flags=re.MULTILINE)[1:]:
        head, _, output = part.partition("\n")
        host, _, command = head.partition("# ")
        spoken.append(Utterance(host, command, output))
    return spoken


def show_sample(spoken: list[Utterance]) -> str:
    """The inverse of `parse_sample`."""
    return "".join(f"##### {said.host}# {said.command}\n{said.output}" for said in spoken)
