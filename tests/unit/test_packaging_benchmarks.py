"""`make bench`: its table and picture from figures, and what it says to a mistake. Nothing is measured."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

if TYPE_CHECKING:
    from types import ModuleType

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
MACHINE = {"cores": "2"}


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return import_module("figures")


@pytest.fixture
def plot(figures: ModuleType) -> ModuleType:
    assert figures
    return import_module("plot")


@pytest.mark.parametrize(
    ("values", "goal", "more", "ratio", "reached"),
    [
        ((1.0, 2.0, 9.0), 4.0, False, 0.5, "yes"),
        ((5.0,), 4.0, False, 1.25, "**no**"),
        ((4.0,), 4.0, False, 1.0, "yes"),
        ((54.0,), 27.0, True, 0.5, "yes"),
        ((20.0,), 40.0, True, 2.0, "**no**"),
    ],
)
def test_a_goal_is_a_ratio_whichever_way_is_better(
    figures: ModuleType, values: tuple[float, ...], goal: float, ratio: float, reached: str, *, more: bool
) -> None:
    figure = figures.Figure(2, "speed", "s", values, goal, more=more)
    assert figure.to_goal == ratio
    assert f"| {reached} |" in figures.table([figure], MACHINE)


def test_the_table_holds_all_kinds_of_rows(figures: ModuleType) -> None:
    rows = [
        figures.Figure(3, "speed", "s", (1.0, 3.0, 2.0), note="1 passed"),
        figures.Pair("a case", (2.0, 4.0), "a script | pipe", (1.0, 1.0)),
        figures.Skipped("far away", "no network"),
    ]
    text = figures.table(rows, MACHINE)
    assert "| 3 | speed | 2 s | 1 to 3 | 3 |  |  |  | 1 passed |" in text
    assert "| a case | 3 | a script / pipe | 1 | 3 |" in text
    assert "| far away | no network |" in text
    assert "| cores | 2 |" in text
    document = json.loads(json.dumps(figures.as_json(rows, MACHINE)))
    assert document["figures"][0]["median"] == 2.0
    assert document["pairs"][0]["ratio"] == 3.0


def test_the_picture_has_a_bar_for_each_figure_with_a_goal(figures: ModuleType, plot: ModuleType) -> None:
    svg = plot.plot(
        [
            figures.Figure(2, "<quick> & good", "s", (1.0,), 2.0),
            figures.Figure(2, "hopeless", "s", (1e9,), 1e-3),
            figures.Figure(2, "without", "s", (1.0,)),
        ]
    )
    root = ET.fromstring(svg)  # noqa: S314 -- what we have just drawn
    space = "{http://www.w3.org/2000/svg}"
    bars = [rect for rect in root.iter(f"{space}rect") if rect.get("x")]
    assert [bar.get("fill") for bar in bars] == [plot.GOOD, plot.BAD]
    assert all(float(bar.get("x", "")) >= plot.LABEL for bar in bars)
    assert all(
        float(bar.get("x", "")) + float(bar.get("width", "")) <= plot.LABEL + plot.WIDTH for bar in bars
    )
    assert "<quick> & good" in [text.text for text in root.iter(f"{space}text")]


@pytest.mark.parametrize("words", [("--only", "cases"), ("--repeat", "0")], ids=" ".join)
def test_a_mistake_is_told_before_anything_is_measured(words: tuple[str, ...], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, BENCHMARKS / "all.py", *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert re.search(r"there are wire, case|from 1 on", done.stderr)
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_measured_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, BENCHMARKS / "all.py", "--only", "libreswan", "--output", tmp_path / "bench"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "| libreswan | no suite given" in done.stdout
    assert {path.suffix for path in (tmp_path / "bench").iterdir()} == {".md", ".json", ".svg"}
