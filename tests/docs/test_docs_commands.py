"""Whatever the documentation tells its reader to type exists, and the harmless part of it runs."""

from __future__ import annotations

import re
import tomllib
from contextlib import suppress
from pathlib import Path

import click
import pytest

from console_blocks import PLAYED, ROOT, Typed, blocks, pages, typed
from parley.cli import parley
from parley.errors import ParleyError

ALL = [one for page in pages() for block in blocks(page) for one in typed(block)]
# Of the others; see there.
WHERE: dict[str, str] = tomllib.loads(Path(__file__).with_name("where.toml").read_text())
HARMLESS = {("list",), ("matrix", "--list"), ("--version",), ("image", "list"), ("kernel", "list")}
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def is_parley(words: list[str]) -> bool:
    return Path(words[0]).name == "parley"


def is_harmless(one: Typed) -> bool:
    """Whether it boots, makes and removes nothing, and needs nothing that a reader has made before."""
    (words, *others) = one.simple_commands()
    if others or not is_parley(words) or "--suite" in words:
        return False
    return any(tuple(words[1 : 1 + len(start)]) == start for start in HARMLESS)


def is_played(one: Typed) -> bool:
    return str(one.path.relative_to(ROOT)) in PLAYED


def is_shown(one: Typed) -> bool:
    """Whether its output is shown and nobody else compares it; a kept lab would wait for Ctrl-C."""
    (words, *_) = one.simple_commands()
    elsewhere = is_harmless(one) or is_played(one) or "--keep" in words
    return bool(one.shown) and is_parley(words) and not elsewhere


def where(one: Typed) -> str:
    """The longest beginning of a command that `WHERE` knows, or nothing."""
    return max((start for start in WHERE if one.command.startswith(start)), key=len, default="")


def parse(words: list[str]) -> None:
    """Parse a command line as click would, without doing anything."""
    command: click.Command = parley
    context: click.Context | None = None
    rest = words[1:]
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        context = click.Context(command, parent=context)
        _, found, rest = command.resolve_command(context, rest)
        assert found is not None
        command = found
    # --help and --version end there; without any words only completion scripts call.
    with suppress(click.exceptions.Exit, click.exceptions.NoArgsIsHelpError):
        command.make_context(command.name, rest, parent=context)


def is_a_file_of_the_readers(error: Exception) -> bool:
    return isinstance(error, click.BadParameter) and error.message.endswith("does not exist.")


def test_the_documentation_shows_commands() -> None:
    assert sum(is_parley(words) for one in ALL for words in one.simple_commands()) > 40


@pytest.mark.parametrize("one", ALL, ids=str)
def test_what_is_typed_exists(one: Typed) -> None:
    for words in one.simple_commands():
        if is_parley(words):
            try:
                parse(words)
            except (click.ClickException, ParleyError) as error:
                if not is_a_file_of_the_readers(error):
                    pytest.fail(f"{one}: {one.command}: {error}")
        elif words[0] == "make":
            assert {word for word in words[1:] if "=" not in word} <= TARGETS, one.command


@pytest.mark.parametrize("one", [one for one in ALL if is_harmless(one)], ids=str)
def test_what_is_harmless_runs(one: Typed) -> None:
    run = one.run(ROOT)
    assert run.returncode == 0, run.stderr
    assert not one.shown or one.shows(run.stdout), run.stdout


@pytest.mark.parametrize("one", ALL, ids=str)
def test_what_is_typed_is_run_somewhere(one: Typed) -> None:
    run_here = is_harmless(one) or is_played(one) or is_shown(one)
    assert run_here or where(one), f"{one}: {one.command}: say in where.toml which test runs it"


@pytest.mark.parametrize(("start", "test"), WHERE.items())
def test_where_it_is_run_exists(start: str, test: str) -> None:
    assert start in {where(one) for one in ALL}, "no page shows it any more"
    assert test.startswith("by hand: ") or (ROOT / test).is_file()


@pytest.mark.parametrize("words", ["parley run --no-such", "parley nothing", "parley accept", "parley --no"])
def test_a_mistake_would_be_found(words: str) -> None:
    with pytest.raises(click.ClickException):
        parse(words.split())


@pytest.mark.lab
@pytest.mark.parametrize("one", [one for one in ALL if is_shown(one)], ids=str)
def test_what_is_shown_of_hosts_is_true(one: Typed, tmp_path: Path) -> None:
    run = one.run(tmp_path)
    assert one.shows(run.stdout), run.stdout + run.stderr
