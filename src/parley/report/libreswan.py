"""The results of Libreswan's own suite in that project's form, which its web pages show (testing/web).

::

    DIRECTORY/
      results.json, summary.json, TESTLIST     as testing/utils/fab/publish.py writes them
      NAME/OUTPUT/                             result.json, RESULT, files.json, consoles and their diffs, logs
"""

from __future__ import annotations

import difflib
import gzip
import json
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from parley.errors import LabError, UsageError
from parley.lab.jail import Jail
from parley.record.results import read_play
from parley.upstream.result import ALL, result_json, utc

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parley.record.layout import CaseLayout
    from parley.record.results import CaseResult
    from parley.report.load import LoadedRun


def write_libreswan(run: LoadedRun, output: Path | None = None) -> Path:
    """Write the results of a run below `output` (default: RUN/libreswan); return that directory.

    Cases of other suites are left out. Raises UsageError if the run has no other, and OSError if the
    directory cannot be written.
    """
    results = [result for result in run.results if result.kind]
    if not results:
        raise UsageError(f"{run.root} holds no case of Libreswan's own suite", hint="--format json")
    root = output or run.root / "libreswan"
    root.mkdir(parents=True, exist_ok=True)
    records = [result_json(result) for result in results]
    for result, record in zip(results, records, strict=True):
        _write_case(root / result.case, run.case(result.case), result, record)
    _write_json(root / "results.json", records)
    _write_json(root / "summary.json", _summary(run, results, records))
    lines = (f"{result.kind} {result.case} {result.status}\n" for result in results)
    (root / "TESTLIST").write_text("".join(lines), encoding="utf-8")
    return root


def _summary(run: LoadedRun, results: list[CaseResult], records: list[dict[str, Any]]) -> dict[str, Any]:
    totals: dict[str, dict[str, Any]] = {}
    for result, record in zip(results, records, strict=True):
        counts = totals.setdefault(result.kind, {}).setdefault(result.status, {"issues": Counter()})
        counts[record["result"]] = counts.get(record["result"], 0) + 1
        counts["issues"].update(issue for issues in record["issues"].values() for issue in issues)
    summary = {
        "directory": run.root.resolve().name,
        "start_time": utc(datetime.fromisoformat(run.record.started)),
        "totals": totals,
        "total": len(records),
    }
    if run.record.finished:
        summary["current_time"] = utc(datetime.fromisoformat(run.record.finished))
    return summary


def _write_case(directory: Path, layout: CaseLayout, result: CaseResult, record: dict[str, Any]) -> None:
    output = directory / "OUTPUT"
    output.mkdir(parents=True, exist_ok=True)
    _write_json(output / "result.json", record)
    for host in (ALL, *(host.name for host in result.hosts)):
        for source, name in (
            (layout.raw_transcript(host), f"{host}.console.verbose.txt"),
            (layout.transcript(host), f"{host}.console.txt"),
        ):
            if source.is_file():
                (output / name).write_bytes(source.read_bytes())
    if layout.play.is_file():
        play = read_play(layout.play)
        for path, text in _diffs(Path(play.directory), output):
            path.write_bytes(text)
        _write_logs(Jail(layout.share), result.case, output)
        _copy_description(Path(play.directory), directory)
    names = sorted(path.name for path in output.iterdir())
    files = {f"OUTPUT/{name}": f"OUTPUT/{name}" for name in names if name != "files.json"}
    _write_json(output / "files.json", files)


def _diffs(case: Path, output: Path) -> Iterator[tuple[Path, bytes]]:
    for path in sorted(output.glob("*.console.txt")):
        reference = case / path.name
        if reference.is_file():
            old, new = reference.read_bytes(), path.read_bytes()
            names = f"MAIN/{case.name}/{path.name}".encode(), f"OUTPUT/{case.name}/{path.name}".encode()
            lines = difflib.diff_bytes(
                difflib.unified_diff, old.splitlines(), new.splitlines(), *names, lineterm=b""
            )
            yield path.with_name(path.name.replace(".txt", ".diff")), b"".join(line + b"\n" for line in lines)


def _write_logs(jail: Jail, case: str, output: Path) -> None:
    for name in jail.files(f"testing/pluto/{case}/OUTPUT"):
        if name.endswith(".log"):
            try:
                data = jail.read(name)
            except (LabError, OSError):
                continue
            (output / f"{Path(name).name}.gz").write_bytes(gzip.compress(data, mtime=0))


def _copy_description(case: Path, directory: Path) -> None:
    description = case / "description.txt"
    if description.is_file():
        (directory / description.name).write_bytes(description.read_bytes())


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
