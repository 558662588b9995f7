"""A serial line to a guest: numbered requests out, `done ID STATUS` answers in, in any order."""

from __future__ import annotations

import re
import select
import time
from typing import TYPE_CHECKING, Protocol

from parley.errors import AgentError, CommandTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable
    from socket import socket

# A guest may print anything here; an exit status has three digits at most (wait(2)).
_ANSWER = re.compile(rb"done (\w{1,32}) (\d{1,3})\b")
_GONE = re.compile(rb"gone (\d{1,3})\b")
# Answers that nobody asked for must not fill it either; real ones are fetched one by one.
_ANSWERS_LIMIT = 1024
# A guest that prints without end on this line must not fill the host's memory (bytes).
_BUFFER_LIMIT = 64 * 1024

READY = "ready"


class Channel(Protocol):
    """A way to have a guest's agent do numbered things."""

    def send(self, word: str) -> None:
        """Send one request line. Raises AgentError when the guest is gone."""

    def wait(self, request: str, limit: float) -> int:
        """Wait up to `limit` seconds for the answer to `request` and return its status.

        Raises CommandTimeoutError at the limit, AgentError when the guest is gone.
        """

    def close(self) -> None:
        """Close the host's end."""


class Line:
    """The host's end of one serial line."""

    def __init__(self, host: str, wire: socket, clock: Callable[[], float] = time.monotonic) -> None:
        self._host = host
        self._wire = wire
        self._clock = clock
        self._buffer = b""
        self._answers: dict[str, int] = {}
        self._asked: str = ""

    def send(self, word: str) -> None:
        """Send one request line. Raises AgentError when the guest is gone."""
        try:
            self._wire.sendall(word.encode() + b"\n")
        except OSError as error:
            raise AgentError("its serial line is closed", host=self._host) from error
        self._asked = word

    def wait(self, request: str, limit: float) -> int:
        """Wait up to `limit` seconds for the answer to `request` and return its status.

        Raises CommandTimeoutError at the limit, AgentError when the line closes.
        """
        deadline = self._clock() + limit
        while request not in self._answers:
            remaining = deadline - self._clock()
            if remaining <= 0:
                raise CommandTimeoutError(f"no answer to {request} within {limit:g} s", host=self._host)
            if select.select([self._wire], [], [], remaining)[0]:
                self._receive()
        return self._answers.pop(request)

    def close(self) -> None:
        """Close the host's end."""
        self._wire.close()

    def fileno(self) -> int:
        """The descriptor, for relaying an interactive shell."""
        return self._wire.fileno()

    def _receive(self) -> None:
        try:
            data = self._wire.recv(4096)
        except ConnectionError:
            data = b""
        if not data:
            raise AgentError("its kernel ended", host=self._host)
        self._buffer += data
        *lines, self._buffer = self._buffer.split(b"\n")
        self._buffer = self._buffer[-_BUFFER_LIMIT:]
        for line in lines:
            self._accept(line)

    def _accept(self, line: bytes) -> None:
        if len(self._answers) >= _ANSWERS_LIMIT:
            raise AgentError("it answers what nobody asked", host=self._host)
        if answer := _ANSWER.search(line):
            self._answers[answer[1].decode("ascii", "replace")] = int(answer[2])
        elif gone := _GONE.search(line):
            # The step ended its shell (`exit 3`): that is its status; a new shell follows.
            self._answers[self._asked] = int(gone[1])
