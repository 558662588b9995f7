from __future__ import annotations

import os
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest

from parley.record.layout import RunLayout
from parley.record.results import read_result, write_json
from parley.report.compare import compare
from parley.report.html.pages import PageWriter
from parley.report.html.write import write_report
from parley.report.load import load_run
from parley.verdict import Check, CheckState, Verdict
from sample_runs import HOSTILE, Shape, cells, mixed_cells, of_every_verdict, result, write_run

if TYPE_CHECKING:
    from pathlib import Path

BARE = Shape(transcripts=False)
ISSUES = {"https://example.org/issues/2602", "https://example.org/issues/17"}
VOID = {"meta", "link", "input", "br", "col", "rect", "wbr"}


class _Page(HTMLParser):
    """Checks that tags nest, and collects what a page points to and says."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.open: list[str] = []
        self.references: list[str] = []
        self.ids: list[str] = []
        self.text = ""
        self.feed(path.read_text(encoding="utf-8"))
        self.close()
        assert self.open == [], path

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.references += [value for name in ("href", "src") if (value := values.get(name))]
        self.ids += [value for value in [values.get("id")] if value]
        assert not [name for name, _ in attrs if name == "style" or name.startswith("on")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in VOID, attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def _pages(root: Path) -> dict[str, _Page]:
    return {str(path.relative_to(root)): _Page(path) for path in sorted(root.rglob("*.html"))}


def _hostile_run(root: Path) -> Path:
    check = Check(HOSTILE, CheckState.FAILED, HOSTILE, HOSTILE, "share/east/log/pluto.log:3")
    hostile = result(
        "a <b>& case", Verdict.FAILED, reason=HOSTILE, title=HOSTILE, checks=(check,), rerun=HOSTILE
    )
    write_run(root, [*of_every_verdict(), hostile, result("group/nested"), *mixed_cells()])
    RunLayout(root).case(hostile.case).transcript("west").write_text(HOSTILE)
    return root


def test_every_page_is_well_formed_and_every_link_leads_somewhere(tmp_path: Path) -> None:
    run = load_run(_hostile_run(tmp_path / "run"))
    before = load_run(write_run(tmp_path / "before", [result("gone"), *of_every_verdict()[1:]], shape=BARE))
    root = write_report(run, comparison=compare(run, before)).parent
    pages = _pages(root)
    assert len(pages) == len(run.results) + 2
    for name, page in pages.items():
        assert len(set(page.ids)) == len(page.ids), name
        for reference in page.references:
            url = urlsplit(reference)
            if reference in ISSUES:
                continue
            assert not url.scheme, reference
            assert not url.netloc, reference
            target = root / name if not url.path else (root / name).parent / os.fsdecode(unquote(url.path))
            assert target.exists(), f"{name}: {reference}"


def test_hostile_text_is_shown_and_does_nothing(tmp_path: Path) -> None:
    root = write_report(load_run(_hostile_run(tmp_path))).parent
    for path in root.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert "<script>alert" not in text
        assert "\x1b" not in text
        assert "\u202e" not in text
    page = _pages(root)["cases/a <b>& case.html"]
    assert "\\x1b[2J\\x1b]0;owned\\x07<script>alert(1)</script>" in page.text


def test_only_an_issue_becomes_a_link_out_of_the_report(tmp_path: Path) -> None:
    address = "https://example.org/issues/2602"
    results = [
        result("known", Verdict.KNOWN, reason=f"as {address} says: <b>no</b> reply"),
        result("failed", Verdict.FAILED, reason=f"said {address}"),
        result("hostile", Verdict.KNOWN, reason='javascript:alert(1) https://x/"onclick=y'),
    ]
    pages = _pages(write_report(load_run(write_run(tmp_path, results, shape=BARE))).parent)
    outside = {name: [one for one in page.references if ":" in one] for name, page in pages.items()}
    assert outside["cases/known.html"] == [address]
    assert outside["cases/failed.html"] == []
    assert outside["cases/hostile.html"] == ["https://x/"]
    assert "<b>no</b> reply" in pages["cases/known.html"].text


def test_the_reason_and_the_rerun_command_come_first(tmp_path: Path) -> None:
    root = write_report(load_run(write_run(tmp_path, of_every_verdict()))).parent
    text = _pages(root)["cases/ikev2-mtu-large.html"].text
    order = [
        "failed",
        "0 of 4 replies of 1400 bytes",
        "parley run ikev2-mtu-large",
        "Checks",
        "Hosts",
        "Steps",
        "Files",
    ]
    places = [text.index(word, text.index("ikev2-mtu-large\n")) for word in order]
    assert places == sorted(places)


def test_a_differing_transcript_stands_beside_its_reference(tmp_path: Path) -> None:
    root = write_report(load_run(write_run(tmp_path, of_every_verdict()))).parent
    text = (root / "cases/ikev2-psk-rekey.html").read_text()
    assert text.index("2 lines differ from the reference") < text.index("as the reference, line by line")
    assert text.count('class="t gone"') == 1
    assert text.count('class="t come"') == 2
    assert 'title="was: 0x9f2c11ab"' in text


def test_a_reference_that_is_gone_is_said_to_be(tmp_path: Path) -> None:
    write_run(tmp_path, [result("one")])
    (tmp_path / "references" / "west.console.txt").unlink()
    root = write_report(load_run(tmp_path)).parent
    assert "west.console.txt is not here any more" in (root / "cases/one.html").read_text()


def test_evidence_with_a_line_number_links_its_file(tmp_path: Path) -> None:
    check = Check("daemon log clean", CheckState.FAILED, "east", "x", "share/east/log/pluto.log:12")
    absent = Check("other", CheckState.FAILED, "east", "x", "share/east/log/absent.log")
    root = write_report(
        load_run(write_run(tmp_path, [result("one", Verdict.FAILED, checks=(check, absent))]))
    ).parent
    page = _pages(root)["cases/one.html"]
    assert "../../cases/one/share/east/log/pluto.log" in page.references
    assert not [reference for reference in page.references if "absent" in reference]
    assert "share/east/log/absent.log" in page.text


def test_a_damaged_play_record_costs_its_page_nothing_else(tmp_path: Path) -> None:
    write_run(tmp_path, [result("one")])
    RunLayout(tmp_path).case("one").play.write_text("{")
    root = write_report(load_run(tmp_path)).parent
    text = _pages(root)["cases/one.html"].text
    assert "Damaged" in text
    assert "Checks" in text


def test_earlier_tries_are_shown(tmp_path: Path) -> None:
    root = write_report(load_run(write_run(tmp_path, of_every_verdict()))).parent
    assert "no INFORMATIONAL reply within 30 s" in _pages(root)["cases/ikev2-dpd.html"].text


def _stamps(root: Path) -> dict[str, int]:
    return {str(path.relative_to(root)): path.stat().st_ino for path in root.rglob("*") if path.is_file()}


def test_unchanged_pages_are_left_alone(tmp_path: Path) -> None:
    results = [result("one"), result("two", Verdict.FAILED, reason="no reply"), result("three")]
    root = write_report(load_run(write_run(tmp_path, results))).parent
    first = _stamps(root)
    write_report(load_run(tmp_path))
    second = _stamps(root)
    assert {name for name in first if first[name] != second[name]} == {".status.json"}
    changed = result("two", Verdict.FAILED, reason="no traffic")
    write_json(RunLayout(tmp_path).case("two").result, changed)
    write_report(load_run(tmp_path))
    third = _stamps(root)
    assert {name for name in second if second[name] != third[name]} == {
        ".status.json",
        "cases/two.html",
        "index.html",
        "junit.xml",
        "report.json",
    }


def test_a_page_with_unchanged_input_is_not_even_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_run(tmp_path, [result("one")])
    write_report(load_run(tmp_path))

    def never(*_arguments: object, **_options: object) -> None:
        raise AssertionError("built again")

    monkeypatch.setattr("parley.report.html.pages.build_case", never)
    write_report(load_run(tmp_path))
    RunLayout(tmp_path).case("one").capture.write_bytes(b"longer than before" * 1000)
    with pytest.raises(AssertionError, match="built again"):
        write_report(load_run(tmp_path))


def test_pages_written_as_cases_ended_are_left_alone(tmp_path: Path) -> None:
    results = [*of_every_verdict(), *mixed_cells()]
    write_run(tmp_path, results)
    files = {one.case: RunLayout(tmp_path).case(one.case).result for one in results}
    ended = {case: file.read_bytes() for case, file in files.items() if file.exists()}
    for case in ended:
        files[case].unlink()
    writer = PageWriter(load_run(tmp_path), tmp_path / "report")
    for case, text in ended.items():
        files[case].write_bytes(text)
        writer.write(read_result(files[case]))

    first = _stamps(tmp_path / "report")
    root = write_report(load_run(tmp_path)).parent
    second = _stamps(root)
    assert len(first) == len(ended)
    assert {name: second[name] for name in first} == first
    assert len(_pages(root)) == len(results) + 2


def test_pages_of_cases_that_are_gone_are_removed(tmp_path: Path) -> None:
    write_run(tmp_path, [result("one"), result("two")])
    root = write_report(load_run(tmp_path)).parent
    write_run(tmp_path, [result("one")])
    write_report(load_run(tmp_path))
    assert (root / "cases/one.html").exists()
    assert not (root / "cases/two.html").exists()


@pytest.mark.parametrize(
    "status", ["", "{", "[]", '{"code": 1}', '{"code": 1, "pages": {"../../run.json": ""}}']
)
def test_a_damaged_status_only_costs_time(tmp_path: Path, status: str) -> None:
    write_run(tmp_path, [result("one")])
    root = write_report(load_run(tmp_path)).parent
    (root / ".status.json").write_text(status)
    (root / "cases/one.html").unlink()
    write_report(load_run(tmp_path))
    assert (root / "cases/one.html").exists()
    assert (tmp_path / "run.json").exists()


def test_no_half_page_is_left_when_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_run(tmp_path, [result("one")], shape=BARE)

    def full(path: Path, data: bytes) -> int:
        with path.open("wb") as file:
            file.write(data[: len(data) // 2])
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        write_report(load_run(tmp_path))
    assert [path for path in (tmp_path / "report").rglob("*") if path.is_file()] == []


def test_several_processes_write_what_one_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = load_run(write_run(tmp_path / "run", mixed_cells(), shape=BARE))
    one = write_report(run, output=tmp_path / "one").parent
    monkeypatch.setattr("parley.report.html.pages._CASES_PER_WORKER", 30)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 1, 2})
    many = write_report(run, output=tmp_path / "many").parent
    names = {path.relative_to(one) for path in one.rglob("*") if path.is_file()}
    assert names == {path.relative_to(many) for path in many.rglob("*") if path.is_file()}
    for name in names:
        if name.name != ".status.json":
            assert (one / name).read_bytes() == (many / name).read_bytes()


def test_a_small_matrix_is_a_small_page(tmp_path: Path) -> None:
    root = write_report(load_run(write_run(tmp_path, mixed_cells(), shape=BARE))).parent
    loaded = [root / "matrix.html", *(root / "assets").iterdir()]
    assert sum(path.stat().st_size for path in loaded) < 200_000


def test_without_scripts_everything_is_in_the_tables(tmp_path: Path) -> None:
    results = [replace(one, reason=f"reason {number}") for number, one in enumerate(cells(["s"]))]
    root = write_report(load_run(write_run(tmp_path, results, shape=BARE))).parent
    index = (root / "index.html").read_text()
    assert all(one.case in index and one.reason in index for one in results)
    assert "<tr hidden" not in index
    matrix = _pages(root)["matrix.html"]
    assert all(f"cases/{one.case}.html" in matrix.references for one in results)
