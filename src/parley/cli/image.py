"""`parley image`: the root file systems and kernels that hosts boot."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from parley.image.inventory import Row
    from parley.image.kernel import Kernel
    from parley.image.rootfs import Image
    from parley.image.store import Store

_KIB = 1024
_MIB = 1024**2

_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def image() -> None:
    """Make, list and remove the images and kernels that hosts boot.

    They lie in $PARLEY_CACHE, else /var/cache/parley (root), else ~/.cache/parley, and are made when
    a run first needs them; nothing but disk space is lost by removing them.
    """


@image.command("list")
@_json_option
def list_images(as_json: bool) -> None:
    """List what is there and what could be made."""
    from parley.image.inventory import inventory  # noqa: PLC0415 -- keeps --help fast

    store = _store()
    rows = inventory(store)
    if as_json:
        click.echo(json.dumps({"root": str(store.root), "entries": [asdict(row) for row in rows]}, indent=1))
    elif sys.stdout.isatty():
        _print_table(rows)
    else:
        for row in rows:
            click.echo("\t".join(_cells(row)))


@image.command(short_help="Make images and kernels; default: all.")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--again", is_flag=True, help="Make them anew, with what the mirror has today.")
@click.option(
    "--source",
    type=click.Path(path_type=Path),
    metavar="TREE",
    help="Compile NAME from this tree of sources.",
)
@_json_option
def build(names: tuple[str, ...], again: bool, source: Path | None, as_json: bool) -> None:
    """Make images: implementations, IMPLEMENTATION@SUITE, kernel, kernel@SUITE; default: all.

    \b
    parley image build
    parley image build strongswan@sid kernel@trixie
    parley image build libreswan --source ~/libreswan
    PARLEY_MIRROR=http://mirror.example/debian parley image build --again
    """
    from parley.image.ensure import check_name, ensure_each  # noqa: PLC0415 -- keeps --help fast
    from parley.image.inventory import DEFAULT_NAMES  # noqa: PLC0415 -- as above

    store = _store()
    if source is not None:
        _show_made(dict([_compile(store, names, source)]), as_json=as_json)
        return
    wanted = names or DEFAULT_NAMES
    for name in wanted:
        check_name(name)
    if again:
        _remove(store, wanted, missing_ok=True)
    _show_made(ensure_each(store, wanted, reporter()), as_json=as_json)


def _compile(store: Store, names: Sequence[str], tree: Path) -> tuple[str, Image]:
    """Compile the one implementation that is named, and lay it into its usual image."""
    from parley.errors import UsageError  # noqa: PLC0415 -- keeps --help fast
    from parley.image.source import ensure_source, source_of  # noqa: PLC0415 -- as above

    if len(names) != 1:
        raise UsageError("--source is the tree of one implementation", hint="libreswan --source TREE")
    source = source_of(names[0], tree)
    return source.label, ensure_source(store, source, source.implementation, reporter())


def _show_made(made: Mapping[str, Kernel | Image], *, as_json: bool) -> None:
    if as_json:
        click.echo(
            json.dumps(
                {
                    name: {"name": item.name, "version": item.version, "digest": item.digest}
                    for name, item in made.items()
                },
                indent=1,
            )
        )
        return
    for name, item in made.items():
        click.echo(f"{name}: {item.version} ({item.name}-{item.digest})")


@image.command("rm", short_help="Remove images and kernels.")
@click.argument("names", nargs=-1, metavar="NAME...")
@click.option("--outdated", is_flag=True, help="Remove what older recipes made.")
def remove(names: tuple[str, ...], outdated: bool) -> None:
    """Remove what is called NAME, or is of kind NAME; refuses what a run is using.

    \b
    parley image rm strongswan@sid
    parley image rm image kernel x509 downloads     everything
    parley image rm --outdated
    """
    from parley.errors import UsageError  # noqa: PLC0415 -- keeps --help fast

    if not names and not outdated:
        raise UsageError("nothing to remove", hint="parley image rm NAME, or --outdated")
    store = _store()
    freed = _remove(store, names)
    if outdated:
        freed += _remove_outdated(store)
    click.echo(f"{shown_size(freed) or 0} freed")


def _store() -> Store:
    from parley.image.store import Store  # noqa: PLC0415 -- keeps --help fast

    return Store.default()


def _remove(store: Store, names: Sequence[str], *, missing_ok: bool = False) -> int:
    """Remove entries by name or kind; return the bytes that this frees."""
    from parley.errors import UsageError  # noqa: PLC0415 -- keeps --help fast
    from parley.image.inventory import DOWNLOADS, matching  # noqa: PLC0415 -- as above
    from parley.image.tree import disk_usage, remove_tree  # noqa: PLC0415 -- as above

    freed = 0
    for name in names:
        if name == DOWNLOADS:
            freed += disk_usage(store.downloads)
            remove_tree(store.downloads)
            continue
        try:
            entries = matching(store, name)
        except UsageError:
            if not missing_ok:
                raise
            continue
        for entry in entries:
            store.remove(entry)
            freed += entry.size
    return freed


def _remove_outdated(store: Store) -> int:
    from parley.image.inventory import is_current  # noqa: PLC0415 -- keeps --help fast

    outdated = [entry for entry in store.entries() if not is_current(entry)]
    for entry in outdated:
        store.remove(entry)
    return sum(entry.size for entry in outdated)


def reporter() -> Callable[[str], None]:
    """Progress on stderr, each line with the seconds since now."""
    from parley.escape import escape_terminal  # noqa: PLC0415 -- keeps --help fast

    began = time.monotonic()

    def tell(line: str) -> None:
        click.echo(f"{time.monotonic() - began:6.1f} s  {escape_terminal(line)}", err=True)

    return tell


def shown_size(size: int) -> str:
    """A size for people; empty for nothing."""
    if size == 0:
        return ""
    return f"{size / _MIB:.0f} MiB" if size >= _MIB else f"{size / _KIB:.0f} KiB"


def _cells(row: Row) -> tuple[str, ...]:
    created = row.created.replace("T", " ")[:16]
    return row.kind, row.name, row.state, row.version, shown_size(row.size), created, row.digest


def _print_table(rows: Sequence[Row]) -> None:
    from rich.console import Console  # noqa: PLC0415 -- keeps --help fast
    from rich.table import Table  # noqa: PLC0415 -- as above

    table = Table(box=None, pad_edge=False)
    for heading in ("kind", "name", "state", "version", "size", "made"):
        table.add_column(heading, justify="right" if heading == "size" else "left", no_wrap=True)
    for row in rows:
        table.add_row(*_cells(row)[:-1], style="dim" if row.state != "ready" else "")
    table.add_section()
    table.add_row("", "", "", "total", shown_size(sum(row.size for row in rows)))
    console = Console()
    console.print(table)
    for row in rows:
        for note in row.notes:
            console.print(f"{row.name}: {note}", style="yellow", markup=False, highlight=False)
