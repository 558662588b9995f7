from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from parley.case.text import read_lines
from parley.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", [""]),
        (b"one", ["one"]),
        (b"one\n", ["one"]),
        (b"one\n\n", ["one", ""]),
        (b"one\r\ntwo\r\n", ["one", "two"]),
        (b"a\tb\n", ["a\tb"]),
        # Python's splitlines would cut here, and all later line numbers would be wrong.
        ("a\u2028b\n".encode(), ["a\u2028b"]),
    ],
)
def test_lines_end_at_newlines_only(tmp_path: Path, data: bytes, lines: list[str]) -> None:
    path = tmp_path / "x.sh"
    path.write_bytes(data)
    assert read_lines(path) == lines


@pytest.mark.parametrize(
    ("data", "line", "what"),
    [
        (b"fine\nbad \xff byte\n", 2, "0xff"),
        (b"\xc3", 1, "0xc3"),
        (b"a\nb\nls \x00\n", 3, "0x00"),
        (b"a\n\x1b[2J\n", 2, "0x1b"),
        (b"half\rway\n", 1, "0x0d"),
    ],
)
def test_bytes_that_are_no_text_are_named_with_their_line(
    tmp_path: Path, data: bytes, line: int, what: str
) -> None:
    path = tmp_path / "x.sh"
    path.write_bytes(data)
    with pytest.raises(InputError, match=what) as caught:
        read_lines(path)
    assert (caught.value.path, caught.value.line) == (path, line)


def test_a_file_that_is_none_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_lines(tmp_path)
