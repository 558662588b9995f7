"""`parley report`: show or write the recorded results of a run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from parley.cli.options import LATEST
from parley.errors import UsageError

if TYPE_CHECKING:
    from parley.report.compare import Comparison
    from parley.report.load import LoadedRun

_FORMATS = ("terminal", "html", "json", "junit", "libreswan", "markdown")
_EXAMPLES = """\b
parley report
parley report --format html
parley report --format junit --output results.xml
parley report --against parley-runs/2026-01-14T09-12-03-5e1c --exit-code
"""


@click.command(short_help="Show or write the recorded results of a run; boots nothing.", epilog=_EXAMPLES)
@click.argument("run", type=click.Path(path_type=Path), default=LATEST)
@click.option("--format", "-f", "form", type=click.Choice(_FORMATS), default="terminal", show_default=True)
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path),
    help="File to write instead of standard output; a directory for html and libreswan (default: below RUN).",
)
@click.option("--against", type=click.Path(path_type=Path), help="An earlier run: what is new since then.")
@click.option(
    "--exit-code",
    is_flag=True,
    help="Exit 1 if the run is not good; with --against, only if something became worse.",
)
def report(run: Path, form: str, output: Path | None, against: Path | None, *, exit_code: bool) -> None:
    """Report the recorded results of RUN (default: the newest run). Boots nothing."""
    from parley.report.compare import compare  # noqa: PLC0415 -- keeps --help fast
    from parley.report.load import load_run  # noqa: PLC0415 -- the same
    from parley.report.summary import exit_code as code_of  # noqa: PLC0415 -- the same

    loaded = load_run(run)
    comparison = compare(loaded, load_run(against)) if against else None
    try:
        _write(form, loaded, comparison, output)
    except OSError as error:
        raise UsageError(f"cannot write {error.filename or output}: {error.strerror}") from error
    for damage in loaded.damaged:
        click.echo(f"parley: {damage}", err=True)
    if exit_code:
        sys.exit(int(comparison.is_worse) if comparison else code_of(loaded.results))


def _write(form: str, run: LoadedRun, comparison: Comparison | None, output: Path | None) -> None:
    if form == "html":
        from parley.report.html.write import write_report  # noqa: PLC0415 -- jinja2 is needed for HTML only

        click.echo(write_report(run, output=output, comparison=comparison))
    elif form == "libreswan":
        from parley.report.libreswan import write_libreswan  # noqa: PLC0415 -- only what was asked for

        click.echo(write_libreswan(run, output))
    elif form == "terminal":
        _write_terminal(run, comparison, output)
    else:
        text = _render(form, run, comparison)
        if output:
            output.write_text(text, encoding="utf-8")
        else:
            click.echo(text, nl=False)


def _write_terminal(run: LoadedRun, comparison: Comparison | None, output: Path | None) -> None:
    from parley.report.terminal import print_report  # noqa: PLC0415 -- keeps --help fast

    if output is None:
        print_report(run, sys.stdout, comparison=comparison)
        return
    with output.open("w", encoding="utf-8") as stream:
        print_report(run, stream, comparison=comparison)


def _render(form: str, run: LoadedRun, comparison: Comparison | None) -> str:
    if form == "json":
        from parley.report.json import render_json  # noqa: PLC0415 -- only what was asked for

        return render_json(run, comparison=comparison)
    if form == "junit":
        from parley.report.junit import render_junit  # noqa: PLC0415 -- the same

        return render_junit(run)
    from parley.report.markdown import render_markdown  # noqa: PLC0415 -- the same

    return render_markdown(run, comparison=comparison)
