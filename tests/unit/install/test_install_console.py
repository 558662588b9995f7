from __future__ import annotations

import shutil
import socket
from typing import TYPE_CHECKING

import pexpect
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.errors import LabError, PanicError, UsageError
from parley.install.console import (
    Console,
    ConsoleClosedError,
    ConsoleTimeoutError,
    Limit,
    Shell,
    screen,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOON = Limit("test", 20)
NOW = Limit("impatience", 0.05, "wait longer")


@pytest.fixture
def line(tmp_path: Path) -> Iterator[tuple[Console, socket.socket]]:
    ours, theirs = socket.socketpair()
    console = Console(ours, tmp_path / "console.log", host="east")
    with ours, theirs:
        yield console, theirs
        console.close()


@pytest.fixture(params=["dash", "bash", "mksh"])
def shell(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    if shutil.which(request.param) is None:
        pytest.skip(f"no {request.param} here")
    monkeypatch.setenv("PS1", "# ")
    with pexpect.spawn(request.param, ["-i"]) as terminal:
        console = Console(terminal, tmp_path / "console.log")
        shell = Shell(console)
        console.expect(rb"[#$] $", limit=SOON)
        shell.settle(SOON)
        yield shell
        console.close()


def test_the_first_pattern_that_comes_is_named_with_what_came_before_it(
    line: tuple[Console, socket.socket],
) -> None:
    console, guest = line
    guest.sendall(b"hello\r\nboot> ")
    heard = console.expect(rb"never", rb"(b)oot(x)?> ", limit=SOON)
    assert (heard.index, heard.before, heard.groups) == (1, b"hello\r\n", (b"b", b""))


def test_all_that_comes_is_logged_as_it_came(line: tuple[Console, socket.socket]) -> None:
    console, guest = line
    guest.sendall(b"\x1b[31m\xff\r\n# ")
    console.expect(rb"# $", limit=SOON)
    assert console.log.read_bytes() == b"\x1b[31m\xff\r\n# "


def test_a_limit_that_passes_says_its_name_the_screen_the_log_and_what_to_try(
    line: tuple[Console, socket.socket],
) -> None:
    console, guest = line
    guest.sendall(b"\x1b[2Jstuck \x9b here\r\n")
    with pytest.raises(ConsoleTimeoutError) as caught:
        console.expect(rb"# ", limit=NOW)
    text = str(caught.value)
    assert "impatience limit of 0.05 s" in text
    assert "| stuck" in text
    assert "here" in text
    assert "\x1b" not in text
    assert "\x9b" not in text
    assert str(console.log) in text
    assert caught.value.hint == "wait longer"


def test_a_machine_that_ends_is_told_from_one_that_is_silent(line: tuple[Console, socket.socket]) -> None:
    console, guest = line
    guest.sendall(b"syncing disks... done\r\n")
    guest.close()
    with pytest.raises(ConsoleClosedError, match="syncing disks"):
        console.expect(rb"# ", limit=SOON)


def test_the_end_can_be_what_is_wanted(line: tuple[Console, socket.socket]) -> None:
    console, guest = line
    guest.close()
    console.expect_end(SOON)


def test_an_end_that_does_not_come_is_an_error(line: tuple[Console, socket.socket]) -> None:
    with pytest.raises(ConsoleTimeoutError):
        line[0].expect_end(NOW)


def test_the_kernels_debugger_is_a_panic_at_any_prompt(line: tuple[Console, socket.socket]) -> None:
    console, guest = line
    guest.sendall(b"panic: kernel diagnostic assertion\r\nStopped at db_enter+0x10\r\nddb{0}> ")
    with pytest.raises(PanicError, match="diagnostic assertion"):
        console.expect(rb"# $", limit=SOON)


def test_a_machine_that_panics_and_reboots_is_a_panic(line: tuple[Console, socket.socket]) -> None:
    console, guest = line
    guest.sendall(b"\r\npanic: malloc: out of space\r\nrebooting...\r\n")
    guest.close()
    with pytest.raises(PanicError, match="out of space"):
        console.expect(rb"# $", limit=SOON)


def test_a_panic_that_is_only_read_about_is_none(line: tuple[Console, socket.socket]) -> None:
    console, guest = line
    guest.sendall(b"\r\npanic: long ago\r\nddb{0}> boot reboot\r\n# ")
    assert console.expect(rb"# $", limit=SOON).index == 0


def test_who_types_at_a_machine_that_is_gone_is_told(line: tuple[Console, socket.socket]) -> None:
    console, guest = line
    guest.close()
    with pytest.raises(ConsoleClosedError):
        console.send_line("halt -p")


def test_a_screen_shows_what_a_terminal_would() -> None:
    shown = screen(b"base.tgz   0%\rbase.tgz  50%\rbase.tgz 100%\r\n\x1b[1m|\b/\b-\bdone\x1b[0m\r\n")
    assert shown == "base.tgz 100%\ndone"


def test_a_screen_has_rows_and_not_more() -> None:
    assert screen(b"".join(b"%d\r\n" % number for number in range(99)), rows=3) == "97\n98"


@given(st.binary(max_size=300))
def test_a_screen_cannot_drive_a_terminal(data: bytes) -> None:
    assert all(character.isprintable() or character in "\n\t" for character in screen(data))


@pytest.mark.parametrize(
    ("command", "status", "output"),
    [
        ("true", 0, b""),
        ("exit_code() { return 7; }; exit_code", 7, b""),
        ("echo one; echo two", 0, b"one\ntwo\n"),
        ("printf unfinished", 0, b"unfinished"),
        (r"printf 'a\tb\n'", 0, b"a\tb\n"),
        ("cat", 0, b""),  # it has no input, and must not eat what is typed next
        ("echo \"it's\" '$HOME' \\# `echo sub`", 0, b"it's $HOME # sub\n"),
        ("for i in 1 2\ndo\n\techo $i\ndone", 0, b"1\n2\n"),
        ("echo " + "'x' " * 400, 0, b"x " * 399 + b"x\n"),
        ("echo grün", 0, "grün\n".encode()),
    ],
)
def test_a_command_has_its_output_and_its_status(
    shell: Shell, command: str, status: int, output: bytes
) -> None:
    answer = shell.run(command, limit=SOON)
    assert (answer.status, answer.output) == (status, output)


def test_a_syntax_error_is_a_failure_and_the_shell_lives_on(shell: Shell) -> None:
    assert shell.run("echo 'never closed", limit=SOON).status != 0
    assert shell.run("echo alive", limit=SOON).output == b"alive\n"


def test_a_shell_remembers(shell: Shell) -> None:
    shell.check("cd /usr; here=there", limit=SOON)
    assert shell.check("pwd; echo $here", limit=SOON) == b"/usr\nthere\n"


def test_a_command_past_its_limit_can_be_ended(shell: Shell) -> None:
    with pytest.raises(ConsoleTimeoutError):
        shell.run("sleep 60", limit=NOW)
    shell.interrupt(SOON)
    assert shell.run("echo alive", limit=SOON).output == b"alive\n"


def test_a_command_that_must_succeed_and_does_not_is_an_error(shell: Shell) -> None:
    with pytest.raises(LabError, match="exited 3"):
        shell.check("(exit 3)", limit=SOON)


def test_what_a_terminal_would_take_as_a_key_is_refused(shell: Shell) -> None:
    with pytest.raises(UsageError, match="cannot be typed"):
        shell.run("echo \x03", limit=SOON)
    assert shell.run("true", limit=SOON).status == 0


def test_a_long_word_of_letters_alone_stays_whole(shell: Shell) -> None:
    word = "abcdefghij" * 30
    assert shell.check(f"echo {word}", limit=SOON) == word.encode() + b"\n"
