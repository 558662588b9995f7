"""`parley list`: the cases that a run would take, without running them."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from parley.cli.options import host_option, host_overrides, suite_option

if TYPE_CHECKING:
    from pathlib import Path


@click.command("list")
@click.argument("selectors", nargs=-1, metavar="[SELECTOR]...")
@suite_option
@host_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_cases(
    selectors: tuple[str, ...], suite: tuple[Path, ...], hosts: tuple[str, ...], as_json: bool
) -> None:
    r"""List cases: name, hosts with platform and implementation, title.

    SELECTOR is what `parley run` takes: names, globs, or a field as in status:wip.
    Exits 2 if a case is broken; the others are listed all the same.

    \b
    parley list
    parley list 'status:*' --suite path/to/libreswan/testing/pluto
    """
    from parley.case.selector import select_cases  # noqa: PLC0415 -- keeps --help fast
    from parley.case.suite import default_suite, load_suite  # noqa: PLC0415 -- the same

    suites = [load_suite(path) for path in suite or (default_suite(),)]
    cases, errors = select_cases(suites, selectors, overrides=host_overrides(hosts))
    width = max((len(case.name) for case in cases), default=0)
    for case in cases:
        roles = {host.name: f"{host.platform}/{host.implementation or '-'}" for host in case.hosts}
        if as_json:
            about = {"name": case.name, "title": case.title, "status": case.status, "issue": case.issue}
            click.echo(json.dumps({**about, "hosts": roles, "directory": str(case.directory)}))
        else:
            shown = " ".join(f"{host}={role}" for host, role in roles.items())
            click.echo(f"{case.name:<{width}}  {shown}  {case.title}")
    for error in errors:
        click.echo(f"parley: {error}", err=True)
    sys.exit(2 if errors else 0)
