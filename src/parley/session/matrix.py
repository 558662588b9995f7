"""One invocation of `parley matrix`: every implementation against every other, both roles."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import click

from parley.case.suite import default_suite, load_suite
from parley.cell.drivers import NATIVE, plays
from parley.daemon.registry import daemon_named, daemons
from parley.errors import InputError, UsageError
from parley.image.equip import equip
from parley.image.recipe import NFS_SERVER
from parley.image.source import Source, parse_source
from parley.image.store import Store
from parley.install.base import installed_bases
from parley.lab.host import Limits
from parley.near import nearest
from parley.record.layout import RunLayout
from parley.record.results import CellRef
from parley.run.cell import CellJob
from parley.run.plan import TOOLS_IMAGE
from parley.run.share import NFS
from parley.run.testing import scenario_kinds
from parley.scenario.model import Role
from parley.scenario.suite import default_scenarios, is_meant, load_scenarios
from parley.session.booting import check_booting, equipment_of
from parley.session.common import begin, carry_out, new_directory, new_record
from parley.session.options import LabOptions, recorded_lab
from parley.wire.impair import parse_impairment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from parley.image.equip import Tools
    from parley.record.results import RunRecord
    from parley.scenario.model import Scenario


@dataclass(frozen=True, slots=True)
class MatrixOptions(LabOptions):
    """What was asked for. `implementations` is empty for all that Parley knows; NAME=TREE is one.

    `must_include` keeps only cells in which that implementation plays a role.
    """

    selectors: tuple[str, ...] = ()
    scenarios: tuple[Path, ...] = ()
    implementations: tuple[str, ...] = ()
    must_include: str = ""
    impairments: tuple[str, ...] = ()
    core: bool = False
    try_lacks: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """One place in the matrix."""

    scenario: Scenario
    initiator: str
    responder: str

    @property
    def name(self) -> str:
        """The case's name, and that of its directory."""
        return f"{self.scenario.name}.{self.initiator}.{self.responder}"

    @property
    def reference(self) -> CellRef:
        """Its coordinates, for the record."""
        return CellRef(self.scenario.name, self.initiator, self.responder, self.scenario.rfcs)


def execute_matrix(options: MatrixOptions, *, html: bool = True) -> int:
    """Run the cells that were asked for, show them, and return the exit code."""
    for text in options.impairments:
        parse_impairment(text)
    scenarios, errors = load_scenarios(options.scenarios or (default_scenarios(),))
    for error in errors:
        click.echo(f"parley: {error}", err=True)
    if errors and not scenarios:
        return UsageError.exit_code
    sources = _sources(options)
    cells = select_cells(scenarios, options)
    run = RunLayout(options.output or new_directory())
    record = _record(options, cells)
    waiting = [cell for cell in cells if not (options.resume and run.case(cell.name).result.exists())]
    options.check()
    check_booting(options.backends, options.first)
    tools = _equip(options, waiting, sources)
    begin(run, record)
    with tools.held():
        jobs = _jobs(options, run, waiting, tools)
        code = carry_out(run, record, jobs, parallel=options.jobs, fail_fast=options.fail_fast, html=html)
    return 2 if errors else code


def resume_matrix(root: Path, record: RunRecord, *, jobs: int) -> MatrixOptions:
    """The options of a matrix that was stopped, to go on with it. Raises InputError for damaged ones."""
    cells = record.cells.values()
    # In the order in which they were given, so that cells keep theirs.
    labels = dict.fromkeys(name for cell in cells for name in (cell.initiator, cell.responder))
    trees = dict(record.options.get("sources", {}))
    names = [f"{daemon_named(label).name}={trees[label]}" if label in trees else label for label in labels]
    try:
        return MatrixOptions(
            selectors=tuple(f"{cell.initiator}/{cell.responder}/{cell.scenario}" for cell in cells),
            scenarios=tuple(Path(path) for path in record.suites),
            implementations=tuple(names),
            impairments=tuple(record.options["impairments"]),
            try_lacks=bool(record.options["try_lacks"]),
            **recorded_lab(record.options),
            jobs=jobs,
            output=root,
            resume=True,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(RunLayout(root).record, 0, f"its options are damaged: {error!r}") from error


def list_cells(options: MatrixOptions) -> list[Cell]:
    """The cells that a run would take. Raises InputError for the first broken scenario."""
    scenarios, errors = load_scenarios(options.scenarios or (default_scenarios(),))
    if errors:
        raise errors[0]
    return select_cells(scenarios, options)


def select_cells(scenarios: Sequence[Scenario], options: MatrixOptions) -> list[Cell]:
    """The cells that are meant, scenario by scenario.

    Raises UsageError for a selector that means none, and for an implementation that is not known.
    """
    drivers = [name for name, daemon in daemons().items() if daemon.driver is not None]
    drivers += [name for name in NATIVE if NATIVE[name] in drivers and _is_in(name, options)]
    names = list(dict.fromkeys(_label(name) for name in options.implementations or drivers))
    for name in (*names, *filter(None, (options.must_include,))):
        if not plays(name):
            raise UsageError(f"{name} plays no scenarios", hint=f"known: {', '.join(drivers)}")
    chosen = [scenario for scenario in scenarios if scenario.core or not options.core]
    everything = [Cell(scenario, one, other) for scenario in chosen for one, other in product(names, names)]
    for selector in options.selectors:
        if not any(_matches(cell, selector) for cell in everything):
            raise UsageError(f"no cell is meant by {selector!r}", hint=_hint(selector, names, chosen))
    cells = [cell for cell in everything if _is_meant(cell, options)]
    if not cells:
        raise UsageError("no cell is left to run", hint="parley matrix --list")
    return cells


def _is_in(platform: str, options: MatrixOptions) -> bool:
    """Whether a BSD has a row and a column: it is installed, or asked for by name."""
    sides = {side for text in options.selectors for side in text.split("/")[:-1]}
    return platform in {options.must_include, *sides} or platform in installed_bases(Store.default(), NATIVE)


def _hint(selector: str, names: Sequence[str], scenarios: Sequence[Scenario]) -> str:
    """The nearest word to the part of a selector that means nothing."""
    *sides, scenario = selector.split("/")
    if not sides and selector in load_suite(default_suite()).names():
        return f"that is a case: parley run {selector}"
    for side in sides:
        if not any(fnmatchcase(name, side or "*") for name in names):
            return nearest(side, names)
    return nearest(scenario, [each.name for each in scenarios])


def _is_meant(cell: Cell, options: MatrixOptions) -> bool:
    if options.must_include and options.must_include not in {cell.initiator, cell.responder}:
        return False
    return not options.selectors or any(_matches(cell, selector) for selector in options.selectors)


def _matches(cell: Cell, selector: str) -> bool:
    """`SCENARIO` or `INITIATOR/RESPONDER/SCENARIO`: globs, and for the scenario what `is_meant` knows."""
    patterns = selector.split("/")
    if len(patterns) == 1:
        return selector == cell.name or is_meant(cell.scenario, selector)
    if len(patterns) != 3:  # noqa: PLR2004 -- the three coordinates
        raise UsageError(f"{selector} is no selector", hint="SCENARIO or INITIATOR/RESPONDER/SCENARIO, globs")
    *sides, scenario = (pattern or "*" for pattern in patterns)
    if not is_meant(cell.scenario, scenario):
        return False
    return all(map(fnmatchcase, (cell.initiator, cell.responder), sides))


def _sources(options: MatrixOptions) -> list[Source]:
    return [source for name in options.implementations if (source := parse_source(name))]


def _label(name: str) -> str:
    source = parse_source(name)
    return source.label if source else name


def _equip(options: MatrixOptions, cells: Sequence[Cell], sources: Sequence[Source]) -> Tools:
    kinds = sorted({kind for cell in cells for kind in scenario_kinds(cell.scenario)})
    sides = {name for cell in cells for name in (cell.initiator, cell.responder)}
    images = sorted(sides - NATIVE.keys() | {TOOLS_IMAGE, *([NFS_SERVER] if options.share == NFS else [])})
    compiled = [(source, source.implementation) for source in sources]
    return equip(images, kinds, kernel=options.kernel, sources=compiled)


def _jobs(options: MatrixOptions, run: RunLayout, cells: Sequence[Cell], tools: Tools) -> list[CellJob]:
    equipment = equipment_of(tools, tools.images, options.backends, options.seed)
    equipment = replace(equipment, share=options.share)
    return [
        CellJob(
            name=cell.name,
            title=cell.scenario.title,
            layout=run.case(cell.name),
            equipment=equipment,
            limits=Limits().scaled(options.timeout_scale * equipment.slowness),
            rerun=_rerun(cell, options),
            retry=options.retry,
            cell=cell.reference,
            scenario=cell.scenario,
            implementations={Role.INITIATOR: cell.initiator, Role.RESPONDER: cell.responder},
            impairments=options.impairments,
            try_lacks=options.try_lacks,
            clock=options.clock,
            first=options.first,
        )
        for cell in cells
    ]


def _rerun(cell: Cell, options: MatrixOptions) -> str:
    words = ["parley", "matrix", f"{cell.initiator}/{cell.responder}/{cell.scenario.name}"]
    asked = {_label(name): name for name in options.implementations}
    names = sorted({cell.initiator, cell.responder})
    words += [f"--impl={asked.get(name, name)}" for name in names if "@" in name]
    words += [f"--scenarios={path}" for path in options.scenarios]
    words += [f"--impair={text}" for text in options.impairments]
    words += ["--try-lacks"] if options.try_lacks else []
    return shlex.join(words + options.lab_words())


def _record(options: MatrixOptions, cells: Sequence[Cell]) -> RunRecord:
    return replace(
        new_record([cell.name for cell in cells]),
        suites=tuple(str(path.resolve()) for path in options.scenarios),
        cells={cell.name: cell.reference for cell in cells},
        options={
            "sources": {source.label: str(source.tree) for source in _sources(options)},
            "impairments": list(options.impairments),
            "try_lacks": options.try_lacks,
            **options.lab_record(),
        },
    )
