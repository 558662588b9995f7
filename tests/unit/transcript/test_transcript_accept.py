from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from parley.errors import InputError, UsageError
from parley.transcript.accept import Proposal, proposals
from parley.transcript.compare import Kind
from transcript_runs import CASE, NEW, OLD, PlayedCase, played_case

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def case(tmp_path: Path) -> PlayedCase:
    return played_case(tmp_path)


def found(case: PlayedCase, qualifier: str = "") -> list[Proposal]:
    return list(proposals(case.run.case(CASE), qualifier=qualifier))


def test_all_accepted_makes_the_transcript_the_reference(case: PlayedCase) -> None:
    [west] = found(case)
    assert (west.host, west.comparison.kind, len(west.comparison.hunks)) == ("west", Kind.DIFFERENT, 2)
    assert west.write(west.comparison.hunks)
    assert (case.directory / "west.console.txt").read_text() == NEW
    assert found(case) == []


def test_only_what_was_accepted_is_written(case: PlayedCase) -> None:
    [west] = found(case)
    assert west.write(west.comparison.hunks[1:])
    assert (case.directory / "west.console.txt").read_text() == OLD.replace("line 30\n", "")
    [rest] = found(case)
    assert rest.comparison.hunks[0].new[3] == "line five"


def test_nothing_accepted_touches_nothing(case: PlayedCase) -> None:
    [west] = found(case)
    before = west.target.stat()
    assert not west.write([])
    assert west.target.stat() == before


def test_a_host_without_reference_gets_a_new_one(case: PlayedCase) -> None:
    case.say("east", "ikectl show sa\neast #\n")
    east, _west = found(case)
    assert east.comparison.kind is Kind.MISSING
    east.write(east.comparison.hunks)
    assert (case.directory / "east.console.txt").read_text() == "ikectl show sa\neast #\n"


def test_a_qualifier_starts_a_file_of_its_own_from_what_was_compared(case: PlayedCase) -> None:
    [west] = found(case, "openbsd")
    assert west.target == case.directory / "west.openbsd.console.txt"
    west.write(west.comparison.hunks[:1])
    assert west.target.read_text() == OLD.replace("line 5\n", "line five\n")
    assert (case.directory / "west.console.txt").read_text() == OLD
    [again] = found(case, "openbsd")
    assert len(again.comparison.hunks) == 1


def test_the_file_that_was_compared_is_the_one_changed(case: PlayedCase) -> None:
    special = case.directory / "west.openbsd.console.txt"
    special.write_text(OLD)
    case.play(references={"west": str(special)})
    [west] = found(case)
    assert west.target == special


def test_a_merged_reference_is_the_only_one(case: PlayedCase) -> None:
    case.play(references={"": str(case.directory / "all.console.txt"), "west": "ignored"})
    case.say("all", "west# true\n\n")
    [merged] = found(case)
    merged.write(merged.comparison.hunks)
    assert (case.directory / "all.console.txt").read_text() == "west# true\n\n"


def test_a_link_and_the_file_mode_survive(case: PlayedCase, tmp_path: Path) -> None:
    real = tmp_path / "real.txt"
    real.write_text(OLD)
    real.chmod(0o640)
    link = case.directory / "west.console.txt"
    link.unlink()
    link.symlink_to(real)
    [west] = found(case)
    west.write(west.comparison.hunks)
    assert link.is_symlink()
    assert real.read_text() == NEW
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_bytes_that_are_no_text_survive_beside_accepted_lines(case: PlayedCase) -> None:
    (case.directory / "west.console.txt").write_bytes(b"caf\xe9\n" + OLD.encode())
    [west] = found(case)
    west.write(west.comparison.hunks[-1:])
    assert (case.directory / "west.console.txt").read_bytes() == b"caf\xe9\n" + OLD.replace(
        "line 30\n", ""
    ).encode()


@pytest.mark.parametrize("change", [{"error": "east: kernel panic"}, {"stopped": "step 3 ran past 120 s"}])
def test_a_transcript_cut_short_makes_no_reference(case: PlayedCase, change: dict[str, str]) -> None:
    case.play(**change)
    with pytest.raises(UsageError, match="cut short"):
        found(case)


@pytest.mark.parametrize("qualifier", ["../x", "a/b", "", "A B", "x.y", "-"])
def test_a_qualifier_is_one_plain_word(case: PlayedCase, qualifier: str) -> None:
    if not qualifier:
        assert found(case, qualifier)
        return
    with pytest.raises(UsageError, match="cannot be part"):
        found(case, qualifier)


@pytest.mark.parametrize("reference", ["/nowhere/at/all/west.console.txt", "{directory}/ipsec.conf"])
def test_a_record_from_elsewhere_writes_nowhere(case: PlayedCase, reference: str) -> None:
    case.play(references={"west": reference.format(directory=case.directory)})
    with pytest.raises(UsageError, match="no place for a reference"):
        found(case)


def test_a_case_without_record_says_so(case: PlayedCase) -> None:
    case.run.case(CASE).play.unlink()
    with pytest.raises(InputError, match="cannot be read"):
        found(case)
