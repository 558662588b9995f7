from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from parley.case.testlist import Listed
from parley.errors import InputError
from parley.upstream.old_form import load_old_case

if TYPE_CHECKING:
    from pathlib import Path

CONSOLE = """\
# set up
east# ipsec start

Redirecting to: [initsystem]

netbsdw# ping east
west not up
east# # a comment
"""


def test_commands_are_taken_out_of_the_merged_reference(tmp_path: Path) -> None:
    (tmp_path / "all.console.txt").write_text(CONSOLE)
    case = load_old_case(tmp_path, Listed("x-01", status="wip"))
    assert case is not None
    assert [(step.host, step.text, step.is_comment) for step in case.steps] == [
        ("", "# set up", True),
        ("east", "ipsec start", False),
        ("west", "ping east", False),
        ("east", "# a comment", True),
    ]
    assert [(host.name, host.platform) for host in case.hosts] == [("east", "debian"), ("west", "netbsd")]
    assert case.status == "wip"
    assert [reference.host for reference in case.references] == [""]


def test_a_script_without_hosts_in_its_name_is_played_and_not_the_reference(tmp_path: Path) -> None:
    (tmp_path / "all.sh").write_text("east# one\n")
    (tmp_path / "all.console.txt").write_text("east# two\n")
    case = load_old_case(tmp_path, Listed("x-01"))
    assert case is not None
    assert [step.text for step in case.steps] == ["one"]


@pytest.mark.parametrize("name", ["eastinit.sh", "final.sh"])
def test_a_case_with_other_scripts_is_none(tmp_path: Path, name: str) -> None:
    (tmp_path / "all.console.txt").write_text(CONSOLE)
    (tmp_path / name).write_text("true\n")
    assert load_old_case(tmp_path, Listed("x-01")) is None


def test_a_directory_with_neither_is_none(tmp_path: Path) -> None:
    assert load_old_case(tmp_path, Listed("x-01")) is None


def test_an_unknown_host_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "all.sh").write_text("east# one\nmoon# two\n")
    with pytest.raises(InputError, match=r"all\.sh:2: no host is called moon"):
        load_old_case(tmp_path, Listed("x-01"))
