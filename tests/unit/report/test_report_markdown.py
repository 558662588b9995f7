from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from parley.report.compare import compare
from parley.report.load import load_run
from parley.report.markdown import escape_markdown, render_markdown
from parley.verdict import Verdict
from sample_runs import HOSTILE, Shape, of_every_verdict, result, write_run

if TYPE_CHECKING:
    from pathlib import Path

BARE = Shape(transcripts=False)


def test_every_case_is_a_row(tmp_path: Path) -> None:
    text = render_markdown(load_run(write_run(tmp_path, of_every_verdict(), shape=BARE)))
    html_text = MarkdownIt().enable("table").render(text.split("All cases</summary>")[1])
    assert html_text.count("<tr>") == 1 + len(of_every_verdict())
    assert "■ F failed" in html_text


def test_hostile_text_adds_no_column_and_no_markup(tmp_path: Path) -> None:
    one = result("a|b`c", Verdict.FAILED, reason=HOSTILE)
    text = render_markdown(load_run(write_run(tmp_path, [one], shape=BARE)))
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {row.count("|") for row in rows} == {6}
    assert "<script" not in text
    assert "@you" not in text
    assert "\\x1b" in html.unescape(text)


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_a_reader_sees_the_text_letter_by_letter(text: str) -> None:
    rendered = MarkdownIt().enable("table").render(f"| a |\n| --- |\n| x{escape_markdown(text)}x |")
    cell = re.search(r"<td>(.*)</td>", rendered, re.DOTALL)
    assert cell is not None
    unescaped = re.sub(r"&#(\d+);", lambda match: chr(int(match[1])), escape_markdown(text))
    assert html.unescape(cell[1]) == f"x{unescaped}x"


def test_changes_come_before_the_table(tmp_path: Path) -> None:
    before = load_run(write_run(tmp_path / "a", [result("x")], shape=BARE))
    now = load_run(write_run(tmp_path / "b", [result("x", Verdict.FAILED)], shape=BARE))
    text = render_markdown(now, comparison=compare(now, before))
    assert text.index("New failures") < text.index("All cases")
    assert "Nothing changed." in render_markdown(now, comparison=compare(now, now))
