"""One booted host: commands of the lab's own, and the session into which a case's steps are typed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from parley.errors import AgentError, BootError, CommandTimeoutError, LabError, PanicError
from parley.lab.line import Channel, Line
from parley.lab.panic import find_panic

if TYPE_CHECKING:
    from pathlib import Path
    from socket import socket

    from parley.backend.base import Machine
    from parley.case.model import HostSpec
    from parley.lab.jail import Jail

# How long an interrupted session may take to come back before the host counts as hung (seconds).
_GRACE = 15.0
_BOOT_ID = "boot"


@dataclass(frozen=True, slots=True)
class Limits:
    """Time limits by phase, in seconds."""

    boot: float = 30.0
    command: float = 60.0
    collect: float = 30.0

    def scaled(self, factor: float) -> Limits:
        """The same limits for a machine that is `factor` times slower."""
        return Limits(self.boot * factor, self.command * factor, self.collect * factor)


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a command; true when its status is 0. `elapsed` is in seconds.

    `stem` names its files in the share: STEM.out, STEM.err.
    """

    host: str
    command: str
    status: int
    output: str
    error: str
    elapsed: float
    stem: str = ""

    def __bool__(self) -> bool:
        return self.status == 0

    def check(self) -> Outcome:
        """Raise LabError unless the command succeeded."""
        if not self:
            complaint = (self.error or self.output).strip()[-500:]
            raise LabError(f"`{self.command}` ended with status {self.status}: {complaint}", host=self.host)
        return self


@dataclass(frozen=True, slots=True)
class Ticket:
    """A command under way."""

    request: str
    command: str
    started: float


class Host:
    """A host that a lab has booted. Only a lab makes one."""

    # Asked of a host whose step does not end: what each process waits for in the kernel, and, twice,
    # whether its timers still tick.
    WITNESS: ClassVar[str] = (
        "ps -e -o pid,ppid,stat,etimes,wchan:24,args --forest; cat /proc/uptime /proc/interrupts; sleep 0.1;"
        " cat /proc/uptime /proc/interrupts; dmesg | tail -n 20"
    )

    def __init__(
        self, spec: HostSpec, machine: Machine, lines: tuple[socket, ...], jail: Jail, kernel_log: Path
    ) -> None:
        self.spec = spec
        self.machine = machine
        self._jail = jail
        self._kernel_log = kernel_log
        control, session, self.shell_line = lines
        self._control: Channel = Line(spec.name, control)
        self._session: Channel = Line(spec.name, session)
        self._count = 0

    @property
    def name(self) -> str:
        """The host's name in the test network."""
        return self.spec.name

    def wait_until_ready(self, limit: float) -> None:
        """Wait for the agent's first answer. Raises BootError or PanicError."""
        self.machine.settle()
        try:
            self._control.send(f"ping {_BOOT_ID}")
            self._control.wait(_BOOT_ID, limit)
        except CommandTimeoutError as error:
            raise BootError(
                f"not up within the boot limit of {limit:g} s; console: {self._kernel_log}",
                host=self.name,
                hint="--timeout-scale on a slow machine",
            ) from error
        except AgentError as error:
            raise self._explain(error) from error

    def start(self, command: str) -> Ticket:
        """Begin a command of the lab's own, beside whatever the session does."""
        self._count += 1
        request = f"{self._count:04}"
        self._jail.write(f"{self.name}/cmd/{request}.sh", command.encode() + b"\n")
        try:
            self._control.send(f"run {request}")
        except AgentError as error:
            raise self._explain(error) from error
        return Ticket(request, command, time.monotonic())

    def finish(self, ticket: Ticket, limit: float) -> Outcome:
        """Wait for a command. At the limit it is ended and CommandTimeoutError raised."""
        try:
            status = self._control.wait(ticket.request, limit)
        except CommandTimeoutError:
            self._control.send(f"kill {ticket.request}")
            self._come_back(self._control, ticket.request)
            raise CommandTimeoutError(f"`{ticket.command}` ran past {limit:g} s", host=self.name) from None
        except AgentError as error:
            raise self._explain(error) from error
        elapsed = time.monotonic() - ticket.started
        stem = self.stem(ticket)
        output = self._jail.read_text(f"{stem}.out", default="")
        complaint = self._jail.read_text(f"{stem}.err", default="")
        return Outcome(self.name, ticket.command, status, output, complaint, elapsed, stem)

    def stem(self, ticket: Ticket) -> str:
        """What a command's files in the share are called, up to the dot."""
        return f"{self.name}/cmd/{ticket.request}"

    def run(self, command: str, *, limit: float = DEFAULT_LIMITS.command) -> Outcome:
        """Run a command of the lab's own and wait for it."""
        return self.finish(self.start(command), limit)

    def play(self, index: int, command: str, limit: float) -> int:
        """Type a step into the session; its output is `step/NNNN.out` of the share. Returns its status.

        At the limit the step is ended and CommandTimeoutError raised; the session lives on.
        """
        request = step_name(index)
        self._jail.write(f"{self.name}/step/{request}.sh", command.encode() + b"\n")
        try:
            self._session.send(request)
            return self._session.wait(request, limit)
        except CommandTimeoutError:
            seen = self._witness()
            self._control.send("interrupt")
            self._come_back(self._session, request)
            raise CommandTimeoutError(
                f"step {index} `{command}` ran past {limit:g} s{seen}", host=self.name
            ) from None
        except AgentError as error:
            raise self._explain(error) from error

    def open_shell(self) -> None:
        """Put an interactive shell on the third serial line."""
        self._control.send("shell")

    def close(self) -> None:
        """End the host at once, with all its processes."""
        self.machine.kill()
        self._control.close()
        self._session.close()
        self.shell_line.close()

    def _witness(self) -> str:
        """Have the host write down what it is doing; returns words for an error that say where that is."""
        try:
            ticket = self.start(self.WITNESS)
            self.finish(ticket, _GRACE)
        except LabError as error:
            return f"; what it was doing stays unknown: {error.args[0]}"
        return f"; what ran then: share/{self.stem(ticket)}.out"

    def _come_back(self, line: Channel, request: str) -> None:
        try:
            line.wait(request, _GRACE)
        except CommandTimeoutError as error:
            raise AgentError(
                f"hangs: no sign of life {_GRACE:g} s after a kill; console: {self._kernel_log}",
                host=self.name,
            ) from error
        except AgentError as error:
            raise self._explain(error) from error

    def _explain(self, error: AgentError) -> LabError:
        if panic := find_panic(self._kernel_log):
            return PanicError(f"{panic}; console: {self._kernel_log}", host=self.name)
        status = self.machine.exited()
        detail = f" (status {status})" if status is not None else ""
        return AgentError(f"{error.args[0]}{detail}; console: {self._kernel_log}")


def step_name(index: int) -> str:
    """The stem of a step's files in the share."""
    return f"{index:04}"
