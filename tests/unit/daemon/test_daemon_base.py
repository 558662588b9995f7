from __future__ import annotations

import re

import pytest

from parley.daemon.base import COMMON_TROUBLE, Daemon, Trouble
from parley.daemon.registry import daemons

DAEMON = Daemon("toy", "Toy", "toy", ("toyd",), (Trouble("assertion", re.compile("ASSERTION FAILED")),))


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("12:00:01 ASSERTION FAILED at toy.c:12", "assertion"),
        ("==4242==ERROR: AddressSanitizer: heap-use-after-free", "sanitizer report"),
        ("toy.c:4:2: runtime error: signed integer overflow", "sanitizer report"),
        ("Segmentation fault (core dumped)", "segmentation fault"),
        ("thread 4 received SIGSEGV", "segmentation fault"),
    ],
)
def test_trouble_is_found(line: str, name: str) -> None:
    trouble = DAEMON.find_trouble(line)
    assert trouble
    assert trouble.name == name


@pytest.mark.parametrize("line", ["", "assertion checks are on", "SA established", "\x00\xff" * 50])
def test_a_healthy_line_is_none(line: str) -> None:
    assert DAEMON.find_trouble(line) is None


def test_every_implementation_knows_what_sanitizers_say() -> None:
    for daemon in daemons().values():
        assert daemon.find_trouble("ERROR: LeakSanitizer: detected memory leaks")
    assert len({trouble.name for trouble in COMMON_TROUBLE}) == len(COMMON_TROUBLE)
