"""What a BSD's kernel was left with: the lists that platform/guest/bsd-collect.sh took."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parley.scenario.kernels import parse_kernel_of
from parley.verdict import Check, CheckState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parley.lab.jail import Jail


def check_bsd_kernel(jail: Jail, host: str, platform: str) -> Iterator[Check]:
    """Whether SAs or policies are left after all daemons ended; daemons' bypasses go with their sockets."""
    texts = {name: _read(jail, host, name) for name in ("kernel-sas", "kernel-policies")}
    view = parse_kernel_of(platform, *(text or "" for text in texts.values()))
    protecting = [policy for policy in view.policies if policy.protocol]
    left = (
        ("no SA left", "kernel-sas", [f"{sa.protocol} {sa.destination} {sa.spi}" for sa in view.sas]),
        (
            "no policy left",
            "kernel-policies",
            [f"{policy.direction} {policy.source} to {policy.destination}" for policy in protecting],
        ),
    )
    for check, name, found in left:
        evidence = f"share/{host}/state/{name}.left"
        if texts[name] is None:
            yield Check(check, CheckState.ERROR, host, "was not collected", evidence)
        elif found:
            detail = f"{len(found)} left after all daemons ended: {found[0]}"
            yield Check(check, CheckState.FAILED, host, detail, evidence)
        else:
            yield Check(check, CheckState.OK, host)


def _read(jail: Jail, host: str, name: str) -> str | None:
    try:
        return jail.read_text(f"{host}/state/{name}.left")
    except OSError:
        return None
