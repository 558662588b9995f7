"""What Parley must know of an IKE daemon to look after a host that runs it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from parley.platform.names import BSDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from parley.daemon.driver import Driver


@dataclass(frozen=True, slots=True)
class Trouble:
    """A pattern that no healthy daemon ever logs; `name` says what it means."""

    name: str
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class KnownEnd:
    """A crash that a finding explains, whatever case it comes in.

    `process` ended with `status` after a last line in its log that `last_words` match; the kernel's line of
    the crash matches `kernel`. `finding` is the path of its page.
    """

    finding: str
    process: str
    status: int
    last_words: re.Pattern[str]
    kernel: re.Pattern[str]


# Sanitizers of the C toolchain speak the same way in every daemon built with them.
COMMON_TROUBLE = (
    Trouble(
        "sanitizer report", re.compile(r"(AddressSanitizer|LeakSanitizer|UndefinedBehavior|runtime error:)")
    ),
    Trouble("segmentation fault", re.compile(r"(?i)segmentation fault|SIGSEGV|general protection fault")),
)


@dataclass(frozen=True, slots=True)
class Daemon:
    """An implementation of IKEv2.

    `processes` are names of its long-lived processes, in the order in which they are stopped; `package`
    is the Debian package whose version counts. `driver` plays it in scenarios; None: scripted cases only.
    `modules` are Linux's that it needs and that nobody else should find loaded; `drivers` play it on
    other systems, by platform. `known_ends` are crashes that findings explain.
    """

    name: str
    title: str
    package: str
    processes: tuple[str, ...]
    trouble: tuple[Trouble, ...] = ()
    driver: type[Driver] | None = None
    modules: tuple[str, ...] = ()
    drivers: Mapping[str, type[Driver]] = field(default_factory=dict)
    known_ends: tuple[KnownEnd, ...] = ()

    def driver_on(self, platform: str) -> type[Driver] | None:
        """What plays it in scenarios on a platform; None if nothing does."""
        return self.drivers.get(platform) if platform in BSDS else self.driver

    def find_trouble(self, line: str) -> Trouble | None:
        """The trouble that a line of a log speaks of, if any."""
        return next((t for t in (*self.trouble, *COMMON_TROUBLE) if t.pattern.search(line)), None)
