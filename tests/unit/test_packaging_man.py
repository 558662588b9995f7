"""The man page is generated; here, that what comes out is a man page."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from parley.cli import parley

PAGE = Path(__file__).parents[2] / "docs" / "man" / "parley.1"
MACROS = {"TH", "SH", "SS", "B", "I", "BR", "IR", "RI", "TP", "PP", "nf", "fi"}


def test_only_known_requests_begin_a_line() -> None:
    requests = re.findall(r"^['.](\S*)", PAGE.read_text(), re.MULTILINE)
    assert set(requests) <= {*MACROS, r"\""}
    assert requests.count("nf") == requests.count("fi")


def test_no_hyphen_of_an_option_is_typographic() -> None:
    assert re.findall(r"(?<!\\)-", PAGE.read_text()) == []


@pytest.mark.parametrize("name", parley.list_commands(click.Context(parley)))
def test_every_command_has_its_section(name: str) -> None:
    assert re.search(rf"^\.SS parley {name}\b", PAGE.read_text(), re.MULTILINE)


@pytest.mark.skipif(not shutil.which("groff"), reason="groff is not installed")
def test_a_formatter_has_nothing_to_complain_of() -> None:
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww", PAGE], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    # Bold by overstriking or by escape sequences, as groff likes.
    assert "--resume PATH" in re.sub(r"\x1b\[[0-9;]*m|.\x08", "", done.stdout)
