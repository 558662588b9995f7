"""Writes the tables of docs/reference/scenarios.md, from the keys that the loader reads.

Each stands between `<!-- keys of NAME -->` and `<!-- end -->`. With --check only says
whether all are current.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from generate_cli import settle

from parley.scenario.schema import SECTIONS
from parley.scenario.suite import default_scenarios, load_scenarios

if TYPE_CHECKING:
    from parley.scenario.fields import Key, Section
    from parley.scenario.model import Scenario

PAGE = Path(__file__).parent / "reference" / "scenarios.md"
_TABLE = re.compile(r"(?<=<!-- keys of )([^>]+)( -->\n).*?(?=<!-- end -->)", re.DOTALL)
_LISTS = re.compile(r"(?<=<!-- list of scenarios -->\n).*?(?=<!-- end -->)", re.DOTALL)


def render(text: str) -> str:
    """The page with all its tables made anew."""
    sections = {section.header: section for section in SECTIONS}
    text = _TABLE.sub(lambda match: match[1] + match[2] + _keys(sections[match[1]]), text)
    return _LISTS.sub(lambda _: _shipped(load_scenarios([default_scenarios()])[0]), text)


def _keys(section: Section) -> str:
    rows = [_row(key, section.absent or key.absent) for key in section.keys]
    return "\n".join(
        [
            "",
            section.text,
            "",
            "| key | value | if absent | example | meaning |",
            "|---|---|---|---|---|",
            *rows,
            "\n",
        ]
    )


def _row(key: Key[object], absent: str) -> str:
    value = " \\| ".join(f"`{word}`" for word in key.kind.split("|")) if "|" in key.kind else key.kind
    example = f"`{key.name} = {key.example}`" if key.example else ""
    return f"| `{key.name}` | {value} | {absent} | {example} | {key.text} |"


def _shipped(scenarios: list[Scenario]) -> str:
    rows = [
        f"| `{each.name}` | {each.title} | {', '.join(each.rfcs)} | {_ready(each)} |" for each in scenarios
    ]
    head = ["", "| scenario | what it is | demanded by | IPv6 Ready Logo |", "|---|---|---|---|"]
    return "\n".join([*head, *rows, "\n"])


def _ready(scenario: Scenario) -> str:
    """The counterparts, each test once with all its parts."""
    parts: dict[str, list[str]] = {}
    for entry in scenario.ipv6_ready:
        number, _, part = entry.removeprefix("IKEv2Interop.").partition(" Part ")
        parts.setdefault(number, []).append(part)
    return "; ".join(f"{number} {', '.join(some)}".strip() for number, some in parts.items())


if __name__ == "__main__":
    settle(PAGE, render(PAGE.read_text(encoding="utf-8")))
