"""A serial console, driven by what it says: expect, send, the last screen, a shell with exit statuses.

Everything that comes is logged before it is looked at. Every wait has a `Limit` with a name. Whatever
goes wrong says so with the last screen, the log's path and what to try.
"""

from __future__ import annotations

import re
import secrets
import shlex
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO, Protocol

import pexpect
from pexpect import fdpexpect

from parley.errors import AgentError, CommandTimeoutError, LabError, PanicError, UsageError
from parley.escape import visible

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    _FdSpawn = fdpexpect.fdspawn[bytes]
else:
    _FdSpawn = fdpexpect.fdspawn

_TAIL = 16 * 1024  # bytes kept for the last screen
_ROWS = 24
# Escape sequences of a terminal (ECMA-48, section 5.4), and the shorter ones of a vt100.
_ESCAPES = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|[()][0-9A-Za-z]|[ -/]*[0-~])")
# An OpenBSD kernel that died and waits for its developer (ddb(4)): news at any prompt. Its words alone
# prove nothing while it talks: dmesg(8) still shows the panic of the boot before.
_DEBUGGER = rb"[\r\n]ddb(?:\{\d+\})?> $"
_PANIC = re.compile(rb"(?:^|[\r\n])panic: ")
_SEARCHED = 8 * 1024  # a pattern is looked for in the last bytes only, else floods cost quadratic time

# Nor is what comes in pieces waited for longer than this: bytes, and times the quiet that was asked for.
_GATHERED = 4 * 1024
_PATIENCE = 10

# A terminal in canonical mode takes lines of 255 bytes (MAX_CANON of OpenBSD's syslimits.h).
_PIECE = 45  # characters, each of which quoting may make five
_UNTYPABLE = re.compile(r"[^\n\t\x20-\x7e\x80-\U0010ffff]")


class Line(Protocol):
    """What a console is read from and written to: a socket, a pseudo-terminal."""

    def fileno(self) -> int:
        """The open descriptor."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How many `seconds` something called `name` may take, and what to try when it takes longer."""

    name: str
    seconds: float
    hint: str = ""

    def scaled(self, factor: float) -> Limit:
        """The same limit for a machine that is `factor` times slower."""
        return replace(self, seconds=self.seconds * factor)


@dataclass(frozen=True, slots=True)
class Heard:
    """Which of the awaited patterns came (`index`), what came `before` it, and its groups."""

    index: int
    before: bytes
    groups: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Watch:
    """`told` hears each line as it comes; `silence` is how long none may come."""

    told: Callable[[str], None]
    silence: Limit


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command printed, lines ended by newline alone, and its exit status."""

    status: int
    output: bytes


class ConsoleTimeoutError(CommandTimeoutError):
    """What was awaited did not come in time."""


class ConsoleClosedError(AgentError):
    """The machine behind the console is gone."""


class _Recorder:
    """Where pexpect puts all that it reads: the log, and the end of it in memory."""

    def __init__(self, log: BinaryIO) -> None:
        self._log = log
        self.tail = b""

    def write(self, data: bytes) -> None:
        self._log.write(data)
        self.tail = (self.tail + data)[-_TAIL:]

    def flush(self) -> None:
        self._log.flush()


class _Spawn(_FdSpawn):
    """Reads on until nothing has come for `quiet` seconds, so that a prompt in pieces is seen whole."""

    quiet = 0.0

    def read_nonblocking(self, size: int = 1, timeout: float | None = -1) -> bytes:
        data = super().read_nonblocking(size, timeout)
        deadline = time.monotonic() + _PATIENCE * self.quiet
        while self.quiet and len(data) < _GATHERED and time.monotonic() < deadline:
            try:
                data += super().read_nonblocking(size, self.quiet)
            except (pexpect.TIMEOUT, pexpect.EOF):
                break
        return data


class Console:
    """A console on `line`, which stays its owner's; what comes is added to the file `log`."""

    def __init__(self, line: Line, log: Path, *, host: str = "") -> None:
        self.host = host
        self.log = log
        self._file = log.open("ab")
        self._recorder = _Recorder(self._file)
        self._line = line
        self._spawn = _Spawn(line, searchwindowsize=_SEARCHED)
        self._spawn.logfile_read = self._recorder

    def close(self) -> None:
        """Close the log, not the line."""
        self._file.close()

    def expect(self, *patterns: bytes, limit: Limit, quiet: float = 0.0, left: float | None = None) -> Heard:
        """Wait for the first of some regular expressions, `left` seconds if part of the limit is used up.

        With `quiet`, they are looked for only when nothing has come for so many seconds: one that ends
        with `$` then stands at the end of what was said, and not of a piece of it.
        Raises ConsoleTimeoutError, ConsoleClosedError, or PanicError when the kernel behind it dies.
        """
        self._spawn.quiet = quiet
        try:
            index = self._spawn.expect(
                [*patterns, _DEBUGGER], timeout=limit.seconds if left is None else left
            )
        except pexpect.TIMEOUT:
            message = f"what was awaited did not come within the {limit.name} limit of {limit.seconds:g} s"
            raise self._failure(ConsoleTimeoutError, message, limit.hint) from None
        except (pexpect.EOF, ConnectionError):
            raise self._failure(ConsoleClosedError, f"the machine ended: {limit.name}", limit.hint) from None
        if index == len(patterns):
            raise self._failure(PanicError, "the kernel panicked")
        match = self._spawn.match
        groups = match.groups() if isinstance(match, re.Match) else ()
        return Heard(index, self._spawn.before or b"", tuple(group or b"" for group in groups))

    def expect_end(self, limit: Limit) -> None:
        """Wait until the machine has closed the console, as it does when it is switched off."""
        with suppress(ConsoleClosedError):
            self.expect(rb"(?!)", limit=limit)

    def send(self, text: str) -> None:
        """Type `text` as it is."""
        try:
            self._spawn.send(text.encode())
        except OSError:
            raise self._failure(ConsoleClosedError, "the machine ended while it was typed to") from None

    def send_line(self, text: str = "") -> None:
        """Type a line and the return key."""
        self.send(text + "\r")

    def screen(self) -> str:
        """The last lines, as a terminal would show them, safe to print."""
        return screen(self._recorder.tail)

    def report(self, message: str) -> str:
        """A message with the last screen and the log's path under it."""
        rows = "\n".join(f"  | {row}" for row in self.screen().split("\n"))
        return f"{message}; the last screen:\n{rows}\n  the whole log: {self.log}"

    def _failure(self, kind: type[LabError], message: str, hint: str = "") -> LabError:
        if _PANIC.search(self._recorder.tail):
            kind = PanicError
        return kind(self.report(message), host=self.host, hint=hint)


def screen(data: bytes, rows: int = _ROWS) -> str:
    """The end of a console's output as a terminal would show it: no escape sequences, lines overwritten."""
    lines = _ESCAPES.sub(b"", data).decode("utf-8", "backslashreplace").split("\n")
    return "\n".join([visible(_overwritten(line), keep="\t") for line in lines][-rows:]).strip("\n")


def _overwritten(line: str) -> str:
    """What stays of a line whose parts begin at its start again, as progress bars do."""
    shown = ""
    for part in line.split("\r"):
        cells: list[str] = list(shown)
        column = 0
        for character in part:
            if character == "\b":
                column = max(0, column - 1)
                continue
            cells[column : column + 1] = [character]
            column += 1
        shown = "".join(cells)
    return shown.rstrip()


class Shell:
    """A POSIX shell at the other end of a console, made quiet: no prompt, no echo, no line editing."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def settle(self, limit: Limit) -> None:
        """Make a shell that stands at its prompt quiet. Raises what `Console.expect` does."""
        # Tabs shall come as tabs; BSD and Linux have different words for that.
        quiet = "stty -echo -oxtabs 2>/dev/null || stty -echo tab0"
        self._say(f"set +o emacs +o vi 2>/dev/null; {quiet}; PS1= PS2=; ", limit)

    def synchronize(self, limit: Limit) -> None:
        """Have the shell say something new, and forget everything it said before."""
        self._say("", limit)

    def _say(self, first: str, limit: Limit) -> None:
        # The quotes keep an echo of what is typed from looking like the answer.
        mark = secrets.token_hex(4)
        self.console.send_line(f'{first}echo "PARLEY"-{mark}-"HERE"')
        self.console.expect(f"PARLEY-{mark}-HERE(?=\r?\n)".encode(), limit=limit)

    def interrupt(self, limit: Limit) -> None:
        """End what runs in the foreground (intr of termios(4)); the shell lives on."""
        self.console.send("\x03")
        self.synchronize(limit)

    def run(self, command: str, *, limit: Limit, watch: Watch | None = None) -> Answer:
        """Run a command, in the shell itself, with no input; tell `watch` of its progress.

        It may be longer than a terminal's line and have lines of its own. Raises UsageError if it cannot
        be typed, and what `Console.expect` does; after ConsoleTimeoutError, `interrupt` ends the command.
        """
        if found := _UNTYPABLE.search(command):
            raise UsageError(f"{found.group()!r} cannot be typed at a console: {visible(command)}")
        mark = secrets.token_hex(4)
        pieces = [command[start : start + _PIECE] for start in range(0, len(command), _PIECE)]
        self.console.send_line("_c=")
        for piece in pieces:
            self.console.send_line(f"_c=${{_c}}{shlex.quote(piece)}".replace("\n", "\r"))
        # Two lines: a syntax error inside eval makes an interactive shell drop the rest of the line.
        self.console.send_line(f'echo "PARLEY"-{mark}-"BEGIN"; eval "$_c" </dev/null')
        self.console.send_line(f'echo "PARLEY"-{mark}-"END"-$?')
        self.console.expect(f"PARLEY-{mark}-BEGIN\r?\n".encode(), limit=limit)
        heard = self._finish(mark, watch, limit)
        return Answer(int(heard.groups[0]), heard.before.replace(b"\r\n", b"\n"))

    def _finish(self, mark: str, watch: Watch | None, limit: Limit) -> Heard:
        end = rf"PARLEY-{mark}-END-(\d+)(?=\r?\n)".encode()
        if watch is None:
            return self.console.expect(end, limit=limit)
        line = rf"([\r\n](?:(?!PARLEY-{mark})[^\r\n])+)(?=[\r\n])".encode()
        before = bytearray()
        deadline = time.monotonic() + limit.seconds
        while True:
            left = deadline - time.monotonic()
            is_silence = watch.silence.seconds < left
            heard = self.console.expect(
                end, line, limit=watch.silence if is_silence else limit, left=None if is_silence else left
            )
            before += heard.before
            if heard.index == 0:
                return replace(heard, before=bytes(before))
            before += heard.groups[0]
            watch.told(screen(heard.groups[0]))

    def check(self, command: str, *, limit: Limit) -> bytes:
        """Run a command that must succeed; return what it printed. Raises LabError if it fails."""
        answer = self.run(command, limit=limit)
        if answer.status != 0:
            raise LabError(
                self.console.report(f"`{visible(command)}` exited {answer.status}"), host=self.console.host
            )
        return answer.output


def log_in(console: Console, *, user: str, password: str, limit: Limit) -> Shell:
    """Log in at a getty(8) prompt and make the shell quiet.

    Raises LabError when the password is refused, and what `Console.expect` does.
    """
    console.expect(rb"(?:^|[\r\n])[^\r\n]*login: ", limit=limit)
    console.send_line(user)
    console.expect(rb"[Pp]assword: ?", limit=limit)
    console.send_line(password)
    # Root's .profile asks for the terminal where ttys(5) does not name it (tset(1)).
    while (heard := console.expect(rb"[#$] $", rb"TERM = \([^)\r\n]*\) ", rb"incorrect", limit=limit)).index:
        if heard.index > 1:
            raise LabError(console.report(f"{user} was not let in"), host=console.host)
        console.send_line()
    shell = Shell(console)
    shell.settle(limit)
    return shell
