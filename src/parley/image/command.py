"""Running the programs that make images, so that none outlives the Parley that started it."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from parley.errors import ImageError, MissingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

# The kernel ends the program when the thread that started it ends, SIGKILL included (prctl(2)).
DIE_WITH_PARENT = ("setpriv", "--pdeathsig", "KILL", "--")

# A process namespace: when its first process ends, so does everything that ran below it, and its mounts.
_NAMESPACE = (*DIE_WITH_PARENT, "unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--")

# Root in a user namespace: its 0 is the user, 1 and up are the user's subordinate ids (subuid(5)).
_USER_NAMESPACE = ("unshare", "--map-root-user", "--map-auto", "--")

_TAIL = 12  # lines of a failed program's output that go into the message
_ERRORS = ("E:", "Err:", "mke2fs:", "patchelf:")

_running: set[subprocess.Popen[str]] = set()
_running_lock = threading.Lock()


class CommandError(ImageError):
    """A program failed; `output` holds the end of what it printed."""

    def __init__(self, message: str, output: str, *, hint: str = "") -> None:
        super().__init__(f"{message}\n{output}".rstrip(), hint=hint)
        self.output = output


def environment() -> dict[str, str]:
    """What the programs see: no translations, no questions, and /sbin, where a user's PATH lacks it."""
    path = os.environ.get("PATH", os.defpath)
    return {
        **{name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")},
        "PATH": f"{path}:/usr/local/sbin:/usr/sbin:/sbin",
        "HOME": os.environ.get("HOME", "/"),
        "LC_ALL": "C.UTF-8",
        "DEBIAN_FRONTEND": "noninteractive",
    }


def works(*command: str) -> bool:
    """Whether a command runs and succeeds here: a question best answered by doing it."""
    try:
        result = subprocess.run(
            command, env=environment(), capture_output=True, stdin=subprocess.DEVNULL, check=False, timeout=30
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return result.returncode == 0


def as_root() -> tuple[str, ...] | None:
    """The prefix that makes a command root over a tree of its own, in namespaces that end with it.

    None if this user cannot be root in any way. Root in a container that may not make namespaces
    gets no prefix but the one that ends the command itself.
    """
    candidates: list[tuple[str, ...]] = [(*_USER_NAMESPACE, *_NAMESPACE)]
    if os.geteuid() == 0:
        candidates = [_NAMESPACE, DIE_WITH_PARENT]
    return next((prefix for prefix in candidates if works(*prefix, "true")), None)


def run(
    *command: str | Path,
    what: str,
    cwd: Path | None = None,
    log: Path | None = None,
    on_line: Callable[[str], None] | None = None,
) -> str:
    """Run a command; return what it printed, standard output and error together.

    `log` gets the output added, `on_line` each line as it comes. Raises CommandError if it fails (`what`
    failed, it says), and MissingError if there is no such program.
    """
    lines: list[str] = []
    with (log or Path(os.devnull)).open("a", encoding="utf-8") as copy:
        process = _start(command, cwd)
        try:
            for line in _lines(process, copy):
                lines.append(line)
                if on_line is not None:
                    on_line(line)
            status = process.wait()
        finally:
            _end(process)
    if status != 0:
        raise CommandError(
            f"{what} failed with status {status}", _complaint(lines), hint=f"less {log}" if log else ""
        )
    return "\n".join(lines)


def _complaint(lines: Sequence[str]) -> str:
    """What a failed program says of its failure: apt's and mmdebstrap's errors, else its last lines."""
    errors = [line for line in lines if line.startswith(_ERRORS)]
    return "\n".join((errors or [line for line in lines if line.strip()])[-_TAIL:])


def stop_all() -> None:
    """End every program that `run` waits for in any thread; their callers see them fail."""
    with _running_lock:
        for process in _running:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _start(command: Sequence[str | Path], cwd: Path | None) -> subprocess.Popen[str]:
    try:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # Ctrl-C is for Parley, which then ends all of them itself
        )
    except FileNotFoundError as error:
        raise MissingError(f"there is no program {error.filename}", hint="parley doctor") from error
    with _running_lock:
        _running.add(process)
    return process


def _lines(process: subprocess.Popen[str], copy: TextIO) -> Iterator[str]:
    for raw in process.stdout or ():
        line = raw.rstrip()
        copy.write(line + "\n")
        copy.flush()
        yield line


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
    with _running_lock:
        _running.discard(process)
