"""`parley capture`: what was said on the wire, decrypted."""

from __future__ import annotations

import os
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZipFile

import click

from parley.cli.options import LATEST, complete_played
from parley.errors import InputError, UsageError
from parley.near import nearest

if TYPE_CHECKING:
    from parley.record.layout import CaseLayout
    from parley.wire.keys import Keys

_EXAMPLES = """\b
parley capture interop-ikev2-openbsd-01
parley capture '*-openbsd-02' --open
parley capture interop-ikev2-openbsd-01 --tshark -- -Y esp -V
parley capture interop-ikev2-openbsd-01 --export capture.zip
"""


@click.command(short_help="Show what was on the wire in a case, decrypted.", epilog=_EXAMPLES)
@click.argument("case", shell_complete=complete_played)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.option(
    "--run",
    "run_directory",
    type=click.Path(path_type=Path),
    default=LATEST,
    show_default=True,
    metavar="RUN",
    help="A run's directory.",
)
@click.option("--ladder", "action", flag_value="ladder", default=True, help="Print the messages (default).")
@click.option("--open", "action", flag_value="open", help="Open the capture in Wireshark, with the keys.")
@click.option("--tshark", "action", flag_value="tshark", help="Run tshark on it, with ARGUMENTS after --.")
@click.option(
    "--export",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write capture and keys as one zip archive.",
)
def capture(
    case: str, arguments: tuple[str, ...], run_directory: Path, action: str, export: Path | None
) -> None:
    """Show what was on the wire in CASE, decrypted with the keys that its daemons and kernels told.

    CASE may be a pattern that only one case of the run matches.
    """
    from parley.wire.keys import collect_keys  # noqa: PLC0415 -- keeps --help fast

    if arguments and action != "tshark":
        raise UsageError(f"{arguments[0]} is for tshark", hint="--tshark -- ARGUMENTS")
    layout = _find(run_directory, case)
    keys = collect_keys(layout)
    if export:
        _export(layout, keys, export)
    elif action == "ladder":
        _show(layout, keys)
    else:
        tool = {"open": "wireshark", "tshark": "tshark"}[action]
        sys.exit(_start(tool, layout, keys, arguments))


def _find(run_directory: Path, pattern: str) -> CaseLayout:
    """The directory of the one case that `pattern` names. Raises UsageError, InputError."""
    from parley.record.layout import RunLayout  # noqa: PLC0415 -- keeps --help fast
    from parley.record.results import read_run  # noqa: PLC0415 -- the same

    run = RunLayout(run_directory)
    if not run.record.is_file():
        raise UsageError(f"{run_directory} is no run", hint="parley run, or --run with a run's directory")
    cases = read_run(run.record).cases
    found = [name for name in cases if name == pattern] or [
        name for name in cases if fnmatchcase(name, pattern)
    ]
    if not found:
        raise UsageError(f"{run_directory} has no case {pattern}", hint=nearest(pattern, cases))
    if len(found) > 1:
        raise UsageError(f"{len(found)} cases match {pattern}", hint=" or ".join(found[:3]))
    layout = run.case(found[0])
    if not layout.capture.is_file():
        raise _no_capture(found[0], layout)
    return layout


def _no_capture(case: str, layout: CaseLayout) -> UsageError:
    from parley.record.results import read_result  # noqa: PLC0415 -- keeps --help fast

    try:
        result = read_result(layout.result)
    except InputError:
        return UsageError(f"{case} left no capture: it was not played")
    reason = f", {result.reason}" if result.reason else ""
    return UsageError(f"{case} left no capture: {result.verdict}{reason}", hint=result.rerun)


def _show(layout: CaseLayout, keys: Keys) -> None:
    from parley.report.ladder import print_ladder  # noqa: PLC0415 -- keeps --help fast
    from parley.wire.ladder import find_ladder  # noqa: PLC0415 -- the same

    print_ladder(find_ladder(layout), sys.stdout)
    click.echo()
    click.echo(f"capture: {layout.capture}")
    # A run that may only be read has no such directory.
    where = f"{layout.wireshark}, " if layout.wireshark.is_dir() else ""
    click.echo(f"keys:    {where}{_count(keys)}")


def _count(keys: Keys) -> str:
    left_out = (
        f"; {keys.left_out} more that Wireshark cannot read, for their algorithms" if keys.left_out else ""
    )
    return f"IKE SAs: {len(keys.ike)}, IPsec SAs: {len(keys.esp)}{left_out}"


def _start(tool: str, layout: CaseLayout, keys: Keys, arguments: tuple[str, ...]) -> int:
    """Run tshark or Wireshark with the keys as its profile, and return its exit status."""
    from parley.wire.tshark import find_tool, profile  # noqa: PLC0415 -- keeps --help fast

    path = find_tool(tool)
    with profile(keys) as directory:
        environment = os.environ | {"WIRESHARK_CONFIG_DIR": str(directory)}
        command = [path, "-n", "-r", str(layout.capture), *arguments]
        return subprocess.run(command, env=environment, check=False).returncode


def _export(layout: CaseLayout, keys: Keys, target: Path) -> None:
    """One archive to hand on: the capture, and the keys in a folder that Wireshark imports as a profile."""
    from parley.wire.tshark import profile  # noqa: PLC0415 -- keeps --help fast

    try:
        with ZipFile(target, "w", ZIP_DEFLATED) as archive, profile(keys) as directory:
            archive.write(layout.capture, layout.capture.name)
            for path in sorted(directory.iterdir()):
                archive.write(path, f"parley-{layout.root.name}/{path.name}")
    except OSError as error:
        raise UsageError(f"{target} cannot be written: {error.strerror}") from error
    click.echo(f"{target}: capture and keys; {_count(keys)}")
    click.echo("In Wireshark: Edit, Configuration Profiles, Import, from zip file; then open the capture.")
