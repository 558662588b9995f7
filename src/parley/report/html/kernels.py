"""What both kernels held while the tunnel was there, side by side."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.cell.commands import POLICY_MARK
from parley.cell.evidence import fingerprint
from parley.cell.record import read_cell
from parley.errors import InputError
from parley.lab.jail import Jail
from parley.scenario.model import Role

if TYPE_CHECKING:
    from parley.record.layout import CaseLayout

# What is shown of one kernel (bytes).
_LIMIT = 16 * 1024
# A key, as ip-xfrm(8) prints it; an SPI and a mark are shorter.
_KEY = re.compile(r"\b0x[0-9a-f]{16,}")


@dataclass(frozen=True, slots=True)
class KernelState:
    """What one kernel said: its SAs, keys as fingerprints, and its policies."""

    host: str
    states: str
    policies: str


def view_kernels(layout: CaseLayout) -> tuple[KernelState, ...]:
    """Both kernels at the last look at which a cell had SAs; nothing for what is no cell or had none."""
    if not layout.cell.is_file():
        return ()
    try:
        record = read_cell(layout.cell)
    except InputError:
        return ()  # The steps' own section says so.
    point = next((point for point in reversed(record.checkpoints) if point.expects_sas), None)
    if point is None:
        return ()
    jail = Jail(layout.share)
    return tuple(
        _state(record.roles[role], jail.read_text(record.commands[index].output, default="", limit=_LIMIT))
        for role in Role
        for index in (point.latest_kernel[role],)
    )


def _state(host: str, text: str) -> KernelState:
    states, _, policies = _KEY.sub(lambda key: f"key {fingerprint(key[0][2:])}", text).partition(POLICY_MARK)
    return KernelState(host, states, policies)
