"""`parley matrix`: every implementation against every other, in both roles."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from parley.cli.options import (
    RUNS,
    backend_option,
    clock_option,
    complete_scenarios,
    first_option,
    kernel_option,
    seed_option,
    share_option,
)


@click.command(short_help="Run scenarios for every initiator and responder.")
@click.argument("selectors", nargs=-1, metavar="[SELECTOR]...", shell_complete=complete_scenarios)
@click.option(
    "--scenarios",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="A scenario file or a directory of them; may be repeated. Default: those that come with Parley.",
)
@click.option(
    "--impl",
    "implementations",
    multiple=True,
    metavar="NAME",
    help="An implementation, also of another Debian suite (strongswan@sid) or compiled from a tree "
    "of its sources (strongswan=~/strongswan); may be repeated. Default: all.",
)
@click.option("--must-include", default="", metavar="NAME", help="Only cells in which NAME plays a role.")
@click.option("--core", is_flag=True, help="Only the core scenarios.")
@click.option(
    "--impair",
    "impairments",
    multiple=True,
    metavar="SEGMENT:KNOB=VALUE,...",
    help="Impair a segment, e.g. internet:loss=10%,delay=50ms,seed=7; may be repeated.",
)
@click.option(
    "--try-lacks", is_flag=True, help="Run cells in spite of declared lacks, to see if they still hold."
)
@clock_option
@seed_option
@kernel_option
@backend_option
@first_option
@share_option
@click.option("--jobs", "-j", type=click.IntRange(1), help="Cells at once; default: one per core.")
@click.option("--retry", type=click.IntRange(0), default=0, show_default=True, help="Tries after a bad one.")
@click.option("--fail-fast", "-x", is_flag=True, help="Stop at the first bad verdict.")
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
@click.option("--html/--no-html", default=True, show_default=True, help="Write the HTML report.")
@click.option("--list", "only_list", is_flag=True, help="List the cells without running them.")
def matrix(  # noqa: PLR0917 -- one parameter per option
    selectors: tuple[str, ...],
    scenarios: tuple[Path, ...],
    implementations: tuple[str, ...],
    must_include: str,
    core: bool,
    impairments: tuple[str, ...],
    try_lacks: bool,
    clock: str,
    seed: str,
    kernel: str | None,
    backends: tuple[str, ...],
    first: str,
    share: str,
    jobs: int | None,
    retry: int,
    fail_fast: bool,
    timeout_scale: float,
    output: Path | None,
    html: bool,
    only_list: bool,
) -> None:
    """Run scenarios for every initiator and responder, and judge state and wire.

    SELECTOR is a scenario, or INITIATOR/RESPONDER/SCENARIO; each part may be a glob (quote it). A
    scenario may also be FIELD:GLOB with one of the fields rfc, ready, auth, do, outcome.
    Exits as `parley run` does.

    \b
    parley matrix --core
    parley matrix psk 'rekey-*'
    parley matrix 'libreswan/openiked/*'
    parley matrix 'rfc:7383' 'auth:eap-*'
    parley matrix ml-kem --impl strongswan@sid
    """
    from parley.session.matrix import MatrixOptions, execute_matrix, list_cells  # noqa: PLC0415 -- fast --help

    options = MatrixOptions(
        selectors=selectors,
        scenarios=scenarios,
        implementations=implementations,
        must_include=must_include,
        impairments=impairments,
        core=core,
        try_lacks=try_lacks,
        clock=clock,
        seed=seed,
        kernel=kernel or "",
        backends=backends,
        first=first,
        share=share,
        jobs=jobs or os.cpu_count() or 1,
        retry=retry,
        fail_fast=fail_fast,
        timeout_scale=timeout_scale,
        output=output,
    )
    if only_list:
        for cell in list_cells(options):
            click.echo(f"{cell.initiator}/{cell.responder}/{cell.scenario.name}")
        return
    sys.exit(execute_matrix(options, html=html))
