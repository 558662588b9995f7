"""Transcripts: what was typed on the hosts of a case and what they printed, as text.

Two forms, both Libreswan's, so that its references serve as they are. One host's transcript gives each
command two lines (`west #`, then a space and the command); the merged transcript of all hosts gives it
one (`west# command`). Rendering comes last: sanitizers work on `Utterance`s, where a command and its
output cannot be mistaken for one another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.escape import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from parley.record.results import StepRecord


@dataclass(frozen=True, slots=True)
class Utterance:
    """One command or comment on `host` (empty: a comment of no host) and what came of it.

    `output` is visible text (parley.escape), with or without a newline at its end.
    """

    host: str
    command: str
    output: str = ""
    is_comment: bool = False


def decode(data: bytes) -> str:
    r"""A command's output as visible text: UTF-8, other bytes as ``\xNN``, no carriage returns."""
    return visible(data.decode("utf-8", "backslashreplace").replace("\r", ""), keep="\n\t")


def utterances(steps: Iterable[StepRecord], outputs: Mapping[int, bytes]) -> list[Utterance]:
    """Played steps in playing order; `outputs` maps a step's index to what it printed."""
    return [
        Utterance(
            host=step.host,
            command=visible(step.text, keep="\t"),
            output=decode(outputs.get(step.index, b"")),
            is_comment=step.is_comment,
        )
        for step in steps
    ]


def render_host(host: str, spoken: Sequence[Utterance]) -> str:
    """The transcript of one host: blank output lines removed, a bare prompt at the end."""
    prompt = f"{host} #\n"
    lines: list[str] = []
    for number, utterance in enumerate(said for said in spoken if said.host == host):
        lines.append(f"{prompt} {utterance.command}\n" if number else f"{utterance.command}\n")
        lines.extend(f"{line}\n" for line in utterance.output.split("\n") if line)
    return "".join(lines) + prompt


def render_merged(spoken: Sequence[Utterance]) -> str:
    """The transcript of all hosts in playing order: blank lines kept, no prompt at the end."""
    parts: list[str] = []
    after_comment = False
    for utterance in spoken:
        if utterance.is_comment:
            parts.append(f"{utterance.command}\n")
        else:
            parts.append("\n" if after_comment else "")
            parts.append(f"{utterance.host}# {utterance.command}\n\n")
            parts.append(_paragraph(utterance.output))
        after_comment = utterance.is_comment
    return "".join(parts)


def _paragraph(output: str) -> str:
    if not output:
        return ""
    return output + ("\n" if output.endswith("\n") else "\n\n")
