"""Options and arguments that several subcommands share."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from parley.errors import ParleyError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

RUNS = "parley-runs"
LATEST = f"{RUNS}/latest"


def complete_cases(context: click.Context, _argument: click.Parameter, typed: str) -> list[str]:
    """Names of cases of the suite that is meant, for the shell."""
    from parley.case.suite import default_suite, load_suite  # noqa: PLC0415 -- keeps --help fast

    with suppress(ParleyError):
        suites = context.params.get("suite") or (default_suite(),)
        return [name for suite in suites for name in load_suite(suite).names() if name.startswith(typed)]
    return []


def complete_scenarios(context: click.Context, _argument: click.Parameter, typed: str) -> list[str]:
    """Names of scenarios, for the shell."""
    from parley.scenario.suite import default_scenarios  # noqa: PLC0415 -- keeps --help fast

    with suppress(ParleyError):
        places = context.params.get("scenarios") or (default_scenarios(),)
        found = (path.stem for place in places for path in place.glob("*.toml"))
        return sorted(name for name in found if name.startswith(typed))
    return []


def complete_played(context: click.Context, _argument: click.Parameter, typed: str) -> list[str]:
    """Names of the cases that a run has played, for the shell."""
    from parley.record.layout import RunLayout  # noqa: PLC0415 -- keeps --help fast
    from parley.record.results import read_run  # noqa: PLC0415 -- the same

    run = RunLayout(Path(context.params.get("run_directory") or LATEST))
    with suppress(ParleyError):
        return [name for name in read_run(run.record).cases if name.startswith(typed)]
    return []


suite_option = click.option(
    "--suite",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="A directory of cases; may be repeated. Default: the suite that comes with Parley.",
)

host_option = click.option(
    "--host",
    "hosts",
    multiple=True,
    metavar="HOST=PLATFORM/IMPLEMENTATION",
    help="What a host is, against what the case says; may be repeated.",
)

source_option = click.option(
    "--impl",
    "sources",
    multiple=True,
    metavar="NAME=TREE",
    help="An implementation compiled from a tree of its sources (libreswan=~/libreswan); may be repeated.",
)

kernel_option = click.option(
    "--kernel",
    # What image.kernel.CHOICES says, without loading images for --help.
    type=click.Choice(("lab", "sid", "trixie")),
    default=None,
    help="The kernel that hosts boot; default: the lab's if there is one, else Debian's.",
)

backend_option = click.option(
    "--backend",
    "backends",
    multiple=True,
    metavar="[HOST=]BACKEND",
    help="What boots hosts, or that host: uml (default), qemu[-disk], libvirt[-disk]; may be repeated.",
)

first_option = click.option(
    "--first", default="", metavar="HOST", help="Boot this host, and the others when it is up."
)

share_option = click.option(
    "--share",
    # What run.share.SHARES says, without loading labs for --help.
    type=click.Choice(["own", "nfs"]),
    default="own",
    show_default=True,
    help="How hosts get the case's directory: as each backend does it, or over NFS from a host of the lab's.",
)


def _seed_word(_context: click.Context, _option: click.Parameter, word: str) -> str:
    """A seed is a word of a kernel's command line."""
    if not re.fullmatch(r"[\w.-]{0,64}", word, re.ASCII):
        raise UsageError(f"--seed {word!r}: letters, digits, '.', '_' and '-' only, 64 at most")
    return word


clock_option = click.option(
    "--clock",
    # What lab.clock.CLOCKS says, without loading labs for --help.
    type=click.Choice(("auto", "real", "virtual")),
    default="auto",
    show_default=True,
    help="Whose time hosts live in; virtual skips idle time and needs the lab kernel (parley kernel build).",
)


seed_option = click.option(
    "--seed",
    default="0",
    show_default=True,
    metavar="WORD",
    callback=_seed_word,
    help="What chance follows from in virtual time: with the same word, the same messages come at the same "
    "moments. Empty: real chance.",
)


def host_overrides(words: Iterable[str]) -> dict[str, str]:
    """Turn `east=openbsd/openiked` words into a mapping. Raises UsageError for other shapes."""
    overrides: dict[str, str] = {}
    for word in words:
        host, separator, value = word.partition("=")
        if not separator or not host or not value:
            raise UsageError(
                f"--host {word} is not HOST=PLATFORM/IMPLEMENTATION", hint="--host east=debian/openiked"
            )
        overrides[host] = value
    return overrides
