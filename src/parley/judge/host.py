"""What one host was left with and what its daemon said, in the light of crashes that findings explain."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from parley.daemon.registry import daemon_named
from parley.judge.logs import check_logs
from parley.judge.state import check_state, complaints
from parley.verdict import Check, CheckState

if TYPE_CHECKING:
    from parley.daemon.base import KnownEnd
    from parley.lab.jail import Jail
    from parley.record.results import HostRecord

# What a crash alone makes fail.
_OF_A_CRASH = {"daemon exit", "kernel quiet", "no core file"}


def check_host(jail: Jail, host: HostRecord) -> tuple[Check, ...]:
    """Checks of a host's collected state, of its daemon's logs and of how that ended."""
    checks = (*check_state(jail, host.name, host.platform), *check_logs(jail, host))
    if not host.implementation:
        return checks
    ends = daemon_named(host.implementation).known_ends
    end = next((end for end in ends if _is_all(end, checks, jail, host.name)), None)
    return checks if end is None else tuple(_as_known(check, end) for check in checks)


def _is_all(end: KnownEnd, checks: tuple[Check, ...], jail: Jail, host: str) -> bool:
    """Whether this one crash, and nothing else, is what there is to complain of."""
    failed = {check.name for check in checks if check.state is CheckState.FAILED}
    if not {"daemon exit"} <= failed <= _OF_A_CRASH:
        return False
    bad = [line for line in _read(jail, f"{host}/state/exits") if line.split()[-1:] != ["0"]]
    said = complaints("\n".join(_read(jail, f"{host}/state/dmesg")))
    last = _read(jail, f"{host}/log/{end.process}.log")[-1:]
    # Who aborts leaves a core file and no word of the kernel's.
    cores = _read(jail, f"{host}/state/cores")
    return (
        [name.rpartition(".")[0] for name in cores] in ([], [end.process])
        and bad == [f"{end.process} {end.status}"]
        and len(said) == 1
        and end.kernel.search(said[0]) is not None
        and any(end.last_words.search(line) for line in last)
    )


def _as_known(check: Check, end: KnownEnd) -> Check:
    if check.state is not CheckState.FAILED:
        return check
    return replace(check, state=CheckState.KNOWN, detail=f"{end.finding}: {check.detail}")


def _read(jail: Jail, name: str) -> list[str]:
    return jail.read_text(name, default="").splitlines()
