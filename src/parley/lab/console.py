"""A host that is reached over its serial console and two drives alone: how BSD guests are run.

At the console an agent (platform/guest/console-agent.sh) takes the place of the shell. Orders go there;
answers come back between whatever the kernel prints. Neither outputs nor files ever pass: they travel on
drives (lab.drive), so they are exact to the byte and no prompt, echo or kernel message can get into them.
A kernel message may hit an answer and spoil it. Orders and answers are therefore said twice in a line, and
what was not understood is asked for again; an order that comes twice is carried out once. All that is no
answer is the kernel's, and goes to its log.
"""

from __future__ import annotations

import re
import select
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.errors import AgentError, CommandTimeoutError, LabError
from parley.install.console import Console, Limit
from parley.lab.drive import SIZE, Packed, read_drive, write_drive

if TYPE_CHECKING:
    from collections.abc import Callable
    from os import stat_result
    from pathlib import Path
    from socket import socket

    from parley.install.console import Shell
    from parley.lab.jail import Jail

# `have`, `none`, `lost` or `done`, the order, its status; the same again.
_ANSWER = re.compile(rb"<<parley (?P<all>(\w{1,8}) ([\w.]{1,40}) (\d{1,3})) (?P=all)>>\r?\n")
_READY = re.compile(rb"<<parley done boot 0 done boot 0>>")
# A kernel that waits for its developer: ddb(4) of OpenBSD, of FreeBSD.
_DEBUGGER = re.compile(rb"(?:^|[\r\n])(?:ddb(?:\{\d+\})?|db)> $")
_ASKED_OF_DEBUGGER = b"show panic\rtrace\r"
# How long the debugger may talk before the host is given up (seconds).
_LAST_WORDS = 2.0
# After how long a silence an order is asked after again (seconds); the last one is repeated.
_SILENCES = (0.5, 1.0, 2.0, 5.0)
# Longer than any answer: what has not become one within so many bytes never will.
_ANSWER_LENGTH = 128
# How much of a kernel's words is kept (bytes): a hostile one never stops.
_LOG_LIMIT = 64 * 1024 * 1024
# How long packing or an answer that needs no work may take (seconds).
_PROMPT = 60.0


@dataclass(frozen=True, slots=True)
class Drives:
    """The two drives: files on the host, and what the guest calls them."""

    inbound: Path
    outbound: Path
    inbound_device: str
    outbound_device: str


@dataclass(frozen=True, slots=True)
class ConsoleGuest:
    """What is particular to a guest: how to come to a shell at its console, and where its files go.

    `root` is the directory below which archives are unpacked, empty for /. Where a share brings the case's
    directory, the drives do not (`carries_case`).
    """

    drives: Drives
    log_in: Callable[[Console, Limit], Shell]
    directory: str
    root: str = ""
    carries_case: bool = True


class ConsoleLink:
    """The lab's end of a console. `control` and `session` are what a Host talks to."""

    def __init__(
        self,
        host: str,
        wire: socket,
        guest: ConsoleGuest,
        jail: Jail,
        *,
        log: Path,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.host = host
        self.wire = wire
        self._guest = guest
        self._files = _Files(host, guest.drives, jail, carries_case=guest.carries_case)
        self._log = log
        self._clock = clock
        self._buffer = b""
        self._asked: set[str] = set()
        self._answers: dict[str, tuple[str, int]] = {}
        self._logged = 0
        self._is_in_shell = False
        self._shells = 0

    @property
    def control(self) -> ConsoleChannel:
        """For commands of the lab's own."""
        return ConsoleChannel(self, "run")

    @property
    def session(self) -> ConsoleChannel:
        """For a case's steps."""
        return ConsoleChannel(self, "step")

    def reach_shell(self, limit: float) -> None:
        """Come to a quiet shell and leave it there, for one who saves the machine."""
        console = Console(self.wire, self._log, host=self.host)
        try:
            self._guest.log_in(console, Limit("boot", limit))
        finally:
            console.close()

    def start_agent(self, limit: float) -> None:
        """Come to a shell, have it unpack the first drive, and put the agent in its place."""
        phase = Limit("boot", limit)
        drives = self._guest.drives
        self._files.push()
        console = Console(self.wire, self._log, host=self.host)
        try:
            shell = self._guest.log_in(console, phase)
            root = self._guest.root
            shell.check(f"cd {root}/ && tar xpf {drives.inbound_device}", limit=phase)
            devices = f"{drives.inbound_device} {drives.outbound_device}"
            console.send_line(f"exec sh {root}/parley/boot.sh {devices} '{root}' {self._guest.directory}")
            console.expect(_READY.pattern, limit=phase)
        finally:
            console.close()

    def order(self, verb: str, order: str) -> None:
        """Give an order; return when the agent has it. Raises AgentError when it does not answer."""
        self._leave_shell()
        self._files.push()
        self._say(verb, order)
        deadline = self._clock() + _PROMPT
        self._listen(order, deadline, lambda: self._say(verb, order), until=("have", "done"))

    def tell(self, verb: str, order: str) -> None:
        """Say something to which there is no answer."""
        self._say(verb, order)

    def wait(self, order: str, limit: float) -> int:
        """Wait for an order to be done, fetch its files, and return its status.

        Raises CommandTimeoutError at the limit, AgentError when the guest is gone.
        """
        deadline = self._clock() + limit
        status = self._listen(order, deadline, lambda: None, until=("done",))
        self._fetch(order)
        return status

    def open_shell(self) -> None:
        """Have an interactive shell at the console, which is nobody's until the next order."""
        self._shells += 1
        self.order("shell", f"shell.{self._shells}")
        self._is_in_shell = True

    def close(self) -> None:
        """Close the lab's end; what looked like an answer to come is the kernel's after all."""
        self._note(self._buffer)
        self._buffer = b""
        self.wire.close()

    def _leave_shell(self) -> None:
        if self._is_in_shell:
            self._is_in_shell = False
            self._send(b"\x03\rexit\r")
            self._listen(f"shell.{self._shells}", self._clock() + _PROMPT, lambda: None, until=("done",))

    def _fetch(self, order: str) -> None:
        packing = f"put.{order}"
        self._say("put", packing)
        deadline = self._clock() + _PROMPT
        status = self._listen(packing, deadline, lambda: self._say("put", packing), until=("done",))
        self._files.pull(order, status)

    def _listen(
        self, order: str, deadline: float, repeat: Callable[[], None], *, until: tuple[str, ...]
    ) -> int:
        """Wait until an order stands as in `until`; ask when nothing comes, `repeat` if it never arrived."""
        silences = iter(_SILENCES)
        ask_at = self._clock() + next(silences)
        while True:
            word, status = self._answers.get(order, ("", 0))
            if word in until:
                return status
            if word == "lost":
                raise LabError("it cannot unpack what the lab sent it", host=self.host)
            if word == "none":
                del self._answers[order]
                repeat()
                silences = iter(_SILENCES)
                ask_at = self._clock() + next(silences)
            now = self._clock()
            if now >= deadline:
                raise CommandTimeoutError(f"no answer to {order}", host=self.host)
            if now >= ask_at:
                self._say("ask", order)
                ask_at = now + next(silences, _SILENCES[-1])
            self._receive(min(deadline, ask_at) - now)

    def _say(self, verb: str, order: str) -> None:
        self._asked.add(order)
        self._send(f"{verb} {order} {verb} {order}\n".encode())

    def _send(self, data: bytes) -> None:
        try:
            self.wire.sendall(data)
        except OSError as error:
            raise AgentError("its console is closed", host=self.host) from error

    def _receive(self, patience: float) -> None:
        if not select.select([self.wire], [], [], max(0.0, patience))[0]:
            return
        self._buffer += self._read()
        said = self._take_answers()
        if _DEBUGGER.search(said):
            self._hear_last_words()
            raise AgentError("its kernel stopped in its debugger", host=self.host)

    def _read(self) -> bytes:
        try:
            data = self.wire.recv(65536)
        except ConnectionError:
            data = b""
        if not data:
            self._note(self._buffer)
            raise AgentError("its machine ended", host=self.host)
        return data

    def _take_answers(self) -> bytes:
        """Cut answers out of what came; the rest is the kernel's. Returns what it said last."""
        for match in _ANSWER.finditer(self._buffer):
            word, order, status = (group.decode("ascii") for group in match.groups()[1:])
            # A guest may answer what nobody asked, but not fill the memory with it.
            if order in self._asked and self._answers.get(order, ("",))[0] != "done":
                self._answers[order] = (word, int(status))
        rest = _ANSWER.sub(b"", self._buffer)
        # The beginning of an answer may stand at the end: characters come one by one.
        start = rest.find(b"<", max(0, len(rest) - _ANSWER_LENGTH))
        said, self._buffer = (rest, b"") if start < 0 else (rest[:start], rest[start:])
        self._note(said)
        return said

    def _note(self, said: bytes) -> None:
        if said and self._logged < _LOG_LIMIT:
            self._logged += len(said)
            with self._log.open("ab") as log:
                log.write(said)

    def _hear_last_words(self) -> None:
        """What the debugger can tell goes to the log before the machine does."""
        self._send(_ASKED_OF_DEBUGGER)
        deadline = self._clock() + _LAST_WORDS
        while (left := deadline - self._clock()) > 0:
            if select.select([self.wire], [], [], left)[0]:
                self._note(self._read())


class ConsoleChannel:
    """Orders of one kind, in the words that a Host uses on a serial line of its own (lab.line.Line)."""

    def __init__(self, link: ConsoleLink, kind: str) -> None:
        self._link = link
        self._kind = kind

    def send(self, word: str) -> None:
        """Send one request. Raises AgentError when the guest is gone."""
        match word.split():
            case ["ping", _]:
                pass  # Its first sign of life is the agent's, which `wait` starts.
            case ["run", request]:
                self._link.order("run", f"run.{request}")
            case ["kill", request]:
                self._link.tell("end", f"run.{request}")
            case ["interrupt"]:
                self._link.tell("interrupt", "x")
            case ["shell"]:
                self._link.open_shell()
            case [request]:
                self._link.order("step", f"step.{request}")

    def wait(self, request: str, limit: float) -> int:
        """Wait up to `limit` seconds for a request; return its status.

        Raises CommandTimeoutError at the limit, AgentError when the guest is gone.
        """
        if request == BOOT:
            self._link.start_agent(limit)
            return 0
        return self._link.wait(f"{self._kind}.{request}", limit)

    def close(self) -> None:
        """Close the console; harmless when it is closed."""
        self._link.close()


# The request that a Host makes first.
BOOT = "boot"


class _Files:
    """What the lab's tree and the guest's have from one another."""

    def __init__(self, host: str, drives: Drives, jail: Jail, *, carries_case: bool) -> None:
        self._host = host
        self._tops = (("testing", "testing"), (host, "parley"))[0 if carries_case else 1 :]
        self._returned = tuple(
            f"parley/{name}" for name in ("put", "cmd/", "step/", "log/", "state/", "core/")
        ) + (("testing/",) if carries_case else ())
        self._drives = drives
        self._jail = jail
        # What each file of the lab's was like when the guest had it last.
        self._known: dict[str, tuple[int, int]] = {}

    def push(self) -> None:
        """Put on the drive what is new or has changed since the last time."""
        files: dict[str, Packed] = {}
        for top, place in self._tops:
            for name in self._jail.files(top):
                status = self._jail.status(name)
                version = _version(status)
                if self._known.get(name) != version:
                    self._known[name] = version
                    inside = f"{place}/{name.removeprefix(f'{top}/')}"
                    files[inside] = Packed(self._jail.read(name, limit=SIZE), status.st_mode & 0o777)
        write_drive(self._drives.inbound, files)

    def pull(self, order: str, status: int) -> None:
        """Take what the guest has packed for an order. Raises LabError if it is not that.

        tar(1) ends with a status when a log grew while it was read; what counts is what came.
        """
        proof = b""
        for name, data in read_drive(self._drives.outbound, self._returned):
            if name == "parley/put":
                proof = data
                continue
            top, _, rest = name.partition("/")
            if top == "testing" and "/OUTPUT/" not in name:
                continue
            own = name if top == "testing" else f"{self._host}/{rest}"
            # What comes back as it went is nobody's news, or hosts would send it to and fro.
            if top == "testing" and self._is_same(own, data):
                continue
            self._jail.write(own, data)
            self._known[own] = _version(self._jail.status(own))
        if proof.strip() != order.encode():
            problem = f"its drive does not hold what {order} left; its tar ended with status {status}"
            raise LabError(problem, host=self._host)

    def _is_same(self, name: str, data: bytes) -> bool:
        try:
            return self._jail.read(name, limit=len(data) + 1) == data
        except OSError:
            return False


def _version(status: stat_result) -> tuple[int, int]:
    return status.st_mtime_ns, status.st_size
