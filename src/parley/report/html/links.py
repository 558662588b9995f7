"""How pages of a report point at each other and at the files of their run."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from urllib.parse import quote

INDEX = "index.html"
MATRIX = "matrix.html"


def case_page(case: str) -> str:
    """Path of a case's page inside the report."""
    return f"cases/{case}.html"


def up_from(page: str) -> str:
    """What leads from `page` to the top of the report: empty, or some ``../``."""
    return "../" * (len(PurePosixPath(page).parts) - 1)


def href(path: str) -> str:
    """`path` as a relative reference; any bytes that a file name may hold survive (RFC 3986, section 2.1)."""
    return quote(os.fsencode(path))


def relative(target: Path, page: Path) -> str:
    """The reference that leads from the file `page` to `target`."""
    return href(os.path.relpath(target, page.parent))
