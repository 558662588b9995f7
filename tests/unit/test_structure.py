"""The direction in which packages may import each other, and how long files and functions may be."""

from __future__ import annotations

import ast
from collections import defaultdict
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src"
CODE = ("src", "tests", "benchmarks", "docs", "tools", "suites")
SUFFIXES = {".py", ".sh", ".js", ".css", ".html", ".c", ".awk"}
FILE_LINES = 500
FUNCTION_LINES = 60

# From the bottom up: a layer imports those before it, never one after it, and of its own layer nothing but
# its own package. A module named beside its package belongs to another layer than the package: mostly plain
# words that everybody needs. Whoever must add one here should first ask whether it lies in the right package.
LAYERS = (
    ("errors",),
    ("near", "plugins", "escape", "verdict", "certificate"),
    # Words: what the lab's things are called, and what is written down about them.
    ("record", "lab.topology", "lab.jail", "lab.quota", "image.kernel_features", "platform.names"),
    ("image.store", "image.recipe", "image.lock", "image.tree", "image.command"),
    ("transcript", "pki", "scenario.iana", "wire.impair"),
    # What is asked for, and how each daemon is told.
    ("scenario",),
    ("daemon",),
    ("case",),
    ("wire",),
    # What a host boots, from what, and on what.
    ("image",),
    ("backend.base", "backend.accel", "backend.process", "backend.qemu_command"),
    ("image.clone", "image.disk"),
    ("install.base", "install.console"),
    ("platform",),
    ("image.equip", "image.pc_kernel", "image.snapshot", "image.ensure", "image.inventory"),
    ("wire.inside",),
    ("backend",),
    ("install",),
    ("lab",),
    # What it did, and what that is worth.
    ("judge",),
    ("upstream.tree", "upstream.console"),
    ("upstream.judge",),
    ("judge.judge",),
    ("cell",),
    ("run",),
    ("upstream",),
    ("report",),
    ("doctor",),
    ("session",),
    ("cli",),
    ("__main__",),
)
RANKS = {unit: rank for rank, layer in enumerate(LAYERS) for unit in layer}


def modules() -> dict[str, Path]:
    """All modules by their name below `parley.`; the package itself, which holds its version, is none."""
    found = {}
    for path in (SOURCE / "parley").rglob("*.py"):
        parts = path.relative_to(SOURCE / "parley").with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    del found[""]
    return found


MODULES = modules()


def imported(tree: ast.AST, *, typing: bool) -> Iterator[str]:
    """The modules that `tree` imports, those for annotations alone only with `typing`."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING" and not typing:
            continue
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
            yield from (name.removeprefix("parley.") for name in names if name.startswith("parley."))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "parley":
            module = (node.module or "").removeprefix("parley").removeprefix(".")
            for alias in node.names:
                inner = f"{module}.{alias.name}".removeprefix(".")
                yield inner if inner in MODULES else module
        yield from imported(node, typing=typing)


def imports(module: str, *, typing: bool) -> set[str]:
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    return {other for other in imported(tree, typing=typing) if other in MODULES} - {module}


def unit_of(module: str) -> str:
    """The nearest name above `module` that has a layer; fails where there is none."""
    unit = module
    while unit and unit not in RANKS:
        unit = unit.rpartition(".")[0]
    assert unit, f"{module} has no layer: give its package one in {Path(__file__).name}"
    return unit


def is_allowed(module: str, other: str) -> bool:
    unit, below = unit_of(module), unit_of(other)
    same_package = unit.partition(".")[0] == below.partition(".")[0]
    return RANKS[below] < RANKS[unit] or (RANKS[below] == RANKS[unit] and same_package)


def test_no_package_imports_what_lies_above_it() -> None:
    wrong = [
        f"{module} imports {other}"
        for module in sorted(MODULES)
        for other in sorted(imports(module, typing=True))
        if not is_allowed(module, other)
    ]
    assert wrong == []


def test_every_layer_exists() -> None:
    assert [unit for unit in RANKS if unit not in MODULES] == []


def test_no_module_waits_for_itself() -> None:
    try:
        TopologicalSorter({module: imports(module, typing=False) for module in MODULES}).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(error.args[1]))


@pytest.mark.parametrize(
    ("module", "other", "allowed"),
    [
        ("lab.lab", "backend.uml", True),
        ("backend.uml", "lab.lab", False),
        ("backend.uml", "lab.topology", True),
        ("scenario.load", "case.model", False),
        ("backend.uml", "backend.base", True),
        ("near", "escape", False),
    ],
)
def test_the_rule_tells_up_from_down(module: str, other: str, *, allowed: bool) -> None:
    assert is_allowed(module, other) is allowed


def test_imports_of_every_form_are_seen() -> None:
    text = """
from parley import errors
import parley.near
import platform
from record import layout
from parley.lab import jail
from parley.wire.hub import Hub
def late():
    from parley.case.model import Case
if TYPE_CHECKING:
    from parley.verdict import Verdict
"""
    seen = list(imported(ast.parse(text), typing=False))
    assert seen == ["errors", "near", "lab.jail", "wire.hub", "case.model"]
    assert list(imported(ast.parse(text), typing=True)) == [*seen, "verdict"]


def code() -> Iterator[Path]:
    for directory in CODE:
        yield from (path for path in (ROOT / directory).rglob("*") if path.suffix in SUFFIXES)


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of what a function does: neither its parameters nor its docstring make it harder to follow."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (function.end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_no_file_is_long() -> None:
    lengths = {path.relative_to(ROOT): len(path.read_text("utf-8").splitlines()) for path in code()}
    assert len(lengths) > 400
    assert {str(path): lines for path, lines in lengths.items() if lines > FILE_LINES} == {}


def test_no_function_needs_scrolling() -> None:
    long = defaultdict(list)
    for path in code():
        # A test may spell out a whole value that it expects.
        if path.suffix != ".py" or path.is_relative_to(ROOT / "tests"):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = body_lines(node)
                if lines > FUNCTION_LINES:
                    long[str(path.relative_to(ROOT))].append(f"{node.name}: {lines}")
    assert long == {}


def test_parameters_and_docstrings_are_no_length() -> None:
    function = ast.parse(
        'def f(\n    a,\n    b,\n):\n    """Say.\n\n    More.\n    """\n    a()\n    b()\n'
    ).body[0]
    assert isinstance(function, ast.FunctionDef)
    assert body_lines(function) == 2
