"""Cut markers: what a script itself declares as not to be compared."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from parley.transcript.console import Utterance

CUT = "==== cut ===="
TUC = "==== tuc ===="
END = "==== end ===="


def drop_cut(spoken: Sequence[Utterance]) -> list[Utterance]:
    """Leave out what stands between cut markers, and what a host says from an end marker on.

    A pair of commands that hold the markers (`: ==== cut ====`, `: ==== tuc ====`) hides itself and all
    between; markers in one command's output hide the lines between. A marker that is never closed hides
    nothing beyond its own command: a test must not pass because half of it became invisible.
    """
    hidden: set[int] = set()
    for host in {utterance.host for utterance in spoken}:
        hidden |= _hidden([(at, said) for at, said in enumerate(spoken) if said.host == host])
    return [
        replace(utterance, output=_cut_lines(utterance.output))
        for at, utterance in enumerate(spoken)
        if at not in hidden
    ]


def _hidden(spoken: Iterable[tuple[int, Utterance]]) -> set[int]:
    hidden: set[int] = set()
    pending: set[int] = set()
    ended = False
    for at, utterance in spoken:
        ended = ended or END in utterance.command
        if ended:
            hidden.add(at)
        elif pending or (CUT in utterance.command and TUC not in utterance.command):
            pending.add(at)
            if TUC in utterance.command:
                hidden |= pending
                pending = set()
    return hidden


def _cut_lines(output: str) -> str:
    if CUT not in output:
        return output
    kept: list[str] = []
    pending: list[str] = []
    for line in output.split("\n"):
        if pending or CUT in line:
            pending.append(line)
            if TUC in line:
                pending = []
        else:
            kept.append(line)
    return "\n".join(kept + pending)
