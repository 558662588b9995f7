"""A checkout or an unpacked release of Libreswan, known by what its suite needs."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from parley.errors import UsageError

# What no other suite has beside it; the sanitizers decide, so they must be there.
_MARKERS = ("testing/guestbin/swan-prep", "testing/utils/sanitizer.sh", "testing/sanitizers")
_SUITE = "testing/pluto"
_DIRECTION = re.compile(rb"^\tdir (in|out)$", re.MULTILINE)
_ENOUGH = 60  # references; all of one release are made on one system


@dataclass(frozen=True, slots=True)
class Tree:
    """A source tree of Libreswan, at its top."""

    root: Path

    @property
    def testing(self) -> Path:
        """What guests see as /testing."""
        return self.root / "testing"

    @property
    def suite(self) -> Path:
        """The directory of the cases."""
        return self.root / _SUITE

    @property
    def sanitizer(self) -> Path:
        """The script that turns what a console said into what the references say."""
        return self.testing / "utils" / "sanitizer.sh"

    def shows_direction(self) -> bool:
        """Whether its references were made with an iproute2 that tells the direction of a state (6.10)."""
        old = new = 0
        for path in sorted(self.suite.glob("*/*.console.txt")):
            text = path.read_bytes()
            if b"\n\treplay-window " in text:
                new += bool(_DIRECTION.search(text))
                old += not _DIRECTION.search(text)
            if old + new == _ENOUGH:
                break
        return new > old


def tree_of(suite: Path) -> Tree | None:
    """The tree that `suite` is Libreswan's own of; None for any other suite."""
    root = suite.resolve().parent.parent
    if (root / _SUITE) != suite.resolve():
        return None
    return Tree(root) if all((root / marker).exists() for marker in _MARKERS) else None


def changed_cases(suite: Path) -> list[str]:
    """Names of the directories of a suite in which git sees a change or a new file.

    Raises UsageError where git knows nothing of the suite.
    """
    command = ("git", "-C", suite, "status", "--porcelain=v1", "-z", "--untracked-files=all", "--", ".")
    try:
        result = subprocess.run(command, capture_output=True, check=True, text=True, errors="surrogateescape")
        prefix = _git_prefix(suite)
    except FileNotFoundError as error:
        raise UsageError("--changed asks git, and there is none", hint="apt-get install git") from error
    except subprocess.CalledProcessError as error:
        problem = f"--changed: {suite} is in no checkout of git: {error.stderr.strip()}"
        raise UsageError(problem, hint="name the cases") from error
    names = (entry[3:] if entry[2:3] == " " else entry for entry in result.stdout.split("\0") if entry)
    parts = (PurePosixPath(name.removeprefix(prefix)).parts for name in names)
    # OUTPUT is what earlier runs left; a file directly in the suite belongs to no case.
    return sorted({part[0] for part in parts if len(part) > 1 and part[1] != "OUTPUT"})


def _git_prefix(suite: Path) -> str:
    command = ("git", "-C", suite, "rev-parse", "--show-prefix")
    result = subprocess.run(command, capture_output=True, check=True, text=True, errors="surrogateescape")
    return result.stdout.removesuffix("\n")
