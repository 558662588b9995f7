"""The command line: one file a subcommand, loaded only when it is called."""

from __future__ import annotations

import errno
import sys
from importlib import import_module

import click

from parley import __version__
from parley.errors import ParleyError
from parley.escape import visible
from parley.near import nearest

# name -> (module, attribute); in the order in which people meet them.
_COMMANDS = {
    "run": ("parley.cli.run", "run"),
    "matrix": ("parley.cli.matrix", "matrix"),
    "list": ("parley.cli.list", "list_cases"),
    "report": ("parley.cli.report", "report"),
    "capture": ("parley.cli.capture", "capture"),
    "judge": ("parley.cli.judge", "judge"),
    "accept": ("parley.cli.accept", "accept"),
    "shell": ("parley.cli.shell", "shell"),
    "image": ("parley.cli.image", "image"),
    "kernel": ("parley.cli.kernel", "kernel"),
    "install": ("parley.cli.install", "install"),
    "doctor": ("parley.cli.doctor", "doctor"),
    "clean": ("parley.cli.clean", "clean"),
}

_FULL = (errno.ENOSPC, errno.EDQUOT)


class _Commands(click.Group):
    """Loads a subcommand's module when it is wanted: `parley --help` must not wait for all of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's signature
        # Not list(...): once loaded, the module parley.cli.list stands here under that name.
        return [*_COMMANDS]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if not args[0].startswith("-") and args[0] not in _COMMANDS:
            raise click.UsageError(f"no command is called {args[0]}: {nearest(args[0], _COMMANDS)}", ctx)
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module, attribute = _COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(module), attribute)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="parley")
def parley() -> None:
    """Run IKEv2 daemons against each other on real kernels, and judge what they did.

    \b
    parley doctor                       what this machine lacks, and the cure
    parley run                          the shipped suite
    parley run 'interop-ikev2-openbsd-*'
    parley matrix psk                   one scenario, everybody with everybody
    parley report --format html         the newest run again, as a page
    parley capture psk.libreswan.strongswan
    """


def main() -> None:
    """Entry point: known errors are one line and an exit code, unknown ones keep their traceback."""
    try:
        parley()
    except ParleyError as error:
        # It may quote a file, or what a guest said.
        click.echo(visible(f"parley: {error}", keep="\n"), err=True)
        sys.exit(error.exit_code)
    except OSError as error:
        if error.errno not in _FULL:
            raise
        # Wherever a run writes, it is the machine that lacks something, not the program.
        click.echo(visible(f"parley: {error.strerror}: {error.filename or 'a file of the run'}"), err=True)
        click.echo("  try: df -h . /dev/shm; parley clean; parley image rm --outdated", err=True)
        sys.exit(ParleyError.exit_code)
