"""`parley list`: the cases that a run would take, without running them."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from parley.cli.options import complete_cases, host_option, host_overrides, suite_option

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from parley.case.model import ScriptedCase


_EXAMPLES = """\b
parley list
parley list 'implementation:openiked' 'interop-*-rsa'
parley list 'status:*' --suite path/to/libreswan/testing/pluto"""
# What many hosts take beyond this stands in the way of the titles of all other cases.
_WIDEST = 60


@click.command("list", short_help="List cases, and who plays in them.", epilog=_EXAMPLES)
@click.argument("selectors", nargs=-1, metavar="[SELECTOR]...", shell_complete=complete_cases)
@suite_option
@host_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_cases(
    selectors: tuple[str, ...], suite: tuple[Path, ...], hosts: tuple[str, ...], as_json: bool
) -> None:
    """List cases: name, status, hosts with platform and implementation, title.

    SELECTOR is what `parley run` takes: a name, a glob, or FIELD:GLOB with one of the fields status, issue,
    kind, host, platform, implementation. Without status:, issue: or a full name only good cases are meant.
    Exits 2 if a case is broken; the others are listed all the same.
    """
    from parley.case.selector import select_cases  # noqa: PLC0415 -- keeps --help fast
    from parley.case.suite import default_suite, load_suite  # noqa: PLC0415 -- the same
    from parley.escape import visible  # noqa: PLC0415 -- the same

    suites = [load_suite(path) for path in suite or (default_suite(),)]
    cases, errors = select_cases(suites, selectors, overrides=host_overrides(hosts))
    if as_json:
        for case in cases:
            click.echo(json.dumps(_about(case)))
    else:
        _print_rows([_row(case) for case in cases])
    for case in cases:
        for note in case.notes:
            click.echo(f"note: {visible(f'{case.name}: {note}')}", err=True)
    for error in errors:
        click.echo(f"parley: {visible(str(error), keep=chr(10))}", err=True)
    sys.exit(2 if errors else 0)


def _about(case: ScriptedCase) -> dict[str, Any]:
    return {
        "name": case.name,
        "title": case.title,
        "kind": case.kind,
        "status": case.status,
        "issue": case.issue,
        "hosts": _roles(case),
        "directory": str(case.directory),
        "notes": case.notes,
    }


def _roles(case: ScriptedCase) -> dict[str, str]:
    return {host.name: f"{host.platform}/{host.implementation or '-'}" for host in case.hosts}


def _row(case: ScriptedCase) -> tuple[str, ...]:
    from parley.escape import escape_terminal  # noqa: PLC0415 -- keeps --help fast

    roles = " ".join(f"{host}={role}" for host, role in _roles(case).items())
    return tuple(escape_terminal(cell) for cell in (case.name, case.status, roles, case.title))


def _print_rows(rows: Sequence[tuple[str, ...]]) -> None:
    if sys.stdout.isatty():
        _print_table(rows)
        return
    widths = [min(_WIDEST, max(map(len, column))) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())


def _print_table(rows: Sequence[tuple[str, ...]]) -> None:
    from rich.console import Console  # noqa: PLC0415 -- costs what a pipe need not wait for
    from rich.table import Table  # noqa: PLC0415 -- the same
    from rich.text import Text  # noqa: PLC0415 -- the same

    table = Table(box=None, pad_edge=False)
    table.add_column("case", no_wrap=True)
    for heading in ("status", "hosts", "title"):
        table.add_column(heading)
    for row in rows:
        # As Text, for what a title says in brackets is no mark-up.
        table.add_row(*map(Text, row), style="" if row[1] == "good" else "dim")
    Console().print(table)
