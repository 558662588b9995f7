"""Libreswan: pluto. Written against 5.2, as Debian trixie packages it."""

from __future__ import annotations

import re

from parley.daemon.base import Daemon, Trouble
from parley.daemon.libreswan.driver import LibreswanDriver

LIBRESWAN = Daemon(
    name="libreswan",
    title="Libreswan",
    package="libreswan",
    processes=("pluto",),
    trouble=(
        Trouble("assertion failed", re.compile(r"ASSERTION FAILED")),
        Trouble("expectation failed", re.compile(r"EXPECTATION FAILED")),
        Trouble("memory leak", re.compile(r"leak detective found [1-9]\d* leak")),
        Trouble("null pointer printed", re.compile(r"\(null\)")),
    ),
    driver=LibreswanDriver,
)
