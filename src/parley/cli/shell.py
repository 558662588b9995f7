"""`parley shell`: a root shell on a host of a kept lab."""

from __future__ import annotations

import os
import selectors
import sys
import termios
import tty
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator
    from socket import socket

# What telnet(1) uses as well: Ctrl-].
_ESCAPE = b"\x1d"
# How long a host must have said nothing before what was piped in counts as answered (seconds).
_QUIET = 1.0


@click.command(short_help="Open a root shell on a host of a lab that is kept.")
@click.argument("host")
@click.option("--case", help="Which kept lab, if several have such a host.")
def shell(host: str, case: str | None) -> None:
    """Open a root shell on HOST of a lab that `parley run CASE --keep` keeps.

    Ctrl-] leaves it; the host goes on. What is piped in is typed there, and the answer is waited for
    until the host has been quiet for a second.
    """
    from parley.lab.keep import connect  # noqa: PLC0415 -- keeps --help fast

    with connect(host, case) as connection, _raw_terminal():
        if sys.stdin.isatty():
            click.echo(f"root shell on {host}; Ctrl-] leaves it\r", err=True)
        # A lab that ends while something is still under way tears the connection.
        with suppress(ConnectionError):
            connection.sendall(b"\n")
            _relay(connection)


def _relay(connection: socket) -> None:
    quiet: float | None = None
    with selectors.DefaultSelector() as selector:
        selector.register(connection, selectors.EVENT_READ)
        selector.register(0, selectors.EVENT_READ)
        while events := selector.select(quiet):
            for key, _ in events:
                if key.fileobj != 0:
                    data = connection.recv(65536)
                    if not data:
                        return
                    os.write(1, data)
                    continue
                data = os.read(0, 4096)
                if _ESCAPE in data:
                    return
                if data:
                    connection.sendall(data)
                else:
                    selector.unregister(0)
                    quiet = _QUIET


@contextmanager
def _raw_terminal() -> Iterator[None]:
    if not sys.stdin.isatty():
        yield
        return
    before = termios.tcgetattr(0)
    tty.setraw(0)
    try:
        yield
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)
        click.echo()
