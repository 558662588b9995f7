"""Every error that Parley raises on purpose.

::

    ParleyError                 one line for the user, no traceback
     ├─ UsageError              what was asked for makes no sense; nearest valid words inside
     ├─ InputError              a file of the user's is wrong; names file and line
     ├─ MissingError            something this machine lacks; names the command that cures it
     ├─ ImageError              an image or kernel could not be made
     ├─ UnsupportedError        a declared lack of an implementation or platform
     └─ LabError                the lab broke; never a verdict about an implementation
         ├─ BootError           a host did not come up within its boot limit
         ├─ PanicError          a host's kernel panicked
         ├─ AgentError          a host's agent went away or spoke nonsense
         └─ CommandTimeoutError a command ran past its limit

Catch `ParleyError` for all of them, `LabError` for those that say nothing about the daemons under test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class ParleyError(Exception):
    """Root of all expected errors; `hint` says what to try, `exit_code` is the process's."""

    exit_code = 2

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    def __str__(self) -> str:
        message = str(self.args[0])
        return f"{message}\n  try: {self.hint}" if self.hint else message


class UsageError(ParleyError):
    """What was asked for on the command line does not exist or contradicts itself."""


class InputError(ParleyError):
    """A file of the user's is wrong at `path`, `line` (counted from 1; 0: the whole file)."""

    def __init__(self, path: Path, line: int, message: str, *, hint: str = "") -> None:
        super().__init__(f"{path}:{line}: {message}" if line else f"{path}: {message}", hint=hint)
        self.path = path
        self.line = line


class MissingError(ParleyError):
    """Something that this machine lacks."""


class ImageError(ParleyError):
    """An image, a kernel or another cached artifact could not be made."""


class UnsupportedError(ParleyError):
    """A declared lack of an implementation or platform; never inferred from a failure."""


class LabError(ParleyError):
    """The lab broke on `host` (empty: not one host's fault)."""

    def __init__(self, message: str, *, host: str = "", hint: str = "") -> None:
        super().__init__(f"{host}: {message}" if host else message, hint=hint)
        self.host = host


class BootError(LabError):
    """A host did not come up within its boot limit."""


class PanicError(LabError):
    """A host's kernel panicked."""


class AgentError(LabError):
    """A host's agent went away or spoke nonsense."""


class CommandTimeoutError(LabError):
    """A command on a host ran past its limit."""
