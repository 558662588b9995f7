"""What the hosts printed, against what they were expected to print."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from parley.errors import InputError
from parley.lab.jail import Jail
from parley.scenario.iana import FIRST_STATUS_NOTIFY, NOTIFIES
from parley.transcript.accept import MERGED, read_text
from parley.transcript.compare import compare
from parley.transcript.console import Utterance, render_host, render_merged, utterances
from parley.transcript.sanitize import sanitize
from parley.verdict import Check, CheckState

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from parley.record.layout import CaseLayout
    from parley.record.results import PlayRecord, StepRecord

# What a helper script prints when a thing that it was told to expect did not come true.
_UNEXPECTED = "UNEXPECTED: "
_ERRORS = tuple(name for name, number in NOTIFIES.items() if number < FIRST_STATUS_NOTIFY)
_HELPERS = "../guestbin/"
# What a shell says with its exit status of a command that is not there.
_NOT_FOUND = 127
# As much of a line as a reason may quote (characters).
_SAID = 200


def check_transcripts(layout: CaseLayout, record: PlayRecord) -> Iterator[Check]:
    """Write the raw and the sanitized transcripts, and compare each with its reference."""
    spoken = utterances(record.steps, _outputs(layout, record))
    failed = list(_check_expectations(spoken, record.steps))
    yield from failed
    may_be_accepted = not (failed or record.stopped or record.error)
    clean = sanitize(spoken)
    if "" in record.references:
        layout.raw_transcript(MERGED).write_text(render_merged(spoken), encoding="utf-8")
        yield _compare(layout, record, "", render_merged(clean), may_be_accepted=may_be_accepted)
        return
    for host in record.hosts:
        layout.raw_transcript(host.name).write_text(render_host(host.name, spoken), encoding="utf-8")
        transcript = render_host(host.name, clean)
        yield _compare(layout, record, host.name, transcript, may_be_accepted=may_be_accepted)


def _check_expectations(spoken: Sequence[Utterance], steps: Sequence[StepRecord]) -> Iterator[Check]:
    # Apart from the compare, so that no accepted reference can hide it.
    trouble = ""
    for utterance, step in zip(spoken, steps, strict=True):
        if unexpected := _unexpected(utterance, step):
            detail = f"{unexpected} (`{utterance.command}`){trouble}"
            evidence = f"{utterance.host}.console.raw.txt"
            yield Check("as expected", CheckState.FAILED, utterance.host, detail, evidence)
        elif step.status and not trouble:
            trouble = f"; before it {_complaint(utterance, step.status)}"


def _unexpected(utterance: Utterance, step: StepRecord) -> str:
    if step.status == _NOT_FOUND and _HELPERS in utterance.command:
        # Nothing was tested then, and a transcript of that must not become a reference.
        return "there is no such helper script in the guestbin beside the suite"
    lines = utterance.output.splitlines()
    line = next((line for line in lines if line.startswith(_UNEXPECTED)), "")
    return line.removeprefix(_UNEXPECTED)


def _complaint(utterance: Utterance, status: int) -> str:
    """What a command that did not succeed said: the line that names an error of IKE's, else its last one."""
    lines = utterance.output.strip().splitlines()
    named = next((line for line in lines if any(error in line for error in _ERRORS)), "")
    said = named or (lines[-1] if lines else f"exit status {status}")
    return f"`{utterance.command}` on {utterance.host}: {said[:_SAID]}"


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


def _compare(
    layout: CaseLayout, record: PlayRecord, host: str, transcript: str, *, may_be_accepted: bool
) -> Check:
    """`host` is empty for the merged transcript."""
    name = host or MERGED
    path = layout.transcript(name)
    path.write_text(transcript, encoding="utf-8")
    try:
        reference = _reference(record, host, name)
    except InputError as error:
        return Check("transcript", CheckState.ERROR, host, str(error), path.name)
    comparison = compare(transcript, reference)
    if comparison.is_same:
        return Check("transcript", CheckState.OK, host)
    advice = f"; see it and make it the reference: parley accept {record.case}" if may_be_accepted else ""
    return Check("transcript", CheckState.DIFFERS, host, f"{comparison.summary}{advice}", path.name)
