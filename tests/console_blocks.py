"""What the documentation tells its reader to type and to write, taken out of the Markdown."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
# Pages of which each command builds on those before it; tested as a whole.
PLAYED = ("docs/tutorial.md", "docs/tutorial-case.md", "docs/how-to/matrix-and-captures.md")
# Stands for what was cut: alone on a line for any number of lines, within one for any text.
CUT = "…"

_FENCE = re.compile(r"^```(?P<info>[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_TITLE = re.compile(r'title="([^"]+)"')
_OPERATORS = {"|", "||", "&", "&&", ";", ">", ">>", "<", "2>"}


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block; `line` is that of its fence."""

    path: Path
    line: int
    info: str
    body: str


@dataclass(frozen=True, slots=True)
class Typed:
    """One command of a `console` block, and what the block shows below it (nothing: it does not say)."""

    path: Path
    line: int
    command: str
    shown: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line}"

    def simple_commands(self) -> Iterator[list[str]]:
        """The words of each command of a pipeline or list, without variables set before it."""
        lexer = shlex.shlex(self.command, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words: list[str] = []
        for word in [*lexer, ";"]:
            if word not in _OPERATORS:
                words.append(word)
                continue
            while words and re.match(r"[A-Z_]+=", words[0]):
                del words[0]
            if words:
                yield words
            words = []

    def run(self, directory: Path) -> subprocess.CompletedProcess[str]:
        """What comes of typing it in `directory`."""
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        return subprocess.run(
            ["bash", "-c", self.command],
            cwd=directory,
            env={**os.environ, "PATH": path},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def shows(self, output: str) -> bool:
        """Whether `output` is what the block shows, where it was not cut."""
        pattern = "".join(
            r"(?:.*\n)*?" if line == CUT else ".*".join(map(re.escape, line.split(CUT))) + "\n"
            for line in self.shown
        )
        return re.fullmatch(pattern, output) is not None


def pages() -> list[Path]:
    """All pages of documentation that come with the sources."""
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(path: Path) -> Iterator[Block]:
    """The fenced blocks of a page, in order."""
    text = path.read_text(encoding="utf-8")
    for match in _FENCE.finditer(text):
        yield Block(path, text.count("\n", 0, match.start()) + 1, match["info"], match["body"])


def typed(block: Block) -> Iterator[Typed]:
    """The commands of a `console` block, each behind `$ `; of others, none."""
    if block.info.split(" ")[0] != "console":
        return
    lines = block.body.splitlines()
    starts = [at for at, line in enumerate(lines) if line.startswith("$ ")]
    for at, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        yield Typed(block.path, block.line + 1 + at, lines[at][2:], tuple(lines[at + 1 : end]))


def file_name(block: Block) -> str:
    """The file that the reader is to write with the block's text, or an empty string."""
    title = _TITLE.search(block.info)
    return title[1] if title else ""
