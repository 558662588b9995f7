"""Writes suites and cases for tests: a mapping of file names to contents."""

from __future__ import annotations

from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from parley.case.scripted import load_case
from parley.case.testlist import Listed
from parley.case.words import parse_role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from parley.case.model import ScriptedCase

MERGED = {"all.east-west.sh": "west# true\n"}


def write_files(directory: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files into `directory`, made if it is not there."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        (directory / name).write_bytes(data)
    return directory


def new_case(base: Path, files: Mapping[str, str | bytes]) -> Path:
    """A new directory with these files: one base serves many examples of a property."""
    return write_files(Path(mkdtemp(dir=base)), files)


def case_of(directory: Path, **overrides: str) -> ScriptedCase:
    """The case in `directory`, loaded with HOST="PLATFORM/IMPLEMENTATION"."""
    roles = {host: parse_role(host, text) for host, text in overrides.items()}
    return load_case(directory, Listed(directory.name), roles)
