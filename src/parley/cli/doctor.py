"""`parley doctor`: what this machine lacks, what that costs, and the cure."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import click


@click.command(short_help="Try out what Parley needs of this machine; name the cures.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def doctor(as_json: bool) -> None:
    """Try out what Parley needs of this machine, and say what is missing and how to cure it.

    Every probe does the thing itself: it makes a user namespace, boots a host, starts a program.
    Exits 1 if something that every run needs is missing.
    """
    from parley.doctor.probes import State, examine  # noqa: PLC0415 -- keeps --help fast

    marks = {
        State.OK: ("ok", "green"),
        State.MISSING: ("MISSING", "red"),
        State.OPTIONAL: ("without", "yellow"),
    }
    ill = False
    for finding in examine():
        ill = ill or finding.state is State.MISSING
        if as_json:
            click.echo(json.dumps(asdict(finding)))
            continue
        word, colour = marks[finding.state]
        click.echo(f"{click.style(f'{word:<8}', fg=colour)} {finding.what}: {finding.detail}")
        if finding.cost:
            click.echo(f"         costs: {finding.cost}")
        if finding.cure:
            click.echo(f"         cure:  {finding.cure}")
    sys.exit(1 if ill else 0)
