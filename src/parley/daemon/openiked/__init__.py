"""OpenIKED: iked, OpenBSD's own daemon and its portable version."""

from __future__ import annotations

import re

from parley.daemon.base import Daemon, Trouble
from parley.daemon.openiked.driver import OpenikedDriver
from parley.daemon.openiked.native import NativeIkedDriver

OPENIKED = Daemon(
    name="openiked",
    title="OpenIKED",
    package="openiked",
    processes=("iked",),
    trouble=(
        Trouble("fatal error", re.compile(r"^fatal(x)?( in \w+)?:", re.MULTILINE)),
        Trouble("lost child process", re.compile(r"lost child: ")),
    ),
    driver=OpenikedDriver,
    drivers={"openbsd": NativeIkedDriver},
    modules=("af_key",),
)
