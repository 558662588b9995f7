"""`parley accept`: make what a run printed the new reference, hunk by hunk."""

from __future__ import annotations

import sys
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

import click

from parley.cli.options import LATEST, complete_played
from parley.errors import UsageError

if TYPE_CHECKING:
    from parley.record.layout import CaseLayout
    from parley.transcript.accept import Proposal
    from parley.transcript.compare import Hunk

_EXAMPLES = """\b
parley accept interop-ikev2-openbsd-01
parley accept interop-ikev2-openbsd-01 --as openbsd
parley accept interop-ikev2-openbsd-01 --run parley-runs/2026-11-24T10-50-12-3fa2 --yes"""

_ANSWERS = """\
y  accept this hunk
n  leave the reference as it is here
a  accept this hunk and all that follow
q  leave this hunk and all that follow"""


@click.command(epilog=_EXAMPLES)
@click.argument("case", shell_complete=complete_played)
@click.option(
    "--run",
    "run_directory",
    type=click.Path(path_type=Path),
    default=LATEST,
    show_default=True,
    metavar="RUN",
    help="The run whose transcripts to take.",
)
@click.option("--yes", "-y", is_flag=True, help="Accept everything without asking.")
@click.option(
    "--as",
    "qualifier",
    default="",
    metavar="QUALIFIER",
    help="Write HOST.QUALIFIER.console.txt, a reference for one platform or implementation only.",
)
def accept(case: str, run_directory: Path, yes: bool, qualifier: str) -> None:
    """Make what CASE printed in a run its new reference.

    Shows each difference and asks; only what you accept is written.
    """
    from parley.transcript.accept import proposals  # noqa: PLC0415 -- keeps --help fast

    layout = _find(run_directory, case)
    review = _Review(yes=yes)
    found = list(proposals(layout, qualifier=qualifier))
    if not found:
        click.echo(f"{case}: every transcript is as its reference")
    for proposal in found:
        _settle(proposal, review)


def _find(run_directory: Path, case: str) -> CaseLayout:
    """The case's directory in the run. Raises UsageError naming the nearest case that is there."""
    from parley.record.layout import RunLayout  # noqa: PLC0415 -- keeps --help fast

    run = RunLayout(run_directory)
    if not run.record.is_file():
        raise UsageError(f"{run_directory} is no run", hint="parley run, or --run with a run's directory")
    directories = run.case("x").root.parent
    known = sorted(path.name for path in directories.iterdir()) if directories.is_dir() else []
    if case not in known:
        nearest = get_close_matches(case, known, n=3, cutoff=0.4)
        raise UsageError(
            f"{case} was not played in {run_directory}",
            hint=" or ".join(nearest) or f"parley run {case}",
        )
    layout = run.case(case)
    if layout.cell.is_file():
        raise UsageError(f"{case} is a scenario's: nothing of it is compared with a reference")
    return layout


def _can_ask() -> bool:
    return sys.stdin.isatty()


class _Review:
    """Asks about hunks, and remembers `a` and `q` across files."""

    def __init__(self, *, yes: bool) -> None:
        if not yes and not _can_ask():
            raise UsageError(
                "accept asks about each difference, and there is no terminal to ask on", hint="--yes"
            )
        self.rest: bool | None = True if yes else None

    def wants(self, hunk: Hunk) -> bool:
        """Whether this hunk is accepted."""
        from parley.transcript.diff import render_hunk  # noqa: PLC0415 -- keeps --help fast

        if self.rest is False:
            return False
        click.echo(render_hunk(hunk, colour=sys.stdout.isatty()))
        return self.rest or self._ask()

    def _ask(self) -> bool:
        while True:
            answer = (
                click.prompt("accept? [y,n,a,q,?]", prompt_suffix=" ", show_default=False).strip().lower()
            )
            if answer in {"a", "q"}:
                self.rest = answer == "a"
            if answer in {"y", "n", "a", "q"}:
                return answer in {"y", "a"}
            click.echo(_ANSWERS)


def _settle(proposal: Proposal, review: _Review) -> None:
    from parley.escape import visible  # noqa: PLC0415 -- keeps --help fast

    comparison = proposal.comparison
    target = visible(str(proposal.target))
    click.secho(f"{proposal.host}: {comparison.summary} ({target})", bold=True)
    accepted = [hunk for hunk in comparison.hunks if review.wants(hunk)]
    left = len(comparison.hunks) - len(accepted)
    verb = "written" if proposal.write(accepted) else "unchanged"
    click.echo(f"{target}: {verb}, {len(accepted)} accepted, {left} left")
