"""The list of sanitizers. A rule is a function; `@sanitizer` says for which commands' outputs it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.errors import UsageError

if TYPE_CHECKING:
    from parley.transcript.symbols import Naming

Rule = Callable[[str, "Naming"], str]

ANY_COMMAND = ""


@dataclass(frozen=True, slots=True)
class Sanitizer:
    """A rule, its name, the noise it hides (`purpose`) and the commands whose output it may touch."""

    name: str
    purpose: str
    commands: re.Pattern[str]
    rule: Rule

    def is_for(self, command: str) -> bool:
        """Whether the output of `command` is this sanitizer's business."""
        return self.commands.search(command) is not None


SANITIZERS: list[Sanitizer] = []


def sanitizer(commands: str) -> Callable[[Rule], Rule]:
    """Register the decorated rule for commands in which the regular expression `commands` is found.

    The rule's docstring says what noise it hides. Raises UsageError for a rule without one or with a
    name that is taken.
    """
    pattern = re.compile(commands)

    def register(rule: Rule) -> Rule:
        name, purpose = rule.__name__, (rule.__doc__ or "").strip()
        if not purpose:
            raise UsageError(f"sanitizer {name} does not say what it hides", hint="give it a docstring")
        if any(known.name == name for known in SANITIZERS):
            raise UsageError(f"two sanitizers are called {name}")
        SANITIZERS.append(Sanitizer(name=name, purpose=purpose, commands=pattern, rule=rule))
        return rule

    return register
