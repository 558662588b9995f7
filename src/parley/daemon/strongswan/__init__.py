"""strongSwan: charon, driven by swanctl over VICI."""

from __future__ import annotations

import re

from parley.daemon.base import Daemon, Trouble
from parley.daemon.strongswan.driver import StrongswanDriver

STRONGSWAN = Daemon(
    name="strongswan",
    title="strongSwan",
    package="strongswan-swanctl",
    processes=("charon-systemd", "charon", "starter"),
    trouble=(
        Trouble("thread killed by a signal", re.compile(r"thread \d+ received \d+")),
        Trouble("memory leak", re.compile(r"leak\(s\) detected|[1-9]\d* leaks? detected")),
    ),
    driver=StrongswanDriver,
)
