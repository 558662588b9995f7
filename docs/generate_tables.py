"""Writes what docs/reference quotes from the code, between `<!-- from NAME -->` and `<!-- end -->`.

With --check only says whether it is current.
"""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from pathlib import Path
from textwrap import dedent

from generate_cli import settle

from parley.transcript.sanitize import SANITIZERS

REFERENCE = Path(__file__).parent / "reference"
_QUOTED = re.compile(r"(?<=<!-- from )(\S+)( -->\n).*?(?=<!-- end -->)", re.DOTALL)


def render(text: str) -> str:
    """A page with all that it quotes brought up to date."""
    return _QUOTED.sub(lambda match: match[1] + match[2] + "\n" + _quote(match[1]) + "\n", text)


def _quote(name: str) -> str:
    if name == "sanitizers":
        return _sanitizers()
    return f"```text\n{_block(import_module(name).__doc__ or '')}\n```\n"


def _block(docstring: str) -> str:
    """The first literal block of a docstring: what is indented behind `::`."""
    _, _, rest = inspect.cleandoc(docstring).partition("::\n\n")
    lines = rest.split("\n")
    end = next((at for at, line in enumerate(lines) if line and not line.startswith(" ")), len(lines))
    return dedent("\n".join(lines[:end])).rstrip()


def _sanitizers() -> str:
    rows = [f"| `{known.name}` | {_area(known.rule.__module__)} | {known.purpose} |" for known in SANITIZERS]
    table = "\n".join(["| name | of | what it does |", "|---|---|---|", *map(_first_paragraph, rows)])
    return table + "\n"


def _first_paragraph(row: str) -> str:
    first, _, rest = row.partition("\n\n")
    return f"{first} |" if rest else first


def _area(module: str) -> str:
    return module.rpartition(".")[2]


if __name__ == "__main__":
    for page in sorted(REFERENCE.glob("*.md")):
        before = page.read_text(encoding="utf-8")
        if _QUOTED.search(before):
            settle(page, render(before))
