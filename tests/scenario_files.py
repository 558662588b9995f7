"""Scenario files for tests: texts, what they load as, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from parley.errors import InputError
from parley.scenario.load import parse_scenario

if TYPE_CHECKING:
    from parley.scenario.model import Scenario

PATH = Path("a-scenario.toml")

TITLE = 'title = "A scenario"\n'


def scenario(text: str) -> Scenario:
    """The scenario of `text`; a title is added."""
    return parse_scenario(PATH, TITLE + dedent(text))


def mistake(text: str) -> InputError:
    """What is wrong with `text`, whose first line is line 2, after the title."""
    with pytest.raises(InputError) as caught:
        scenario(text)
    return caught.value
