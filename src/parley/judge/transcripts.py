"""What the hosts printed, against what they were expected to print."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from parley.errors import InputError
from parley.lab.jail import Jail
from parley.transcript.accept import MERGED, read_text
from parley.transcript.compare import compare
from parley.transcript.console import Utterance, render_host, render_merged, utterances
from parley.transcript.sanitize import sanitize
from parley.verdict import Check, CheckState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parley.record.layout import CaseLayout
    from parley.record.results import PlayRecord

# What a helper script prints when a thing that it was told to expect did not come true.
_UNEXPECTED = "UNEXPECTED: "


def check_transcripts(layout: CaseLayout, record: PlayRecord) -> Iterator[Check]:
    """Write the raw and the sanitized transcripts, and compare each with its reference."""
    spoken = utterances(record.steps, _outputs(layout, record))
    yield from _check_expectations(spoken)
    clean = sanitize(spoken)
    if "" in record.references:
        layout.raw_transcript(MERGED).write_text(render_merged(spoken), encoding="utf-8")
        yield _compare(layout, record, "", MERGED, render_merged(clean))
        return
    for host in record.hosts:
        layout.raw_transcript(host.name).write_text(render_host(host.name, spoken), encoding="utf-8")
        yield _compare(layout, record, host.name, host.name, render_host(host.name, clean))


def _check_expectations(spoken: list[Utterance]) -> Iterator[Check]:
    # Apart from the compare, so that no accepted reference can hide it.
    for utterance in spoken:
        line = next((line for line in utterance.output.splitlines() if line.startswith(_UNEXPECTED)), "")
        if line:
            detail = f"{line.removeprefix(_UNEXPECTED)} (`{utterance.command}`)"
            yield Check(
                "as expected", CheckState.FAILED, utterance.host, detail, f"{utterance.host}.console.raw.txt"
            )


def _outputs(layout: CaseLayout, record: PlayRecord) -> dict[int, bytes]:
    jail = Jail(layout.share)
    outputs: dict[int, bytes] = {}
    for step in record.steps:
        if step.output:
            try:
                outputs[step.index] = jail.read(step.output)
            except OSError:
                outputs[step.index] = b""
    return outputs


def _reference(record: PlayRecord, host: str, name: str) -> str | None:
    """The text to compare with: the reference of the run, or one that was accepted since."""
    if host in record.references:
        return read_text(Path(record.references[host]))
    accepted = Path(record.directory) / f"{name}.console.txt"
    return read_text(accepted) if accepted.is_file() else None


def _compare(layout: CaseLayout, record: PlayRecord, host: str, name: str, transcript: str) -> Check:
    path = layout.transcript(name)
    path.write_text(transcript, encoding="utf-8")
    try:
        reference = _reference(record, host, name)
    except InputError as error:
        return Check("transcript", CheckState.ERROR, host, str(error), path.name)
    comparison = compare(transcript, reference)
    if comparison.is_same:
        return Check("transcript", CheckState.OK, host)
    detail = f"{comparison.summary}; see it and make it the reference: parley accept {record.case}"
    return Check("transcript", CheckState.DIFFERS, host, detail, path.name)
