from __future__ import annotations

import os
import pty
import socket
import termios
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from parley.cli import shell as shell_module
from parley.cli.shell import _raw_terminal, shell
from parley.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def descriptors(*instead: int) -> Iterator[None]:
    """Have these descriptors in place of standard input and output."""
    saved = [os.dup(number) for number, _ in enumerate(instead)]
    for number, descriptor in enumerate(instead):
        os.dup2(descriptor, number)
    try:
        yield
    finally:
        for number, copy in enumerate(saved):
            os.dup2(copy, number)
            os.close(copy)


def talk(monkeypatch: pytest.MonkeyPatch, typed: bytes, host: Callable[[socket.socket], None]) -> bytes:
    """What `parley shell` shows when this is piped in and a function plays the host."""
    monkeypatch.setattr(shell_module, "_QUIET", 0.2)
    ours, theirs = socket.socketpair()
    monkeypatch.setattr("parley.lab.keep.connect", lambda *_: ours)
    (keyboard, keys), (screen, shown) = os.pipe(), os.pipe()
    os.write(keys, typed)
    os.close(keys)
    player = threading.Thread(target=host, args=(theirs,))
    player.start()
    with theirs, descriptors(keyboard, shown), open(keyboard, closefd=False) as standard:
        monkeypatch.setattr("sys.stdin", standard)
        command = shell.callback
        assert command
        command("east", None)
        player.join()
    for descriptor in (keyboard, shown):
        os.close(descriptor)
    with open(screen, "rb") as text:  # noqa: PTH123 -- a descriptor
        return text.read()


def test_what_is_piped_in_is_answered_before_the_shell_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[bytes] = []

    def host(line: socket.socket) -> None:
        while not b"".join(heard).endswith(b"uname\n"):
            heard.append(line.recv(100))
        line.sendall(b"Linux\n")

    assert talk(monkeypatch, b"uname\n", host) == b"Linux\n"
    assert b"".join(heard) == b"\nuname\n"


def test_the_escape_key_leaves_and_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[bytes] = []

    def host(line: socket.socket) -> None:
        while data := line.recv(100):
            heard.append(data)

    assert talk(monkeypatch, b"exit\x1d", host) == b""
    assert b"".join(heard) == b"\n"


def test_a_host_that_ends_ends_the_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    def host(line: socket.socket) -> None:
        line.recv(100)
        line.sendall(b"bye\n")
        line.shutdown(socket.SHUT_RDWR)

    assert talk(monkeypatch, b"", host) == b"bye\n"


def test_a_host_that_is_torn_away_ends_the_shell_too(monkeypatch: pytest.MonkeyPatch) -> None:
    # Closed with something unread: the other end hears of a reset (unix(7)).
    talk(monkeypatch, b"exit\n" * 100, lambda line: line.close())


def test_a_terminal_is_raw_only_while_the_shell_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = pty.openpty()
    with descriptors(theirs), open(theirs, closefd=False) as terminal:
        monkeypatch.setattr("sys.stdin", terminal)
        before = termios.tcgetattr(0)
        with _raw_terminal():
            assert not termios.tcgetattr(0)[3] & termios.ECHO
        assert termios.tcgetattr(0) == before
    os.close(ours)
    os.close(theirs)


def test_a_host_that_nobody_kept_is_a_mistake_of_the_call() -> None:
    with pytest.raises(UsageError, match="no kept lab has a host nowhere"):
        CliRunner().invoke(shell, ["nowhere"], catch_exceptions=False)
