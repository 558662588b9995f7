"""Whatever the documentation tells its reader to type exists, and the harmless part of it runs."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from console_blocks import PLAYED, ROOT, Typed, blocks, pages, typed
from parley.cli import parley
from parley.errors import ParleyError

ALL = [one for page in pages() for block in blocks(page) for one in typed(block)]
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def is_parley(words: list[str]) -> bool:
    return Path(words[0]).name == "parley"


def is_harmless(one: Typed) -> bool:
    """Whether it boots, makes and removes nothing, and needs nothing that a reader has made before."""
    (words, *others) = one.simple_commands()
    return is_parley(words) and not others and words[1] == "list" and "--suite" not in words


def is_shown_elsewhere(one: Typed) -> bool:
    """Whether its output is shown and nobody else compares it; a kept lab would wait for Ctrl-C."""
    is_played = str(one.path.relative_to(ROOT)) in PLAYED or "--keep" in one.command
    return bool(one.shown) and not is_played and not is_harmless(one)


def parse(words: list[str]) -> None:
    """Parse a command line as click would, without doing anything."""
    command: click.Command = parley
    context: click.Context | None = None
    rest = words[1:]
    while isinstance(command, click.Group):
        context = click.Context(command, parent=context)
        _, found, rest = command.resolve_command(context, rest)
        assert found is not None
        command = found
    command.make_context(command.name, rest, parent=context)


def test_the_documentation_shows_commands() -> None:
    assert sum(is_parley(words) for one in ALL for words in one.simple_commands()) > 40


@pytest.mark.parametrize("one", ALL, ids=str)
def test_what_is_typed_exists(one: Typed) -> None:
    for words in one.simple_commands():
        if is_parley(words):
            try:
                parse(words)
            except (click.ClickException, ParleyError) as error:
                pytest.fail(f"{one}: {one.command}: {error}")
        elif words[0] == "make":
            assert set(words[1:]) <= TARGETS, one.command


@pytest.mark.parametrize("one", [one for one in ALL if is_harmless(one)], ids=str)
def test_what_is_harmless_runs(one: Typed) -> None:
    run = one.run(ROOT)
    assert run.returncode == 0, run.stderr
    assert not one.shown or one.shows(run.stdout), run.stdout


@pytest.mark.parametrize("words", ["parley run --no-such", "parley nothing", "parley accept"])
def test_a_mistake_would_be_found(words: str) -> None:
    with pytest.raises(click.ClickException):
        parse(words.split())


@pytest.mark.lab
@pytest.mark.parametrize("one", [one for one in ALL if is_shown_elsewhere(one)], ids=str)
def test_what_is_shown_of_hosts_is_true(one: Typed, tmp_path: Path) -> None:
    run = one.run(tmp_path)
    assert one.shows(run.stdout), run.stdout + run.stderr
