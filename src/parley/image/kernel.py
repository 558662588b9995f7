"""User-mode Linux kernels: Debian's own, or the lab's, whose binary, C library and modules lie in one entry.

A kernel is described by its entry alone, so one built in another way is just another entry of the same
kind: `linux`, optionally `lib/` and `modules.ext4`, and `config`, with version and features in meta.json.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.errors import ImageError, MissingError, UsageError
from parley.image.apt import Apt, unpack
from parley.image.command import CommandError, as_root, run, works
from parley.image.kernel_features import features
from parley.image.recipe import digest, split_name
from parley.image.requirements import require
from parley.image.store import SYSTEM_ROOT, Entry, Key, Made, Progress, Store, silent
from parley.image.tree import remove_tree

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from parley.image.apt import Deb

KIND = "kernel"

# The suites of Debian's kernel, the better first: 7.2 traces system calls in half the time of 6.12.
SUITES = ("sid", "trixie")

# A kernel built with virtual time and packet filters on; wins over Debian's where there is one.
LAB = "kernel@lab"

# What stands behind the @ in a kernel's name.
CHOICES = ("lab", *SUITES)

_FORMAT = 1
_LOADER = "ld-linux-x86-64.so.2"
_LIBRARIES = (_LOADER, "libc.so.6")


@dataclass(frozen=True, slots=True)
class Kernel:
    """A bootable kernel. `modules` is an ext4 image for /usr/lib/modules, None when all is built in.

    `loadable` names the modules in it; None where nobody counted them, as there are so many. `initrd` is
    what a kernel of an emulated PC starts with, None for User-mode Linux.
    """

    name: str
    version: str
    binary: Path
    modules: Path | None
    digest: str
    features: frozenset[str]
    loadable: frozenset[str] | None = None
    initrd: Path | None = None

    @classmethod
    def of(cls, entry: Entry) -> Kernel:
        """The kernel that a store's entry holds."""
        modules, initrd = entry.path / "modules.ext4", entry.path / "initrd"
        loadable = entry.made.facts.get("loadable")
        return cls(
            entry.key.name,
            str(entry.made.facts["version"]),
            entry.path / "linux",
            modules if modules.exists() else None,
            entry.key.digest,
            frozenset(entry.made.facts["features"]),
            None if loadable is None else frozenset(loadable),
            initrd if initrd.exists() else None,
        )

    def lacking(self, needs: Iterable[str]) -> str:
        """Why a case with these needs cannot run on this kernel, and what to do; empty if it can."""
        lacks = sorted(frozenset(needs) - self.features)
        if not lacks:
            return ""
        cure = "parley kernel build" if self.name != LAB else "parley kernel build --again"
        return f"kernel {self.name} {self.version} has no {', '.join(lacks)}; to have it: {cure}"


def kernel_key(suite: str) -> Key:
    """The store's key of Debian's kernel of a suite."""
    return Key(KIND, f"kernel@{suite}", digest(_recipe(suite)))


def find_kernel(store: Store) -> Kernel | None:
    """The best kernel that is there: the lab's, else Debian's newest."""
    debian = [store.find(kernel_key(suite)) for suite in SUITES]
    return find_lab_kernel(store) or next((Kernel.of(entry) for entry in debian if entry), None)


def find_lab_kernel(store: Store) -> Kernel | None:
    """The newest lab kernel that is there, whatever its recipe was."""
    lab = [entry for entry in store.entries(KIND) if entry.key.name == LAB]
    return Kernel.of(lab[-1]) if lab else None


def ensure_kernel(store: Store, progress: Progress = silent, *, suite: str = "") -> Kernel:
    """The best kernel: one that is there, else Debian's from sid or, when that cannot be had, from trixie.

    `suite`, one of CHOICES, asks for a certain one; a lab kernel is not built here, that takes minutes.
    Raises MissingError if this machine cannot make it, ImageError if none can be had.
    """
    if suite in SUITES:
        return _ensure(store, suite, progress)
    kernel = find_lab_kernel(store) if suite else find_kernel(store)
    if kernel is not None:
        return kernel
    if suite:
        raise MissingError("no lab kernel has been built here", hint="parley kernel build")
    require()
    failures = []
    for candidate in SUITES:
        try:
            return _ensure(store, candidate, progress)
        except ImageError as error:
            progress(f"warning: no kernel from {candidate}: {error.args[0]}")
            failures.append(f"{candidate}: {error.args[0]}")
    raise ImageError(
        "no kernel can be had\n" + "\n".join(failures), hint="PARLEY_MIRROR=URL of a Debian mirror"
    )


def is_kernel(name: str) -> bool:
    """Whether `name` is `kernel` or `kernel@SUITE`."""
    return name.partition("@")[0] == "kernel"


def kernel_suite(name: str) -> str:
    """The suite in `kernel` or `kernel@SUITE`; empty for the former. Raises UsageError for an unknown one."""
    _, suite = split_name(name)
    if suite and suite not in CHOICES:
        names = ", ".join(f"kernel@{known}" for known in CHOICES)
        raise UsageError(f"{name}: no kernel can be made from suite {suite!r}", hint=f"kernel, {names}")
    return suite


def _recipe(suite: str) -> str:
    return f"format {_FORMAT}\nsuite {suite}\npackage user-mode-linux\n"


def _ensure(store: Store, suite: str, progress: Progress) -> Kernel:
    key = kernel_key(suite)

    def make(directory: Path) -> Made:
        require()
        check_reachable(store.root)
        return _Build(store, key, suite, directory, progress).make()

    return Kernel.of(store.ensure(key, make, progress))


def check_reachable(root: Path) -> None:
    """Raise ImageError if nobody, who is what guests of root's run as, cannot walk to `root`."""
    if os.geteuid() != 0:
        return
    for directory in (root, *root.parents):
        if directory.exists() and not directory.stat().st_mode & 0o001:
            raise ImageError(
                f"{directory}: others may not walk through it, and guests started by root run as nobody",
                hint=f"PARLEY_CACHE={SYSTEM_ROOT}",
            )


class _Build:
    """One making of Debian's kernel."""

    def __init__(self, store: Store, key: Key, suite: str, directory: Path, progress: Progress) -> None:
        self.directory = directory
        self.final = store.path(key)
        self.suite = suite
        self.progress = progress
        self.log = store.log(key)
        self.log.write_text("", encoding="utf-8")

    def make(self) -> Made:
        """Fill the directory."""
        work = self.directory / "work"
        apt = Apt(work, self.suite, log=self.log, progress=self.progress)
        apt.update()
        (package,) = apt.download("user-mode-linux")
        files = work / "files"
        unpack(package, files)
        binary = self.directory / "linux"
        (files / "usr/bin/linux.uml").rename(binary)
        debs = [package]
        if not works(str(binary), "--version"):
            debs += apt.download("libc6")
            self._bundle_library(debs[-1], work)
        version, found = self._ask(binary)
        self._pack_modules(files / "usr/lib/uml/modules")
        self._link_library(self.final / "lib")
        remove_tree(work)
        packages = {deb.name: deb.version for deb in debs}
        facts = {"version": version, "features": sorted(found), "suite": self.suite}
        return Made(_recipe(self.suite), packages, tuple(apt.notes), facts)

    def _ask(self, binary: Path) -> tuple[str, frozenset[str]]:
        """Have the kernel itself say its version, configuration and options: so it runs here."""
        try:
            version = run(binary, "--version", what="starting the new kernel", log=self.log)
            configuration = run(binary, "--showconfig", what="starting the new kernel")
            usage = run(binary, "--help", what="starting the new kernel")
        except CommandError as error:
            raise ImageError(
                f"Debian's kernel from {self.suite} does not run here: {error.args[0]}"
            ) from error
        (self.directory / "config").write_text(configuration + "\n", encoding="utf-8")
        return version.strip(), features(configuration, usage)

    def _bundle_library(self, package: Deb, work: Path) -> None:
        """Put the suite's own C library beside a kernel that wants a newer one than this machine's."""
        unpack(package, work / "libc")
        (self.directory / "lib").mkdir()
        for name in _LIBRARIES:
            found = sorted((work / "libc").rglob(name))
            if not found:
                raise ImageError(f"{package.path.name} holds no {name}")
            (self.directory / "lib" / name).write_bytes(found[0].read_bytes())
            (self.directory / "lib" / name).chmod(0o755)
        self._link_library(self.directory / "lib")

    def _link_library(self, library: Path) -> None:
        """Make the binary use the bundled C library at `library`, if there is one.

        Starting it through the loader instead fails: User-mode Linux executes /proc/self/exe again.
        """
        if (self.directory / "lib").exists():
            options = ("--set-interpreter", library / _LOADER, "--set-rpath", library)
            run("patchelf", *options, self.directory / "linux", what="linking the new kernel", log=self.log)

    def _pack_modules(self, modules: Path) -> None:
        if not modules.is_dir():
            return
        self.progress(f"kernel from {self.suite}: packing modules")
        pack(modules, self.directory / "modules.ext4", log=self.log)


def pack(tree: Path, image: Path, *, log: Path | None = None) -> None:
    """Turn a tree of this user's files into an ext4 image, in which they belong to root."""
    files = list(tree.rglob("*"))
    data = sum(-(-path.lstat().st_size // _BLOCK) for path in files)  # in blocks, each file's last one whole
    size = (data + len(files)) * _BLOCK * 112 // 100 + 8 * 1024**2
    options = ("-q", "-t", "ext4", "-b", str(_BLOCK), "-O", "^has_journal", "-m", "0")
    run(
        *(as_root() or ()),
        "mke2fs",
        *options,
        "-d",
        tree,
        image,
        f"{size // 1024}k",
        what=f"packing {image.name}",
        log=log,
    )


_BLOCK = 4096
