"""Plays a scripted case in a booted lab, and collects what the hosts are left with."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from parley.daemon.registry import daemons
from parley.errors import CommandTimeoutError
from parley.lab.host import step_name
from parley.record.results import StepRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from parley.case.model import Step
    from parley.lab.lab import Lab

# Files of `HOST/state` that the collect script writes.
STATE_FILES = ("xfrm-state", "xfrm-policy", "routes", "processes", "dmesg", "cores", "unstoppable")


def play(
    steps: Iterable[Step],
    lab: Lab,
    began: float,
    progress: Callable[[str], None],
    into: list[StepRecord] | None = None,
) -> tuple[list[StepRecord], str]:
    """Play the steps in order; return their records, and why it stopped early (empty: it did not).

    `into` gets the records one by one, so that they are there when the lab breaks and LabError is raised.
    `began` is the monotonic time from which the records count. A step that runs past the command limit
    is ended and stops the case: what follows it would only show the same fault again.
    """
    records = [] if into is None else into
    for index, step in enumerate(steps):
        record = StepRecord(index, step.host, step.text, step.is_comment)
        if step.is_comment:
            records.append(record)
            continue
        progress(f"{step.host}: {step.text}")
        started = time.monotonic()
        status: int | None = None
        stopped = ""
        try:
            status = lab.hosts[step.host].play(index, step.text, lab.limits.command)
        except CommandTimeoutError as error:
            stopped = str(error)
        records.append(
            StepRecord(
                index,
                step.host,
                step.text,
                is_comment=False,
                started=round(started - began, 4),
                elapsed=round(time.monotonic() - started, 4),
                status=status,
                output=f"{step.host}/step/{step_name(index)}.out",
            )
        )
        if stopped:
            return records, stopped
    return records, ""


def collect(lab: Lab) -> None:
    """Have every host, side by side, write its state, stop its daemons and write what is left.

    Raises LabError for a share that was lost on the way, once everything else is collected.
    """
    processes = "|".join(name for daemon in daemons().values() for name in daemon.processes)
    with lab.at_once():
        tickets = [(host, host.start(lab.collector(host.name, processes))) for host in lab.hosts.values()]
    for host, ticket in tickets:
        host.finish(ticket, lab.limits.collect)
    if lab.share:
        lab.share.finish(lab.hosts)
