"""Every system's word on what its kernel holds, as the same typed data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parley.scenario.ipsecctl import parse_openbsd_kernel
from parley.scenario.setkey import parse_freebsd_kernel
from parley.scenario.xfrm import parse_kernel

if TYPE_CHECKING:
    from collections.abc import Callable

    from parley.scenario.state import KernelView

_PARSERS: dict[str, Callable[[str, str], KernelView]] = {
    "openbsd": parse_openbsd_kernel,
    "freebsd": parse_freebsd_kernel,
}


def parse_kernel_of(platform: str, state: str, policy: str) -> KernelView:
    """What the kernel of a platform printed of its SAs and its policies; all but the BSDs run Linux.

    Never raises: what is no entry is left out.
    """
    return _PARSERS.get(platform, parse_kernel)(state, policy)
