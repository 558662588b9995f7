"""`parley kernel`: the kernels that hosts boot, and the lab kernel, which Parley builds itself."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from parley.cli.image import reporter, shown_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from parley.image.kernel_list import KernelRow


@click.group()
def kernel() -> None:
    """Build, list and remove kernels.

    The lab kernel has what Debian's kernel for User-mode Linux lacks: virtual time, packet filters, XFRM
    interfaces, IPTFS, ESP in TCP. Once it is there, every run boots it.
    """


@kernel.command(short_help="Build the lab kernel: 16 minutes of one core, once.")
@click.option("--again", is_flag=True, help="Build it anew, from the newest source there is today.")
@click.option("--jobs", "-j", type=click.IntRange(1), help="Compilers at once; default: one per core.")
def build(again: bool, jobs: int | None) -> None:
    """Build the lab kernel from Debian's source: 16 minutes of one core.

    Stopped in the middle, the same command goes on from there.

    \b
    parley kernel build
    parley run interop-ikev2-openbsd-01 --kernel sid      Debian's all the same
    """
    from parley.image.kernel_lab import ensure_lab_kernel  # noqa: PLC0415 -- keeps --help fast
    from parley.image.kernel_list import remove_kernels  # noqa: PLC0415 -- as above
    from parley.image.store import Store  # noqa: PLC0415 -- as above

    store = Store.default()
    if again:
        remove_kernels(store, "lab", missing_ok=True)
    made = ensure_lab_kernel(store, reporter(), jobs=jobs or 0)
    click.echo(f"{made.name}: {made.version} ({made.name}-{made.digest})")


@kernel.command("list", short_help="List the kernels that are there.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_kernels(as_json: bool) -> None:
    """List the kernels that are there; runs boot the one marked `default`."""
    from parley.image.kernel_list import kernel_rows  # noqa: PLC0415 -- keeps --help fast
    from parley.image.store import Store  # noqa: PLC0415 -- as above

    store = Store.default()
    rows = kernel_rows(store)
    if as_json:
        click.echo(json.dumps({"root": str(store.root), "kernels": [asdict(row) for row in rows]}, indent=1))
    elif sys.stdout.isatty():
        _print_table(rows)
    else:
        for row in rows:
            click.echo("\t".join(_cells(row)))


@kernel.command("rm", short_help="Remove kernels: lab, sid, trixie.")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
def remove(names: tuple[str, ...]) -> None:
    """Remove kernels: `lab`, `sid`, `trixie`; refuses what a run is using.

    `lab` takes along what an unfinished build has kept.
    """
    from parley.image.kernel_list import remove_kernels  # noqa: PLC0415 -- keeps --help fast
    from parley.image.store import Store  # noqa: PLC0415 -- as above

    store = Store.default()
    freed = sum([remove_kernels(store, name) for name in names])
    click.echo(f"{shown_size(freed) or 0} freed")


def _cells(row: KernelRow) -> tuple[str, ...]:
    size = shown_size(row.size)
    return row.name, row.state, row.version, row.package, size, row.created[:10], " ".join(row.features)


def _print_table(rows: Sequence[KernelRow]) -> None:
    from rich.console import Console  # noqa: PLC0415 -- keeps --help fast
    from rich.table import Table  # noqa: PLC0415 -- as above

    table = Table(box=None, pad_edge=False)
    for heading in ("kernel", "state", "version", "made of", "size", "made"):
        table.add_column(heading, justify="right" if heading == "size" else "left", no_wrap=True)
    table.add_column("features")
    for row in rows:
        table.add_row(*_cells(row), style="bold" if row.state == "default" else "")
    Console().print(table)
