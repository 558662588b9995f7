"""Runs of implementations compiled from trees, and of Libreswan's own suite, which is one of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from parley.errors import UsageError
from parley.image.recipe import FEDORA_LIKE
from parley.image.source import Source, parse_source
from parley.lab.host import DEFAULT_LIMITS
from parley.upstream.job import COMMAND_LIMIT, UpstreamJob
from parley.upstream.old_form import load_old_case
from parley.upstream.tree import tree_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from parley.case.model import ScriptedCase
    from parley.case.suite import Suite
    from parley.errors import InputError
    from parley.image.rootfs import Image
    from parley.run.scripted import ScriptedJob
    from parley.upstream.tree import Tree

_LIBRESWAN = "libreswan"


def parse_sources(texts: Iterable[str]) -> list[Source]:
    """IMPLEMENTATION=TREE each. Raises UsageError for anything else."""
    sources = []
    for text in texts:
        source = parse_source(text)
        if source is None:
            raise UsageError(f"--impl {text} is not NAME=TREE", hint=f"{text}=DIRECTORY of its sources")
        sources.append(source)
    return sources


def with_old_forms(
    suites: Sequence[Suite], cases: Sequence[ScriptedCase], errors: Sequence[InputError]
) -> tuple[list[ScriptedCase], list[InputError]]:
    """The cases and errors of a selection, where trees of Libreswan's have cases in a form of their own."""
    places = {suite.path / entry.name: entry for suite in suites for entry in suite.listed}
    own = {suite.path for suite in suites if tree_of(suite.path)}
    found, left = list(cases), []
    for error in errors:
        directory = error.path if error.path in places else error.path.parent
        case = load_old_case(directory, places[directory]) if directory.parent in own else None
        if case is None:
            left.append(error)
        else:
            found.append(case)
    return found, left


def sources_for(cases: Sequence[ScriptedCase], texts: Iterable[str]) -> list[tuple[Source, str]]:
    """What must be compiled for `cases`, and the image that each is laid into.

    A suite of Libreswan's own runs what its own tree compiles to, unless `texts` say another.
    """
    asked = parse_sources(texts)
    trees = {tree for case in cases if (tree := tree_of(case.suite))}
    wanted = [(_for_tree(tree, asked), FEDORA_LIKE) for tree in sorted(trees, key=lambda tree: tree.root)]
    if any(tree_of(case.suite) is None for case in cases):
        wanted += [(source, source.implementation) for source in asked]
    return wanted


def with_sources(images: Mapping[str, Image], texts: Iterable[str]) -> dict[str, Image]:
    """The images with what was compiled standing in for the package of the same implementation."""
    compiled = {source.implementation: source.label for source in parse_sources(texts)}
    return {**images, **{name: images[label] for name, label in compiled.items() if label in images}}


def upstream_job(job: ScriptedJob, texts: Iterable[str], *, in_place: bool) -> UpstreamJob | None:
    """The job for a case of Libreswan's own suite; None for one of any other."""
    tree = tree_of(job.case.suite)
    if tree is None:
        return None
    return UpstreamJob(
        name=job.name,
        title=job.title,
        layout=job.layout,
        equipment=job.equipment,
        limits=replace(job.limits, command=job.limits.command / DEFAULT_LIMITS.command * COMMAND_LIMIT),
        rerun=job.rerun,
        retry=job.retry,
        case=job.case,
        clock=job.clock,
        hold=job.hold,
        tree=tree,
        image=_for_tree(tree, parse_sources(texts)).image(FEDORA_LIKE),
        in_place=in_place,
    )


def _for_tree(tree: Tree, asked: Sequence[Source]) -> Source:
    own = Source(_LIBRESWAN, tree.root)
    return next((source for source in asked if source.implementation == _LIBRESWAN), own)
