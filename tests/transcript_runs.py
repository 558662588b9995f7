"""A run with one case whose transcripts differ from their references, as `parley run` leaves it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.record.layout import RunLayout
from parley.record.results import HostRecord, PlayRecord, RunRecord, write_json

if TYPE_CHECKING:
    from pathlib import Path

OLD = "".join(f"line {number}\n" for number in range(40)) + "west #\n"
NEW = OLD.replace("line 5\n", "line five\n").replace("line 30\n", "")
CASE = "basic-psk"


@dataclass(frozen=True)
class PlayedCase:
    """Where the run and the case's own directory lie."""

    run: RunLayout
    directory: Path

    def play(self, **changes: object) -> None:
        """Write the record; east has no reference, west the one in the case's directory."""
        hosts = tuple(
            HostRecord(
                name=name, platform="debian", implementation="libreswan", backend="uml", image="", kernel=""
            )
            for name in ("east", "west")
        )
        fields: dict[str, object] = {
            "case": CASE,
            "directory": str(self.directory),
            "hosts": hosts,
            "steps": (),
            "references": {"west": str(self.directory / "west.console.txt")},
        }
        write_json(self.run.case(CASE).play, PlayRecord(**{**fields, **changes}))  # type: ignore[arg-type]  # by name

    def say(self, host: str, text: str) -> None:
        """Write a sanitized transcript."""
        self.run.case(CASE).transcript(host).write_text(text, encoding="utf-8")


def played_case(root: Path) -> PlayedCase:
    """A run in which west differs in two places and east matches nothing yet."""
    run = RunLayout(root / "run")
    directory = root / "suite" / CASE
    directory.mkdir(parents=True)
    run.case(CASE).root.mkdir(parents=True)
    write_json(run.record, RunRecord(command=("parley", "run"), cases=(CASE,), started="", parley="0"))
    (directory / "west.console.txt").write_text(OLD, encoding="utf-8")
    case = PlayedCase(run, directory)
    case.play()
    case.say("west", NEW)
    return case
