"""The lab kernel: User-mode Linux with virtual time and packet filters, built from Debian's source.

::

    KIND/.kernel@lab-DIGEST.build/     what a build that was stopped goes on with
      source.json                      the package that `tree` was unpacked from
      tree/                            patched source, and every object compiled so far
      configured                       there once `tree/.config` is complete
    logs/kernel@lab-DIGEST.log         all that its programs printed, over all attempts

The build itself is make's, so what is compiled already is not compiled again.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.errors import ImageError
from parley.image import kernel_config as config
from parley.image.command import DIE_WITH_PARENT, CommandError, as_root, run
from parley.image.kernel import KIND, LAB, Kernel, check_reachable, pack
from parley.image.kernel_features import features
from parley.image.kernel_meter import Meter, count_compiled
from parley.image.kernel_needs import require_for_kernel
from parley.image.kernel_source import Source, ensure_source, patch_text
from parley.image.lock import Busy, locked
from parley.image.recipe import digest
from parley.image.store import Key, Made, Progress, Store, silent
from parley.image.tree import disk_usage, remove_tree

if TYPE_CHECKING:
    from pathlib import Path

# Raise it when the way of building changes what comes of it.
_FORMAT = 1

# What 7.2 compiles for this configuration; other versions differ by a few in a hundred.
_OBJECTS = 1540

# Nothing of the machine that builds it goes into a kernel.
_IDENTITY = ("KBUILD_BUILD_USER=parley", "KBUILD_BUILD_HOST=lab")


def lab_key() -> Key:
    """The store's key of the lab kernel that this Parley builds."""
    return Key(KIND, LAB, digest(_Recipe.today().text))


def ensure_lab_kernel(store: Store, progress: Progress = silent, *, jobs: int = 0) -> Kernel:
    """The lab kernel of this Parley, built if need be: 16 minutes of one core, `jobs` at once (0: all).

    Raises MissingError with all that root must install, ImageError if the build fails; what was done
    by then is kept for the next attempt.
    """
    recipe = _Recipe.today()
    key = Key(KIND, LAB, digest(recipe.text))

    def make(directory: Path) -> Made:
        require_for_kernel(store.root)
        check_reachable(store.root)
        processes = jobs or len(os.sched_getaffinity(0))
        return _Build(store, key, recipe, directory, progress=progress, jobs=processes).make()

    kernel = Kernel.of(store.ensure(key, make, progress))
    # Only now: removing it takes seconds, and who is killed in the middle must find the kernel or the tree.
    with suppress(Busy):
        forget_build(build_tree(store, key))
    return kernel


def forget_build(tree: Path) -> int:
    """Remove what a build has kept; returns the bytes that this frees. Raises Busy while one goes on."""
    if not tree.exists():
        return 0
    with locked(tree.with_suffix(".lock"), wait=False):
        size = disk_usage(tree)
        # What goes on with a tree goes by this file, so it must not outlive any other.
        (tree / "source.json").unlink(missing_ok=True)
        remove_tree(tree)
    return size


def build_tree(store: Store, key: Key) -> Path:
    """Where a build keeps what it has done; there only while it is not complete."""
    return store.path(key).with_name(f".{key}.build")


@dataclass(frozen=True, slots=True)
class _Recipe:
    """All that decides what comes of a source, read once: a build takes long, and Parley may change."""

    essential: str
    wanted: str
    patch: str

    @classmethod
    def today(cls) -> _Recipe:
        """The recipe of this Parley."""
        return cls(config.fragment(config.ESSENTIAL), config.fragment(config.WANTED), patch_text())

    @property
    def text(self) -> str:
        """As it is recorded."""
        return "\n".join((f"format {_FORMAT}", self.essential, self.wanted, self.patch))


class _Build:
    """One attempt at building the lab kernel."""

    def __init__(
        self,
        store: Store,
        key: Key,
        recipe: _Recipe,
        directory: Path,
        *,
        progress: Progress,
        jobs: int,
    ) -> None:
        self.recipe = recipe
        self.directory = directory
        self.work = build_tree(store, key)
        self.tree = self.work / "tree"
        self.log = store.log(key)
        self.jobs = jobs
        self._tell = progress

    def make(self) -> Made:
        """Fill the directory; on the way leave in `work` what the next attempt can go on with."""
        goes_on = self.work.exists() and self.log.exists()
        self.work.mkdir(exist_ok=True)
        if not goes_on:
            self.log.write_text("", encoding="utf-8")
        source = ensure_source(self.work, self.recipe.patch, log=self.log, progress=self.progress)
        missing = self._configure()
        self._compile()
        self.progress("packing the kernel")
        return self._collect(source, missing)

    def progress(self, line: str) -> None:
        """Tell a line about this kernel."""
        self._tell(f"{LAB}: {line}")

    def _configure(self) -> tuple[str, ...]:
        """Configure the tree; returns what was wanted and cannot be had. Raises ImageError for essentials."""
        marker, file = self.work / "configured", self.tree / ".config"
        essential, wanted = self.recipe.essential, self.recipe.wanted
        if not marker.exists():
            self.progress("configuring")
            self._make("defconfig", what="making the default configuration")
            with file.open("a", encoding="utf-8") as stream:
                stream.write(f"{essential}\n{wanted}\n")
            self._make("olddefconfig", what="configuring the kernel")
        result = file.read_text(encoding="utf-8")
        lacking = config.unmet(config.options(essential), result)
        if lacking:
            raise ImageError(
                "this kernel source cannot do what a lab kernel must\n" + "\n".join(lacking),
                hint=f"less {self.log}",
            )
        marker.touch()
        missing = config.unmet(config.options(wanted), result)
        for option in missing:
            self.progress(f"warning: not to be had: {option}")
        return missing

    def _compile(self) -> None:
        with self.log.open(encoding="utf-8", errors="replace") as lines:
            done = count_compiled(lines)
        self.progress(f"compiling with {self.jobs} jobs{f', {done} objects are there' if done else ''}")
        meter = Meter(self.progress, expected=_OBJECTS, done=done)
        try:
            self._make(f"-j{self.jobs}", "linux", "modules", what="compiling the kernel", meter=meter)
        except CommandError as error:
            first = meter.first_error or error.output
            raise ImageError(f"compiling the kernel failed\n{first}", hint=error.hint) from error

    def _make(self, *words: str, what: str, meter: Meter | None = None) -> None:
        # In a process namespace, for a make that is killed does not take the makes below it along.
        run(
            *(as_root() or DIE_WITH_PARENT),
            *("make", "ARCH=um", *_IDENTITY, *words),
            what=what,
            cwd=self.tree,
            log=self.log,
            on_line=meter.line if meter else None,
        )

    def _collect(self, source: Source, missing: tuple[str, ...]) -> Made:
        binary = self.directory / "linux"
        run("strip", "--strip-debug", "-o", binary, self.tree / "linux", what="stripping the new kernel")
        (self.directory / "config").write_bytes((self.tree / ".config").read_bytes())
        version, found = self._ask(binary)
        facts = {
            "version": version,
            "features": sorted(found),
            "suite": source.suite,
            "loadable": self._pack_modules(),
            "missing": list(missing),
        }
        return Made(self.recipe.text, {source.package: source.version}, source.notes, facts)

    def _ask(self, binary: Path) -> tuple[str, frozenset[str]]:
        """Have the kernel itself say what it is: so it runs here."""
        what = "starting the new kernel"
        version = run(binary, "--version", what=what, log=self.log).strip()
        return version, features(run(binary, "--showconfig", what=what), run(binary, "--help", what=what))

    def _pack_modules(self) -> list[str]:
        """Pack the few modules; returns their names, as modprobe knows them."""
        root = self.work / "modules"
        remove_tree(root)
        self._make(
            "modules_install", f"INSTALL_MOD_PATH={root}", "INSTALL_MOD_STRIP=1", what="packing modules"
        )
        modules = root / "lib" / "modules"
        for link in modules.glob("*/build"):
            link.unlink()
        pack(modules, self.directory / "modules.ext4", log=self.log)
        return sorted(re.sub(r"\.ko$", "", path.name).replace("-", "_") for path in modules.rglob("*.ko"))
