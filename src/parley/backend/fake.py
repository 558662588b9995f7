"""Hosts without kernels, for tests: each replays scripted answers over the agent's own line protocol.

What a real guest does (platform/guest/agent.sh, session.sh) a thread does here. Labs, hosts, players and
the scheduler cannot tell the difference, so all of them can be tested in milliseconds.
"""

from __future__ import annotations

import select
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from parley.backend.base import Backend, BootRequest, Machine, linux_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Script = Callable[[str, str], "Answer"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command does: `status` None hangs until killed, `dies` ends the kernel.

    `noise` comes on the serial line before the answer, `console` on the kernel's own console; `files` are
    written below /parley.
    """

    output: bytes = b""
    error: bytes = b""
    status: int | None = 0
    noise: bytes = b""
    console: bytes = b""
    dies: bool = False
    files: Mapping[str, bytes] = field(default_factory=dict)


class FakeMachine(Machine):
    """A thread that plays a guest until it is killed or its script has it die."""

    def __init__(self, request: BootRequest, script: Script) -> None:
        self._request, self._script = request, script
        self._lines = [line.dup() for line in request.lines]
        self._control, self._session, _ = self._lines
        self._hanging: dict[socket.socket, str] = {}
        self._is_dead = False
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()

    def exited(self) -> int | None:
        """0 once the guest is gone."""
        return 0 if self._is_dead else None

    def kill(self) -> None:
        """End the guest and wait for it."""
        with suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        self._thread.join()

    def _live(self) -> None:
        with suppress(OSError):  # the host has hung up
            self._serve()
        self._is_dead = True
        for line in self._lines:
            line.close()

    def _serve(self) -> None:
        heard = dict.fromkeys((self._control, self._session), b"")
        while not self._is_dead:
            for line in select.select(list(heard), [], [])[0]:
                data = line.recv(4096)
                self._is_dead = self._is_dead or not data
                *requests, heard[line] = (heard[line] + data).split(b"\n")
                for request in requests:
                    self._hear(line, request.decode())

    def _hear(self, line: socket.socket, request: str) -> None:
        match request.split():
            case [name] if line is self._session:
                self._answer(line, name, self._play("step", name))
            case ["run", name]:
                self._answer(line, name, self._play("cmd", name))
            case ["ping", name]:
                self._answer(line, name, self._script(self._request.host, "ping"))
            case ["kill", _]:
                self._end(self._control)
            case ["interrupt"]:
                self._end(self._session)

    def _play(self, directory: str, name: str) -> Answer:
        home = linux_parts(self._request)[2] / self._request.host
        stem = home / directory / name
        answer = self._script(self._request.host, stem.with_suffix(".sh").read_text().rstrip("\n"))
        for file, data in answer.files.items():
            (home / file).write_bytes(data)
        stem.with_suffix(".out").write_bytes(answer.output)
        stem.with_suffix(".err").write_bytes(answer.error)
        return answer

    def _answer(self, line: socket.socket, name: str, answer: Answer) -> None:
        with self._request.kernel_log.open("ab") as console:
            console.write(answer.console)
        line.sendall(answer.noise)
        if answer.dies:
            self._is_dead = True
        elif answer.status is None:
            self._hanging[line] = name
        else:
            line.sendall(f"done {name} {answer.status}\n".encode())

    def _end(self, line: socket.socket) -> None:
        if name := self._hanging.pop(line, ""):
            line.sendall(f"done {name} 137\n".encode())


class FakeBackend(Backend):
    """Boots fakes. `script` maps a host and a command (`ping`: its boot) to what comes of it."""

    name = "fake"

    def __init__(self, script: Script) -> None:
        self._script = script

    def boot(self, request: BootRequest) -> Machine:
        """Start a thread instead of a kernel."""
        request.kernel_log.touch()
        return FakeMachine(request, self._script)
