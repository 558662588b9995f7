"""Implementations compiled from trees of sources, laid into images like any other.

::

    ROOT/builds/NAME-DIGEST/     DIGEST names the tree's path and the script: its copy, and objects
    ROOT/build/NAME-DIGEST/      install.tar, what was compiled from one state of the tree
    ROOT/source/NAME-DIGEST/     root.ext4, an image with it

The user's tree is only read. Compiling runs in the root file system of a Debian of its own, natively, as
root in namespaces (subuid(5)); nothing of the machine's own compilers or libraries goes in.
"""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING

from parley.errors import ImageError
from parley.image.command import CommandError, as_root, run
from parley.image.lock import locked
from parley.image.recipe import TOOLCHAIN, digest
from parley.image.requirements import require
from parley.image.rootfs import Image, ensure_image
from parley.image.source_kinds import SourceKind, source_kind
from parley.image.source_tree import source_files, synchronize, tree_digest
from parley.image.store import Entry, Key, Made, Progress, Store, silent

if TYPE_CHECKING:
    from collections.abc import Iterable

BUILD = "build"
KIND = "source"

# Raise it when source.sh changes what comes out.
_FORMAT = 1

# How compilers, linkers and makefiles say what went wrong; the first one is the reason, the rest follows.
_ERROR = re.compile(
    r":\d+:(\d+:)? (fatal )?error: |: undefined reference to |^CMake Error|^configure: error: "
    r"|^make.*\*\*\* .*(No rule|Stop|Error)|: command not found$|^E: "
)


# Where source.sh puts the tree.
_TREE = "/src"


class BuildError(ImageError):
    """A tree does not compile. 125 tells `git bisect run` that this commit cannot be judged."""

    exit_code = 125


@dataclass(frozen=True, slots=True)
class Source:
    """A tree of sources of an implementation, known in runs as IMPLEMENTATION@src-DIRECTORY."""

    implementation: str
    tree: Path

    @property
    def label(self) -> str:
        """The name under which hosts run it; fit for file names."""
        word = re.sub(r"[^a-z0-9]+", "-", self.tree.name.lower()).strip("-")
        return f"{self.implementation}@src-{word or 'tree'}"

    def image(self, base: str) -> str:
        """The name of the image called `base` with it inside; its label alone where that is the usual one."""
        return self.label if base == self.implementation else f"{self.label}+{base}"


@dataclass(frozen=True, slots=True)
class _State:
    """One state of a tree."""

    source: Source
    kind: SourceKind
    names: tuple[str, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class _Step:
    """One call of source.sh; see there."""

    root: Path
    tree: Path
    script: str
    result: str
    layer: tuple[Path, ...] = ()

    def run(self, log: Path, directory: Path) -> None:
        """Run it in an empty `directory`; its output is in `log`, from the beginning."""
        log.write_text("", encoding="utf-8")
        with (
            tempfile.NamedTemporaryFile("w", suffix=".sh", dir=directory, encoding="utf-8") as file,
            as_file(files("parley.image") / "source.sh") as runner,
        ):
            file.write(self.script)
            file.flush()
            words: tuple[str | Path, ...] = (
                "sh",
                runner,
                self.root,
                self.tree,
                file.name,
                self.result,
                *self.layer,
            )
            run(*(as_root() or ()), *words, what=f"the {self.result} step", cwd=directory, log=log)


def source_of(implementation: str, tree: Path) -> Source:
    """The tree as a source of that implementation. Raises UsageError if it is none."""
    path = tree.expanduser().resolve()
    return Source(source_kind(implementation, path).implementation, path)


def parse_source(text: str) -> Source | None:
    """`IMPLEMENTATION=TREE` as a source; None for a text without an equals sign.

    Raises UsageError for a tree that is none of that implementation's.
    """
    implementation, equals, tree = text.partition("=")
    if not equals:
        return None
    return source_of(implementation, Path(tree))


def ensure_source(store: Store, source: Source, base: str, progress: Progress = silent) -> Image:
    """The image called `base` with what `source` compiles to in it, made if need be.

    Compiling Libreswan takes minutes at first, and seconds when little has changed since. Raises
    BuildError if the tree does not compile, MissingError if this machine cannot make images.
    """
    kind = source_kind(source.implementation, source.tree)
    names = tuple(source_files(source.tree, kind.ignored))
    state = _State(source, kind, names, tree_digest(source.tree, names))
    under = ensure_image(store, base, progress)
    built = _ensure_build(store, state, progress)
    script = kind.lay_into(base)
    recipe = f"format {_FORMAT}\nbase {under.name} {under.digest}\nbuild {built.key.digest}\n{script}"
    key = Key(KIND, source.image(base), digest(recipe))

    def make(directory: Path) -> Made:
        progress(f"{source.label}: laying it into {base}")
        layer = (built.path / "install.tar",)
        _Step(under.path, source.tree, script, "image", layer).run(store.log(key), directory)
        facts = {"version": built.made.facts["version"], "tree": str(source.tree)}
        return Made(recipe, {**under.packages, source.implementation: facts["version"]}, facts=facts)

    return Image.of(store.ensure(key, make, progress))


def _ensure_build(store: Store, state: _State, progress: Progress) -> Entry:
    toolchain = ensure_image(store, TOOLCHAIN, progress)
    recipe = f"format {_FORMAT}\nroot {toolchain.digest}\ntree {state.digest}\n{state.kind.build}"
    key = Key(BUILD, state.source.label, digest(recipe))

    def make(directory: Path) -> Made:
        require()
        # What was configured in another way is no use for this one.
        place = digest(f"{state.source.tree}\n{state.kind.build}")
        copy = store.root / "builds" / f"{state.source.label}-{place}"
        copy.mkdir(parents=True, exist_ok=True)
        with locked(copy / ".lock"):
            progress(f"{state.source.label}: compiling {state.source.tree}; log: {store.log(key)}")
            synchronize(state.source.tree, state.names, copy)
            step = _Step(toolchain.path, copy / "src", state.kind.build, "install")
            _compile(store.log(key), directory, step, state.source)
        version = (directory / "version.txt").read_text(encoding="utf-8").strip()
        (directory / "version.txt").unlink()
        return Made(recipe, facts={"version": version, "tree": str(state.source.tree)})

    return store.ensure(key, make, progress)


def _compile(log: Path, directory: Path, step: _Step, source: Source) -> None:
    try:
        step.run(log, directory)
    except CommandError as error:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        first = (first_error(lines) or error.output).replace(f"{_TREE}/", "")
        raise BuildError(f"{source.tree} does not compile: {first}", hint=f"less {log}") from error


def first_error(lines: Iterable[str]) -> str:
    """The first line of a build's output that says what is wrong; empty if none does."""
    return next((line.strip() for line in lines if _ERROR.search(line)), "")
