"""`parley run`: boot, play and judge cases."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from parley.cli.options import (
    RUNS,
    backend_option,
    clock_option,
    complete_cases,
    first_option,
    host_option,
    host_overrides,
    kernel_option,
    seed_option,
    share_option,
    source_option,
    suite_option,
)
from parley.errors import UsageError


@click.command()
@click.argument(
    "selectors",
    nargs=-1,
    metavar="[SELECTOR | HOST=PLATFORM/IMPLEMENTATION]...",
    shell_complete=complete_cases,
)
@suite_option
@host_option
@source_option
@click.option("--changed", is_flag=True, help="The cases in whose directories git sees a change.")
@click.option("--in-place", is_flag=True, help="Leave the OUTPUT of Libreswan's own cases in their tree.")
@click.option("--jobs", "-j", type=click.IntRange(1), help="Cases at once; default: one per core.")
@click.option("--retry", type=click.IntRange(0), default=0, show_default=True, help="Tries after a bad one.")
@click.option("--fail-fast", "-x", is_flag=True, help="Stop at the first bad verdict.")
@clock_option
@seed_option
@kernel_option
@backend_option
@first_option
@share_option
@click.option("--keep", is_flag=True, help="Keep the lab of one case alive for `parley shell` until Ctrl-C.")
@click.option(
    "--timeout-scale",
    type=click.FloatRange(0, min_open=True),
    default=1.0,
    show_default=True,
    help="Stretch all time limits.",
)
@click.option(
    "--output", "-o", type=click.Path(path_type=Path), help=f"Directory of the run; default: {RUNS}/TIME."
)
@click.option(
    "--resume", "resumed", type=click.Path(path_type=Path), help="Go on with a run that was stopped."
)
@click.option(
    "--html/--no-html", default=None, help="Write the HTML report; default: for more than one case."
)
def run(  # noqa: PLR0917 -- one parameter per option
    selectors: tuple[str, ...],
    suite: tuple[Path, ...],
    hosts: tuple[str, ...],
    sources: tuple[str, ...],
    changed: bool,
    in_place: bool,
    jobs: int | None,
    retry: int,
    fail_fast: bool,
    clock: str,
    seed: str,
    kernel: str | None,
    backends: tuple[str, ...],
    first: str,
    share: str,
    keep: bool,
    timeout_scale: float,
    output: Path | None,
    resumed: Path | None,
    html: bool | None,
) -> None:
    """Run cases and judge them.

    SELECTOR is a case's name or a glob (quote it); without any, all good cases of the suite run.
    Exits 0 if nothing failed, differs, errored or was left out; 1 otherwise; 2 for a mistake in the call.

    \b
    parley run interop-ikev2-openbsd-01
    parley run 'interop-ikev2-*' --jobs 2 --retry 1
    parley run interop-ikev2-openbsd-01 --keep     then: parley shell west
    parley run --resume parley-runs/latest
    parley run --suite ~/libreswan/testing/pluto 'ikev2-mobike-*'
    """
    from parley.session.run import RunOptions, execute, resume  # noqa: PLC0415 -- keeps --help fast

    at_once = jobs or os.cpu_count() or 1
    if resumed is not None:
        asked = (
            selectors,
            suite,
            hosts,
            sources,
            changed,
            in_place,
            keep,
            output,
            backends,
            first,
            share != "own",
        )
        if any(asked):
            hint = "leave out all but --resume, --jobs and --html"
            raise UsageError("--resume goes on with what the run was asked for", hint=hint)
        sys.exit(resume(resumed, jobs=at_once, html=html))
    roles = tuple(word for word in selectors if "=" in word)
    options = RunOptions(
        selectors=tuple(word for word in selectors if word not in roles),
        suites=suite,
        hosts=host_overrides((*hosts, *roles)),
        sources=sources,
        changed=changed,
        in_place=in_place,
        jobs=at_once,
        retry=retry,
        fail_fast=fail_fast,
        clock=clock,
        seed=seed,
        kernel=kernel or "",
        backends=backends,
        first=first,
        share=share,
        keep=keep,
        timeout_scale=timeout_scale,
        output=output,
    )
    sys.exit(execute(options, html=html))
