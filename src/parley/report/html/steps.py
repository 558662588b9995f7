"""What was done on the hosts of a case, from play.json or cell.json."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from markupsafe import Markup

from parley.cell.record import read_cell
from parley.errors import InputError
from parley.record.results import read_play
from parley.report.html.artifacts import SHARE
from parley.report.html.links import href
from parley.report.html.markup import shown

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from parley.cell.record import CommandRecord
    from parley.record.layout import CaseLayout
    from parley.record.results import StepRecord

# The cells of a run share a few dozen commands: four thousand were counted, 77 of them different.
_FEW: Final = 512


class StepRow(NamedTuple):
    """One command, or a comment (`is_comment`). Times are seconds.

    `file` is its output inside the case's directory if it may be linked, else empty.
    """

    host: str
    text: str
    started: float
    elapsed: float
    status: int | None
    file: str
    purpose: str = ""
    is_comment: bool = False


@dataclass(frozen=True, slots=True)
class Story:
    """What a case did; `references` maps hosts to references, `damage` says why there is nothing to tell."""

    steps: tuple[StepRow, ...] = ()
    references: dict[str, str] = field(default_factory=dict)
    damage: str = ""


def read_story(layout: CaseLayout, linkable: Container[str]) -> Story:
    """Read the record of a case, if it left one; `linkable` holds the files that pages may point to."""
    try:
        if layout.play.name in linkable:
            play = read_play(layout.play)
            return Story(tuple(_step(step, linkable) for step in play.steps), play.references)
        if layout.cell.name in linkable:
            cell = read_cell(layout.cell)
            return Story(tuple(_command(command, linkable) for command in cell.commands))
    except InputError as error:
        return Story(damage=str(error.args[0]))
    return Story()


def step_rows(steps: Iterable[StepRow], files: str) -> Markup:
    """The rows of the table of steps, `files` being the way from the page to the case's directory.

    Not a template: a case has dozens of steps, and a report thousands of cases.
    """
    way = shown(files)
    return Markup("\n".join([_row(step, way) for step in steps]))  # noqa: S704 -- every part is escaped below


def _row(step: StepRow, way: str) -> str:
    if step.is_comment:
        said = f"{step.host}: {step.text}" if step.host else step.text
        return f'<tr><td class="quiet comment" colspan="6">{shown(said)}</td></tr>'
    status = "" if step.status is None else f"<b>{step.status}</b>" if step.status else "0"
    output = f'<a href="{way}/{_quoted(step.file)}">output</a>' if step.file else ""
    purpose = f"{shown(step.purpose)} " if step.purpose else ""
    return (
        f'<tr><td class="number">{step.started:.2f}</td><td class="number">{step.elapsed:.2f}</td>'
        f"<td>{shown(step.host)}</td><td>{purpose}{_command_cell(step.text)}</td>"
        f"<td>{status}</td><td>{output}</td></tr>"
    )


@lru_cache(_FEW)
def _quoted(file: str) -> str:
    return shown(href(file))


@lru_cache(_FEW)
def _command_cell(text: str) -> str:
    """A command; of a script of several lines, the first stands for it."""
    first, _, others = text.strip().partition("\n")
    if not others:
        return f"<code>{shown(text)}</code>"
    return (
        f'<details class="fold"><summary><code>{shown(first)}</code></summary>'
        f"<pre>{shown(text)}</pre></details>"
    )


def _step(step: StepRecord, linkable: Container[str]) -> StepRow:
    return StepRow(
        host=step.host,
        text=step.text,
        started=step.started,
        elapsed=step.elapsed,
        status=step.status,
        file=_file(step.output, linkable),
        is_comment=step.is_comment,
    )


def _command(command: CommandRecord, linkable: Container[str]) -> StepRow:
    return StepRow(
        host=command.host,
        text=command.command,
        started=command.started,
        elapsed=command.elapsed,
        status=command.status,
        file=_file(command.output, linkable),
        purpose=command.purpose,
    )


def _file(output: str, linkable: Container[str]) -> str:
    file = f"{SHARE}/{output}"
    return file if file in linkable else ""
