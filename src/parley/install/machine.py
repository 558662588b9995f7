"""What an installer driver needs of a machine: to switch it on, and to talk to its console."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from parley.errors import MissingError
from parley.image.command import run

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from parley.install.console import Console


@dataclass(frozen=True, slots=True)
class PowerOn:
    """What to switch on: a disk, a CD or none, the console's log; `boots_cdrom`: else the disk boots.

    `name` is what the machine is called in messages.
    """

    name: str
    disk: Path
    cdrom: Path | None
    log: Path
    boots_cdrom: bool = False


class Power(Protocol):
    """Switches a machine on and, whatever happens, off again."""

    def __call__(self, what: PowerOn) -> AbstractContextManager[Console]:
        """Its console, as long as it is on."""


def make_disk(path: Path, size: str) -> None:
    """Make an empty qcow2 disk of `size` in qemu-img's words (`4G`). Raises MissingError without it."""
    try:
        run("qemu-img", "create", "-q", "-f", "qcow2", path, size, what=f"making {path.name}")
    except MissingError as error:
        raise MissingError(str(error.args[0]), hint="apt-get install qemu-utils") from error
