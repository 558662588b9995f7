"""The machine on which something was measured, in words that let somebody else compare."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

from parley import __version__
from parley.backend.accel import accelerator
from parley.errors import ParleyError


def describe() -> dict[str, str]:
    """What stands at the top of the table."""
    return {
        "day": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "Parley": __version__,
        "processor": _field("/proc/cpuinfo", "model name") or platform.machine(),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{int(_field('/proc/meminfo', 'MemTotal').split()[0]) / 2**20:.0f} GiB",
        "system": platform.platform(),
        "QEMU's guests run by": _accelerator(),
        "load before": _load(),
    }


def load_after() -> dict[str, str]:
    """The load again: a busy machine is told from a slow lab."""
    return {"load after": _load()}


def _load() -> str:
    return " ".join(f"{value:.1f}" for value in os.getloadavg())


def _field(path: str, name: str) -> str:
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""


def _accelerator() -> str:
    try:
        return accelerator().name
    except ParleyError as error:
        return f"nothing: {error.args[0]}"
