"""Whatever a file says, it is a scenario or its mistake is told: never another exception."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley.errors import InputError
from parley.scenario.load import load_scenario, parse_scenario
from parley.scenario.model import Role
from parley.scenario.schema import SECTIONS
from parley.scenario.suite import default_scenarios

if TYPE_CHECKING:
    from parley.scenario.model import Scenario

PATHS = sorted(default_scenarios().glob("*.toml"))
TEXTS = [path.read_text() for path in PATHS]
LINES = sorted({line for text in TEXTS for line in text.splitlines()})
WORDS = sorted({key.name for section in SECTIONS for key in section.keys})
VALUES = [
    *("1", "-1", "0.5", "nan", "inf", "true", "[]", "{}", "[[]]", "[{}]", '""', '"x"', "''"),
    *(
        '"192.0.1.0/24"',
        '["::/0", "10.0.0.0/8"]',
        '"up"',
        '["up"]',
        '"both"',
        '"ipv6"',
        "1979-05-27",
        '"é\\u0000"',
    ),
    *sorted({key.example for section in SECTIONS for key in section.keys if key.example}),
]


def load(text: str) -> Scenario | None:
    """The scenario of `text`, or None for a mistake, which must be told on one of its lines."""
    mistake = None
    try:
        return parse_scenario(Path("mutant.toml"), text)
    except InputError as error:
        mistake = error
    assert 1 <= mistake.line <= max(1, len(text.split("\n"))), str(mistake)
    return None


@st.composite
def mutants(draw: st.DrawFn) -> str:
    """A shipped file with lines lost, doubled, swapped, borrowed from others, or with values changed."""
    lines = draw(st.sampled_from(TEXTS)).splitlines()
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1)) if lines else 0
        match draw(st.sampled_from(["drop", "double", "swap", "borrow", "value", "key", "header", "cut"])):
            case "drop":
                del lines[at : at + 1]
            case "double":
                lines[at:at] = lines[at : at + 1]
            case "swap":
                lines.append(lines.pop(at) if lines else "")
            case "borrow":
                lines.insert(at, draw(st.sampled_from(LINES)))
            case "value":
                key = lines[at].partition("=")[0] if lines else "title"
                lines[at : at + 1] = [f"{key}= {draw(st.sampled_from(VALUES))}"]
            case "key":
                lines.insert(at, f"{draw(st.sampled_from(WORDS))} = {draw(st.sampled_from(VALUES))}")
            case "header":
                lines.insert(at, draw(st.sampled_from([section.header for section in SECTIONS])))
            case _:
                lines[at : at + 1] = [line[: draw(st.integers(0, 20))] for line in lines[at : at + 1]]
    return "\n".join(lines)


@settings(max_examples=1500, deadline=None)
@given(mutants())
def test_a_mutant_loads_or_is_told_on_one_of_its_lines(text: str) -> None:
    result = load(text)
    if result is not None:
        # What drivers and the player ask of every scenario can be answered.
        connection = result.connection
        assert connection.children
        for child in connection.children:
            for role in Role:
                connection.child_proposal(role, child)
                connection.ike_proposal(role)
                assert connection.selectors(role, child, role.peer)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(TEXTS), st.data())
def test_a_character_more_or_less_is_no_surprise(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text)))
    more = data.draw(st.text(max_size=3))
    load(text[:at] + more + text[at + data.draw(st.integers(0, 5)) :])


@given(st.binary(max_size=200))
def test_bytes_are_no_surprise(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("bytes") / "some.toml"
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"some\.toml:\d+: "):  # none of these has a title
        load_scenario(path)
