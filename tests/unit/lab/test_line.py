from __future__ import annotations

import socket
from itertools import count
from typing import TYPE_CHECKING

import pytest

from parley.errors import AgentError, CommandTimeoutError
from parley.lab.line import Line

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def pair() -> Iterator[tuple[Line, socket.socket]]:
    ours, theirs = socket.socketpair()
    line = Line("east", ours)
    yield line, theirs
    line.close()
    theirs.close()


def test_answers_come_in_any_order(pair: tuple[Line, socket.socket]) -> None:
    line, guest = pair
    line.send("run 0001")
    line.send("run 0002")
    assert guest.recv(100) == b"run 0001\nrun 0002\n"
    guest.sendall(b"done 0002 7\ndone 0001 0\n")
    assert line.wait("0001", 1) == 0
    assert line.wait("0002", 1) == 7


def test_noise_and_split_lines_do_no_harm(pair: tuple[Line, socket.socket]) -> None:
    line, guest = pair
    guest.sendall(b"\xff\xfe kernel noise\r\ndone 00")
    guest.sendall(b"01 3\r\n")
    assert line.wait("0001", 1) == 3


def test_a_step_that_ends_its_shell_has_the_shells_status(pair: tuple[Line, socket.socket]) -> None:
    line, guest = pair
    line.send("0004")
    guest.sendall(b"gone 5\n")
    assert line.wait("0004", 1) == 5


def test_names_the_host_when_its_kernel_ends(pair: tuple[Line, socket.socket]) -> None:
    line, guest = pair
    guest.close()
    with pytest.raises(AgentError, match=r"^east: its kernel ended"):
        line.wait("0001", 1)


def test_limit_is_kept_by_the_given_clock() -> None:
    ours, theirs = socket.socketpair()
    ticks = count(0, 10)
    line = Line("east", ours, clock=lambda: float(next(ticks)))
    with ours, theirs, pytest.raises(CommandTimeoutError, match="within 5 s"):
        line.wait("0001", 5)


def test_endless_noise_does_not_fill_memory(pair: tuple[Line, socket.socket]) -> None:
    line, guest = pair
    for _ in range(40):
        guest.sendall(b"x" * 4096)
        line._receive()
    assert len(line._buffer) <= 64 * 1024


@pytest.mark.parametrize("status", [b"9" * 5000, b"1234", b"-1", b"0x0", b""])
def test_a_status_that_no_process_has_is_noise(pair: tuple[Line, socket.socket], status: bytes) -> None:
    line, guest = pair
    guest.sendall(b"done 0001 " + status + b"\ngone " + status + b"\ndone 0001 4\n")
    assert line.wait("0001", 1) == 4


def test_answers_that_nobody_asked_for_end_the_patience_with_a_guest(
    pair: tuple[Line, socket.socket],
) -> None:
    line, guest = pair
    guest.sendall(b"".join(b"done x%d 0\n" % number for number in range(2000)))
    with pytest.raises(AgentError, match="nobody asked"):
        line.wait("0001", 1)
