from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from case_files import new_case, write_files
from parley.case.testlist import Listed, parse_testlist
from parley.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path


def write_list(directory: Path, text: str, *names: str) -> Path:
    for name in names:
        (directory / name).mkdir(exist_ok=True)
    return write_files(directory, {"TESTLIST": text}) / "TESTLIST"


def test_lines_become_entries_in_order(tmp_path: Path) -> None:
    text = (
        "# a suite\n\n"
        "kvmplutotest\tbasic  good\n"
        "kvmplutotest  odd wip github/7 # why\n"
        "umlplutotest far skiptest#far away\n"
        "kvmplutotest last skip"
    )
    listed, errors = parse_testlist(write_list(tmp_path, text, "basic", "odd", "far", "last"))
    assert not errors
    assert listed == [
        Listed("basic"),
        Listed("odd", status="wip", issue="github/7"),
        Listed("far", "umlplutotest", "skiptest"),
        Listed("last", status="skip"),
    ]


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("kvmplutotest", "1 fields where 3 or 4", "kind name status"),
        ("kvmplutotest a", "2 fields", ""),
        ("kvmplutotest a good x y", "5 fields", ""),
        ("kvmplutotest a godo", "no status is called godo", "good"),
        ("kvmplutotest fine good", "fine is listed twice", ""),
        ("kvmplutotest nowhere good", "there is no directory nowhere", ""),
        ("kvmplutotest ../a good", "directly beside", ""),
        ("kvmplutotest .. good", "directly beside", ""),
    ],
)
def test_a_bad_line_is_one_error_and_the_others_count(
    tmp_path: Path, line: str, message: str, hint: str
) -> None:
    text = f"kvmplutotest fine good\n{line}\nkvmplutotest too good\n"
    listed, errors = parse_testlist(write_list(tmp_path, text, "fine", "a", "too"))
    assert [entry.name for entry in listed] == ["fine", "too"]
    assert [(error.path.name, error.line) for error in errors] == [("TESTLIST", 2)]
    assert message in str(errors[0])
    assert hint in errors[0].hint


def test_what_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "TESTLIST").mkdir()
    with pytest.raises(InputError, match="cannot be read"):
        parse_testlist(tmp_path / "TESTLIST")


@given(text=st.text(st.sampled_from("agod kwip#\n\t/."), max_size=80))
def test_every_line_is_a_comment_an_entry_or_an_error(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = new_case(tmp_path_factory.getbasetemp(), {"TESTLIST": text}) / "TESTLIST"
    listed, errors = parse_testlist(path)
    meaningful = [line for line in text.split("\n") if line.partition("#")[0].strip()]
    assert len(listed) + len(errors) == len(meaningful)
