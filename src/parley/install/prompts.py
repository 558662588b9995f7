"""The answer table played at an installer's prompts: for those that read no answer file.

`install.sub` asks on one line, `Question? (what it may be) [default] `, and waits. A prompt can come in
pieces, so one counts only when nothing follows it for a moment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from parley.errors import LabError
from parley.escape import visible
from parley.install.answers import Reply, Row, Sheet, never_asked, rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from parley.install.console import Console, Limit

_PROMPT = rb"[\r\n]([^\r\n]*\?[^\r\n]*) $"
_DEFAULT = re.compile(r"^(?P<question>.*?)\s*\[(?P<default>[^\[\]]*)\]$")
_AGAIN = "(again)"
# No installer asks so much; one that does goes in circles.
_QUESTIONS = 120
_REPEATS = 4


@dataclass(frozen=True, slots=True)
class Asked:
    """One question as it was asked, and what was said; an empty `value` took the default."""

    question: str
    default: str
    value: str


@dataclass(slots=True)
class Interview:
    """Questions answered from a table until something else than a question comes.

    `told` hears each question. `quiet` is how long a prompt must be the last thing said, in seconds.
    """

    console: Console
    table: Sequence[Reply]
    limit: Limit
    quiet: float
    told: Callable[[Asked], None]
    asked: list[Asked] = field(default_factory=list)

    def run(self, *ends: bytes) -> int:
        """Answer until one of `ends` comes, and say which.

        Raises LabError for a question that has neither an answer nor a default, and for one that comes
        again and again; and what `Console.expect` does.
        """
        sheet = Sheet(rows(self.table, at_prompts=True))
        for _ in range(_QUESTIONS):
            heard = self.console.expect(*ends, _PROMPT, limit=self.limit, quiet=self.quiet)
            if heard.index < len(ends):
                self._check(sheet.left)
                return heard.index
            self._answer(sheet, heard.groups[0].decode("utf-8", "backslashreplace").strip())
        raise self._error("the installer asks and asks")

    def _answer(self, sheet: Sheet, prompt: str) -> None:
        match = _DEFAULT.match(prompt)
        question = match["question"] if match else prompt
        default = match["default"] if match else ""
        value = self._value(sheet, question)
        if value is None and not default:
            raise self._error(f"no answer and no default for the question {visible(question)!r}")
        asked = Asked(question, default, value or "")
        if self.asked[-_REPEATS:] == [asked] * _REPEATS:
            raise self._error(f"it does not take {asked.value or default!r} for {visible(question)!r}")
        self.asked.append(asked)
        self.told(asked)
        self.console.send_line(asked.value)

    def _value(self, sheet: Sheet, question: str) -> str | None:
        # A password is asked for twice, and only at the prompts.
        if _AGAIN in question and self.asked:
            return self.asked[-1].value
        return sheet.take(question)

    def _check(self, left: Sequence[Row]) -> None:
        unused = never_asked(self.table, left, at_prompts=True)
        if unused:
            names = "; ".join(entry.keys[0] for entry in unused)
            raise self._error(f"the installer never asked: {names}")

    def _error(self, message: str) -> LabError:
        said = "\n".join(f"  {asked.question} -> {asked.value or asked.default}" for asked in self.asked[-5:])
        return LabError(
            self.console.report(f"{message}\nanswered last:\n{said}"),
            host=self.console.host,
            hint="the log shows the dialogue; a release may ask in new words (parley.install.openbsd)",
        )
