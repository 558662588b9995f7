"""Writes docs/reference/cli.md from the commands themselves; with --check only says whether it is current."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from parley.cli import parley

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).parent / "reference" / "cli.md"
# In a raw docstring it is two characters.
_KEEP_LINES = {"\b", r"\b"}
_HEAD = """\
# Command line

This page is generated from the commands (`docs/generate_cli.py`). `parley COMMAND --help` says the same.

Every command exits 2 for a mistake in the call or in a file of yours, with one line that says what is wrong
and, where it helps, what to try. How a run exits stands under [verdicts](verdicts.md#exit-code).
"""


def render() -> str:
    """The whole page."""
    context = click.Context(parley, info_name="parley")
    commands = (line for command, inner in walk(parley, context) for line in _command(command, inner))
    return "\n".join([_HEAD, *commands])


def settle(page: Path, text: str) -> None:
    """Write a generated page, or exit 1 with --check if it is not what it should be."""
    if page.exists() and page.read_text(encoding="utf-8") == text:
        return
    if "--check" in sys.argv[1:]:
        sys.exit(f"{page} is not current\n  try: make docs")
    page.write_text(text, encoding="utf-8")


def walk(group: click.Group, context: click.Context) -> Iterator[tuple[click.Command, click.Context]]:
    """All commands below `group`, each before its own."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None or command.hidden:
            continue
        inner = click.Context(command, info_name=name, parent=context)
        yield command, inner
        if isinstance(command, click.Group):
            yield from walk(command, inner)


def paragraphs(text: str) -> Iterator[tuple[list[str], bool]]:
    r"""The paragraphs of click's help; one that begins with \b keeps its lines (click's own rule)."""
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        lines = paragraph.strip("\n").split("\n")
        if lines[0] in _KEEP_LINES:
            yield lines[1:], True
        elif any(lines):
            yield [line.strip() for line in lines], False


def _command(command: click.Command, context: click.Context) -> Iterator[str]:
    level = "#" * (1 + context.command_path.count(" "))
    yield f"{level} {context.command_path}\n"
    pieces = " ".join(command.collect_usage_pieces(context))
    yield f"```text\n{context.command_path} {pieces}\n```\n"
    for text in (command.help or "", command.epilog or ""):
        yield from _markdown(text)
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    if options:
        yield "| option | meaning |\n|---|---|"
        yield "\n".join(_row(option, context) for option in options) + "\n"


def _markdown(text: str) -> Iterator[str]:
    for lines, kept in paragraphs(text):
        yield "```text\n" + "\n".join(lines) + "\n```\n" if kept else " ".join(lines) + "\n"


def _row(option: click.Option, context: click.Context) -> str:
    names, meaning = option.get_help_record(context) or ("", "")
    # A bar ends a table's cell, in code too.
    names, meaning = (text.replace("|", r"\|").replace("  ", " ") for text in (names, meaning))
    return f"| `{names}` | {meaning} |"


if __name__ == "__main__":
    settle(PAGE, render())
