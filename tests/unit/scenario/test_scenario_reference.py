"""docs/reference/scenarios.md says what the loader does."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from parley.scenario.fields import Document, Node
from parley.scenario.load import parse_scenario
from parley.scenario.model import Action
from parley.scenario.schema import SECTIONS
from scenario_files import PATH

if TYPE_CHECKING:
    from parley.scenario.fields import Key, Section

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "reference" / "scenarios.md").read_text()

KEYS = [key for section in SECTIONS for key in section.keys if key.example]


def test_the_tables_are_those_of_the_code() -> None:
    command = [sys.executable, str(DOCS / "generate_scenarios.py"), "--check"]
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.header)
def test_every_table_of_the_format_is_there(section: Section) -> None:
    assert f"<!-- keys of {section.header} -->" in PAGE


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_every_example_is_valid(key: Key[object]) -> None:
    root = tomllib.loads(f"key = {key.example}")
    key.read(Document(PATH, {(): 1}, root).node.at("key"))


@pytest.mark.parametrize("block", re.findall(r"```toml\n(title.*?)```", PAGE, re.DOTALL))
def test_every_file_that_is_shown_loads(block: str) -> None:
    parse_scenario(PATH, block)


def test_every_step_is_described() -> None:
    table = PAGE.partition("| step | what is done |")[2].partition("\n\n")[0]
    assert {action for action in Action if f"`{action}`" not in table} == set()


def test_a_node_without_a_line_is_missed_where_its_table_is() -> None:
    node = Node(Document(PATH, {(): 1, ("step", 0): 4}, {}), ("step", 0, "do"), "x")
    assert node.error("wrong").line == 4
