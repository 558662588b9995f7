from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from parley.cli.clean import clean
from parley.record.lock import going_on
from parley.record.results import RunRecord, write_json

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


def add_run(runs: Path, name: str, started: str = "2026-01-01T00:00:00") -> Path:
    (runs / name / "cases/psk/share/west").mkdir(parents=True)
    (runs / name / "cases/psk/share/west/out").touch()
    write_json(runs / name / "run.json", RunRecord(("parley",), ("psk",), started, "0.1"))
    return runs / name


def call(runs: Path, *words: str) -> Result:
    return CliRunner().invoke(clean, [*words, str(runs)], catch_exceptions=False)


def left(runs: Path) -> list[str]:
    return sorted(path.name for path in runs.iterdir())


def test_runs_are_removed(tmp_path: Path) -> None:
    add_run(tmp_path, "one")
    add_run(tmp_path, "two")
    result = call(tmp_path)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [f"removing {tmp_path / name}" for name in ("one", "two")]
    assert left(tmp_path) == []
    assert call(tmp_path).stdout == f"no runs to remove in {tmp_path}\n"


def test_a_dry_run_only_says_so(tmp_path: Path) -> None:
    add_run(tmp_path, "one")
    assert call(tmp_path, "-n").stdout == f"would remove {tmp_path / 'one'}\n"
    assert left(tmp_path) == ["one"]


def test_the_newest_are_kept_whatever_they_are_called(tmp_path: Path) -> None:
    for name, day in (("zebra", 1), ("mine", 3), ("2020-01-01T00-00-00-aaaa", 2)):
        add_run(tmp_path, name, f"2026-01-0{day}T00:00:00")
    call(tmp_path, "--keep", "1")
    assert left(tmp_path) == ["mine"]
    call(tmp_path, "--keep", "5")
    assert left(tmp_path) == ["mine"]


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "not JSON",
        '{"name": "run", "version": "0.2.0"}',
        '{"schema": "http://json-schema.org"}',
        '{"schema": 1}',
        '{"schema": 99}',
        "",
        "\x00",
    ],
)
def test_what_is_no_run_is_never_removed(tmp_path: Path, text: str) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious/run.json").write_text(text)
    (tmp_path / "precious/thesis.tex").touch()
    add_run(tmp_path, "one")
    result = call(tmp_path)
    assert result.exit_code == 0
    assert left(tmp_path) == ["precious"]
    assert f"{tmp_path / 'precious'} is left alone: " in result.stderr
    assert (tmp_path / "precious/thesis.tex").exists()


def test_files_directories_and_links_beside_runs_stay(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    run = add_run(tmp_path / "elsewhere", "run")
    runs.mkdir()
    (runs / "notes").mkdir()
    (runs / "run.json").write_text(json.dumps({"schema": 1}))
    (runs / "latest").symlink_to(run)
    (runs / "linked").symlink_to(run)
    (runs / "directory-of-that-name").mkdir()
    (runs / "directory-of-that-name/run.json").mkdir()
    call(runs)
    assert left(runs) == ["directory-of-that-name", "latest", "linked", "notes", "run.json"]
    assert (run / "run.json").exists()


def test_a_link_in_a_run_is_removed_and_not_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious/file").touch()
    runs = tmp_path / "runs"
    run = add_run(runs, "one")
    (run / "cases/psk/share/west/trap").symlink_to(tmp_path / "precious")
    call(runs)
    assert left(runs) == []
    assert (tmp_path / "precious/file").exists()


def test_a_link_to_the_latest_goes_with_it(tmp_path: Path) -> None:
    add_run(tmp_path, "one")
    (tmp_path / "latest").symlink_to("one")
    call(tmp_path)
    assert left(tmp_path) == []


def test_a_run_that_goes_on_is_left_alone(tmp_path: Path) -> None:
    run = add_run(tmp_path, "one")
    with going_on(run):
        assert call(tmp_path).stdout == f"{run} is going on: left alone\n"
    assert left(tmp_path) == ["one"]


def test_what_guests_left_is_removed_however_deep_and_whatever_its_mode(tmp_path: Path) -> None:
    run = add_run(tmp_path, "one")
    (run / "cases/psk/share/west").chmod(0o500)
    directory = os.open(run / "cases/psk/share", os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("down", dir_fd=directory)
        below = os.open("down", os.O_RDONLY, dir_fd=directory)
        os.close(directory)
        directory = below
    os.close(directory)
    call(tmp_path)
    assert left(tmp_path) == []


def test_a_directory_that_is_not_there_holds_no_runs(tmp_path: Path) -> None:
    result = call(tmp_path / "nowhere")
    assert (result.exit_code, result.stdout) == (0, f"no runs to remove in {tmp_path / 'nowhere'}\n")
