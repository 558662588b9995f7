"""A suite: a directory of cases, known by name before any is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from parley.case.script import has_script
from parley.case.testlist import Listed, parse_testlist
from parley.errors import InputError, UsageError
from parley.near import whence

TESTLIST = "TESTLIST"
UNLISTED = "unlisted"
# Where suites lie in trees that people have: Libreswan's, and one that holds several suites.
_SUITES_BELOW = ("testing/pluto", "pluto", "*")


@dataclass(frozen=True, slots=True)
class Suite:
    """The cases of a suite in their order, and what is wrong with its TESTLIST.

    A directory that TESTLIST does not list comes last, with status UNLISTED.
    """

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

    A case is a directory with description.txt or a script (all.*.sh, HOSTinit.sh, NN-HOST.sh). Raises
    UsageError if there is neither suite nor case, and InputError if a TESTLIST cannot be read.
    """
    if not path.is_dir():
        raise UsageError(f"there is no directory {path}", hint=whence(path))
    path = path.resolve()
    try:
        return _load(path)
    except OSError as error:
        raise UsageError(f"{error.filename} cannot be read: {error.strerror}") from error


def _load(path: Path) -> Suite:
    if (path / TESTLIST).exists():
        listed, errors = parse_testlist(path / TESTLIST)
        known = {entry.name for entry in listed}
        unlisted = (Listed(name, status=UNLISTED) for name in _cases_below(path) if name not in known)
        return Suite(path, (*listed, *unlisted), tuple(errors))
    if _is_case(path):
        return Suite(path.parent, (Listed(path.name),))
    found = _cases_below(path)
    if not found:
        raise UsageError(
            f"{path} is no suite and no case: it has no {TESTLIST}, and neither it nor a directory in it has "
            "a description.txt, all.*.sh, HOSTinit.sh or NN-HOST.sh",
            hint=_suite_below(path),
        )
    return Suite(path, tuple(Listed(name) for name in found))


def _cases_below(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.iterdir() if entry.is_dir() and _is_case(entry))


def _is_case(directory: Path) -> bool:
    return (directory / "description.txt").exists() or has_script(directory)


def _suite_below(path: Path) -> str:
    listed = (file.parent for where in _SUITES_BELOW for file in sorted(path.glob(f"{where}/{TESTLIST}")))
    unlisted = (entry for entry in sorted(path.iterdir()) if entry.is_dir() and _cases_below(entry))
    found = next(listed, None) or next(unlisted, None)
    return f"--suite {found}" if found else ""
