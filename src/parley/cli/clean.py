"""`parley clean`: remove what runs have left on disk."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from parley.cli.options import RUNS
from parley.record.lock import is_going_on


@click.command()
@click.option("--keep", type=click.IntRange(0), default=0, show_default=True, help="Newest runs to keep.")
@click.option("--dry-run", "-n", is_flag=True, help="Only say what would go.")
@click.argument("directory", type=click.Path(path_type=Path), default=Path(RUNS))
def clean(directory: Path, keep: int, dry_run: bool) -> None:
    """Remove the runs in DIRECTORY (default: parley-runs), oldest first, but for the newest --keep ones.

    A run leaves nothing else behind: no process, mount, namespace or socket outlives it. Images and
    kernels are another matter: parley image rm.
    """
    runs = sorted(path.parent for path in directory.glob("*/run.json") if not path.parent.is_symlink())
    doomed = runs[: len(runs) - keep] if keep else runs
    for run in doomed:
        if is_going_on(run):
            click.echo(f"{run} is going on: left alone")
            continue
        click.echo(f"{'would remove' if dry_run else 'removing'} {run}")
        if not dry_run:
            shutil.rmtree(run)
    latest = directory / "latest"
    if latest.is_symlink() and not latest.exists():
        latest.unlink()
    if not doomed:
        click.echo(f"no runs to remove in {directory}")
