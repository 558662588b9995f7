"""What the daemons said and how they ended."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from parley.daemon.registry import daemon_named
from parley.verdict import Check, CheckState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parley.lab.jail import Jail
    from parley.record.results import HostRecord

# `NAME STATUS`, written by the helper that started a daemon when it has ended.
_EXIT = re.compile(r"^(\S+) (\d{1,3})$")
# 128 + the signals with which a daemon is stopped on purpose: HUP, INT, KILL, TERM.
_STOPPED = {0, 129, 130, 137, 143}


def check_logs(jail: Jail, host: HostRecord) -> Iterator[Check]:
    """Checks of one host's daemon logs and exits."""
    if not host.implementation:
        return
    yield _no_trouble(jail, host)
    yield _clean_exits(jail, host.name)


def _no_trouble(jail: Jail, host: HostRecord) -> Check:
    daemon = daemon_named(host.implementation)
    for name in jail.files(f"{host.name}/log"):
        for number, line in enumerate(jail.read_text(name, default="").splitlines(), 1):
            trouble = daemon.find_trouble(line)
            if trouble:
                detail = f"{trouble.name}: {line.strip()[:300]}"
                return Check(
                    "daemon log clean", CheckState.FAILED, host.name, detail, f"share/{name}:{number}"
                )
    return Check("daemon log clean", CheckState.OK, host.name)


def _clean_exits(jail: Jail, host: str) -> Check:
    evidence = f"share/{host}/state/exits"
    for line in jail.read_text(f"{host}/state/exits", default="").splitlines():
        end = _EXIT.match(line)
        if end and int(end[2]) not in _STOPPED:
            return Check("daemon exit", CheckState.FAILED, host, f"{end[1]} ended with {end[2]}", evidence)
    return Check("daemon exit", CheckState.OK, host)
