"""`parley judge`: judge a recorded run again, without booting anything."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from parley.cli.options import LATEST


@click.command(short_help="Judge a run again from its recorded files; boots nothing.")
@click.argument("run", type=click.Path(path_type=Path), default=Path(LATEST))
def judge(run: Path) -> None:
    """Judge RUN (default: the newest) again from its recorded files, against today's references.

    Sanitizers, references and checks may have changed since; consoles, captures and states have not.
    """
    from parley.report.load import load_run  # noqa: PLC0415 -- keeps --help fast
    from parley.report.summary import exit_code  # noqa: PLC0415 -- the same
    from parley.report.terminal import print_report  # noqa: PLC0415 -- the same
    from parley.session.rejudge import rejudge  # noqa: PLC0415 -- the same

    rejudge(load_run(run))
    judged = load_run(run)
    print_report(judged, sys.stdout)
    sys.exit(exit_code(judged.results))
