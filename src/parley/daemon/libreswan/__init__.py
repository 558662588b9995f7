"""Libreswan: pluto. Written against 5.2, as Debian trixie packages it."""

from __future__ import annotations

import re

from parley.daemon.base import Daemon, KnownEnd, Trouble
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
    known_ends=(
        KnownEnd(
            finding="docs/explanation/findings/libreswan-shutdown-race.md",
            process="pluto",
            status=139,
            last_words=re.compile(r"shutting down interface |leak detective found no leaks"),
            # The lock of a mutex that is no more: 0x10 is where pthread_mutex_lock(3) looks first.
            kernel=re.compile(r"pluto\[\d+\]: segfault at 10 ip .* in libc\.so"),
        ),
    ),
)
