"""What is done on any installed guest before its disk is frozen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parley.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from parley.install.console import Limit, Shell


def check_guest(shell: Shell, checks: Iterable[tuple[str, str]], limit: Limit) -> None:
    """Assert on a running guest what its clones rely on: pairs of what must hold and a command that says so.

    Raises LabError that lists all that does not hold.
    """
    broken = [what for what, command in checks if shell.run(command, limit=limit).status != 0]
    if broken:
        raise LabError(
            f"the installed guest is not what its clones need; these do not hold: {'; '.join(broken)}",
            host=shell.console.host,
            hint=f"less {shell.console.log}",
        )


def halt(shell: Shell, limit: Limit, *, command: str = "halt -p") -> None:
    """Switch the machine off from inside, so that its file systems are clean, and wait until it is."""
    shell.console.send_line(command)
    shell.console.expect_end(limit)
