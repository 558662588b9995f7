"""Root file systems of Debian hosts, one read-only image per implementation and suite."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import as_file, files
from typing import TYPE_CHECKING

from parley.image import apt
from parley.image.command import CommandError, as_root, run
from parley.image.recipe import recipe
from parley.image.requirements import require
from parley.image.store import Entry, Key, Made, Progress, Store, silent

if TYPE_CHECKING:
    from pathlib import Path

    from parley.image.recipe import Recipe

KIND = "image"

# What mmdebstrap says while it works, and what to tell of it.
_PHASE = re.compile(
    r"I: (running apt-get update|downloading packages|extracting archives|installing \w+ packages|cleaning)"
)


@dataclass(frozen=True, slots=True)
class Image:
    """A root file system: an ext4 image at `path`, and the version of every package in it."""

    name: str
    path: Path
    packages: dict[str, str]
    digest: str
    version: str = ""

    @classmethod
    def of(cls, entry: Entry) -> Image:
        """The image that a store's entry holds."""
        return cls(
            entry.key.name,
            entry.path / "root.ext4",
            entry.made.packages,
            entry.key.digest,
            str(entry.made.facts.get("version", "")),
        )


def image_key(name: str) -> Key:
    """The store's key of IMPLEMENTATION or IMPLEMENTATION@SUITE. Raises UsageError for an unknown one."""
    wanted = recipe(name)
    return Key(KIND, wanted.name, wanted.digest)


def find_image(store: Store, name: str) -> Image | None:
    """The image, if it has been made."""
    entry = store.find(image_key(name))
    return Image.of(entry) if entry else None


def ensure_image(store: Store, name: str, progress: Progress = silent) -> Image:
    """The image of IMPLEMENTATION (Debian trixie's) or IMPLEMENTATION@SUITE, made if need be (15 s or so).

    Raises UsageError for an unknown name, MissingError if this machine cannot make images, ImageError
    if the build fails.
    """
    wanted = recipe(name)
    key = image_key(name)

    def make(directory: Path) -> Made:
        return _make(store, key, wanted, directory, progress)

    return Image.of(store.ensure(key, make, progress))


def _make(store: Store, key: Key, wanted: Recipe, directory: Path, progress: Progress) -> Made:
    require()
    notes: list[str] = []
    log = store.log(key)
    log.write_text("", encoding="utf-8")
    try:
        _bootstrap(store, wanted, directory, log, progress, extra="")
    except CommandError as error:
        note = apt.expiry(error)
        if not note:
            raise
        progress(f"warning: {note}")
        notes.append(note)
        _bootstrap(store, wanted, directory, log, progress, extra=apt.ACCEPT_EXPIRED)
    lines = (directory / "packages.txt").read_text(encoding="utf-8").splitlines()
    (directory / "packages.txt").unlink()
    packages = dict(line.split(" ", 1) for line in lines)
    facts = {"version": packages[wanted.packages[0]], "mirror": apt.mirror(), "suite": wanted.suite}
    return Made(wanted.text, packages, tuple(notes), facts)


def _bootstrap(
    store: Store, wanted: Recipe, directory: Path, log: Path, progress: Progress, *, extra: str
) -> None:
    """Run rootfs.sh in an empty `directory`."""
    store.downloads.mkdir(exist_ok=True)
    configuration = directory / "apt.conf"
    configuration.write_text(f"{apt.proxy_configuration()}\n{extra}\n", encoding="utf-8")
    options = [
        f"--aptopt={configuration}",
        f"--keyring={apt.KEYRING}",
        f"--include={','.join(wanted.packages)}",
        *(f"--dpkgopt=path-exclude={path}" for path in wanted.excluded),
        *(f"--customize-hook={hook}" for hook in wanted.hooks),
    ]
    with as_file(files("parley.image") / "rootfs.sh") as script:
        run(
            *(as_root() or ()),
            *("sh", script, wanted.suite, apt.mirror(), store.downloads),
            *options,
            what=f"making image {wanted.name}",
            cwd=directory,
            log=log,
            on_line=lambda line: _tell(wanted.name, line, progress),
        )
    configuration.unlink()


def _tell(name: str, line: str, progress: Progress) -> None:
    match = _PHASE.match(line)
    if match:
        progress(f"{name}: {match[1]}")
