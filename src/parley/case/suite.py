"""A suite: a directory of cases, known by name before any is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from parley.case.testlist import Listed, parse_testlist
from parley.errors import InputError, UsageError

TESTLIST = "TESTLIST"
UNLISTED = "unlisted"


@dataclass(frozen=True, slots=True)
class Suite:
    """The cases of a suite in their order, and what is wrong with its TESTLIST."""

    path: Path
    listed: tuple[Listed, ...]
    errors: tuple[InputError, ...] = ()

    def names(self) -> list[str]:
        """Names of all cases."""
        return [entry.name for entry in self.listed]


def default_suite() -> Path:
    """The suite that comes with Parley: beside the sources, or inside the installed package."""
    package = Path(str(files("parley")))
    for candidate in (package / "_suites" / "interop", package.parents[1] / "suites" / "interop"):
        if candidate.is_dir():
            return candidate
    raise UsageError("this installation of Parley lacks its own suite", hint="--suite DIR")


def load_suite(path: Path) -> Suite:
    """Look at the suite in `path`, or at the single case there; scan names only.

    Raises UsageError if there is neither.
    """
    if not path.is_dir():
        raise UsageError(f"there is no directory {path}")
    path = path.resolve()
    if _is_case(path):
        return Suite(path.parent, (Listed(path.name),))
    found = sorted(entry.name for entry in path.iterdir() if entry.is_dir() and _is_case(entry))
    if (path / TESTLIST).exists():
        listed, errors = parse_testlist(path / TESTLIST)
        known = {entry.name for entry in listed}
        rest = [Listed(name, status=UNLISTED) for name in found if name not in known]
        return Suite(path, (*listed, *rest), tuple(errors))
    if not found:
        raise UsageError(
            f"{path} is no suite: it has no {TESTLIST}, and no directory with a description.txt or *.sh"
        )
    return Suite(path, tuple(Listed(name) for name in found))


def _is_case(directory: Path) -> bool:
    return (
        (directory / "description.txt").exists()
        or (directory / "eastinit.sh").exists()
        or any(directory.glob("all.*.sh"))
    )
