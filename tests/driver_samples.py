"""What tests of drivers share: ends, the shell that judges their commands, and runs of those on a file."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from parley.daemon.driver import Addresses
from parley.daemon.wireshark import TABLE
from parley.scenario.model import Role

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from parley.daemon.driver import Driver

ADDRESSES = {
    Role.INITIATOR: Addresses("192.1.2.45", "192.1.2.23"),
    Role.RESPONDER: Addresses("192.1.2.23", "192.1.2.45"),
}


def commands(driver: Driver) -> Iterator[str]:
    """Every command that a driver has."""
    child = driver.connection.children[0]
    yield from (driver.start(), driver.up(), driver.down(), driver.kill(), driver.status(), driver.keys())
    optional = (
        driver.delete_child(child),
        driver.rekey_child(child),
        driver.rekey_ike(),
        driver.reauthenticate(),
    )
    yield from (text for text in optional if text is not None)


def assert_posix_sh(text: str) -> None:
    """The script can be read by sh(1)."""
    checked = subprocess.run(["sh", "-n"], input=text, text=True, capture_output=True, check=False)
    assert not checked.stderr, f"{checked.stderr}\n{text}"


def gathered_keys(command: str, log_path: str, log: str, directory: Path) -> list[str]:
    """The rows that a driver's `keys` command makes of a log, here instead of on a guest."""
    logged, table = directory / "daemon.log", directory / "table"
    logged.write_text(log)
    script = command.replace(log_path, str(logged)).replace(TABLE, str(table))
    subprocess.run(["sh", "-ec", script], check=True)
    return table.read_text().splitlines() if table.exists() else []
