"""`parley clean`: remove what runs have left on disk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from parley.cli.options import RUNS
from parley.errors import InputError
from parley.image.tree import remove_tree
from parley.record.lock import is_going_on
from parley.record.results import read_run

if TYPE_CHECKING:
    from collections.abc import Iterator


def _runs(directory: Path) -> Iterator[tuple[str, Path]]:
    """(When it began, its directory) of every run. What holds a run.json of somebody else's is none."""
    for path in directory.glob("*/run.json"):
        if path.parent.is_symlink():
            continue
        try:
            yield read_run(path).started, path.parent
        except InputError as error:
            click.echo(f"{path.parent} is left alone: {error.args[0]}", err=True)


@click.command(short_help="Remove runs, oldest first.")
@click.option("--keep", type=click.IntRange(0), default=0, show_default=True, help="Newest runs to keep.")
@click.option("--dry-run", "-n", is_flag=True, help="Only say what would go.")
@click.argument("directory", type=click.Path(path_type=Path), default=Path(RUNS))
def clean(directory: Path, keep: int, dry_run: bool) -> None:
    """Remove the runs in DIRECTORY (default: parley-runs), oldest first, but for the newest --keep ones.

    A run leaves nothing else behind: no process, mount, namespace or socket outlives it. Images and
    kernels are another matter: parley image rm.
    """
    runs = [run for _, run in sorted(_runs(directory))]
    doomed = runs[: len(runs) - keep] if keep else runs
    for run in doomed:
        if is_going_on(run):
            click.echo(f"{run} is going on: left alone")
            continue
        click.echo(f"{'would remove' if dry_run else 'removing'} {run}")
        if not dry_run:
            remove_tree(run)
    latest = directory / "latest"
    if latest.is_symlink() and not latest.exists():
        latest.unlink()
    if not doomed:
        click.echo(f"no runs to remove in {directory}")
