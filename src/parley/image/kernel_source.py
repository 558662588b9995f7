"""Linux's source as Debian packages it, unpacked and patched for a lab kernel."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from parley.errors import ImageError
from parley.image.apt import Apt, unpack
from parley.image.command import DIE_WITH_PARENT, CommandError, run
from parley.image.tree import remove_tree

if TYPE_CHECKING:
    from pathlib import Path

    from parley.image.store import Progress

# Where Debian's newest source may be had; the newer first.
SUITES = ("sid", "trixie-backports", "trixie")

# One after the other.
PATCHES = ("virtual-time.patch", "seed.patch")

# Depends on the package of the suite's newest version.
_META = "linux-source"

# Half a gigabyte of headers for hardware that a User-mode Linux never meets.
_UNUSED = ("drivers/gpu/drm/amd/include", "drivers/gpu/drm/nouveau/include")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a source tree came from: Debian's package, its version and its suite."""

    package: str
    version: str
    suite: str
    notes: tuple[str, ...] = ()


def ensure_source(work: Path, patch: str, *, log: Path, progress: Progress) -> Source:
    """Have the source at `work/tree`, changed by a `patch`, of the newest version that can be had.

    What an earlier attempt left complete is taken as it is, so that a build goes on with the version
    with which it began. Raises ImageError if no suite has a source, or if the patch does not fit it.
    """
    record, tree = work / "source.json", work / "tree"
    if tree.is_dir() and record.exists():
        return _read(record)
    remove_tree(tree)
    archive, source = _fetch(work / "apt", log=log, progress=progress)
    progress(f"unpacking {source.package} {source.version}")
    fresh = work / "unpacking"
    remove_tree(fresh)
    fresh.mkdir()
    options = [*(f"--exclude=*/{path}" for path in _UNUSED), "--no-same-owner", "--strip-components=1"]
    what = f"unpacking {archive.name}"
    run(*DIE_WITH_PARENT, "tar", "-xf", archive, *options, cwd=fresh, what=what, log=log)
    file = work / "lab.patch"
    file.write_text(patch, encoding="utf-8")
    _patch(fresh, file, source, log)
    record.write_text(json.dumps(asdict(source), indent=1) + "\n", encoding="utf-8")
    fresh.rename(tree)
    remove_tree(work / "apt")
    return source


def patch_text() -> str:
    """The patches without which time is not virtual enough, nor chance the same in two runs, as one."""
    place = files("parley.image") / "lab_kernel"
    return "\n".join((place / name).read_text(encoding="utf-8") for name in PATCHES)


def _read(record: Path) -> Source:
    data = json.loads(record.read_text(encoding="utf-8"))
    return Source(data["package"], data["version"], data["suite"], tuple(data["notes"]))


def _fetch(directory: Path, *, log: Path, progress: Progress) -> tuple[Path, Source]:
    failures = []
    for suite in SUITES:
        remove_tree(directory)
        try:
            return _fetch_from(suite, directory, log=log, progress=progress)
        except ImageError as error:
            progress(f"warning: no kernel source from {suite}: {error.args[0]}")
            failures.append(f"{suite}: {error.args[0]}")
    raise ImageError(
        "no kernel source can be had\n" + "\n".join(failures), hint="PARLEY_MIRROR=URL of a Debian mirror"
    )


def _fetch_from(suite: str, directory: Path, *, log: Path, progress: Progress) -> tuple[Path, Source]:
    apt = Apt(directory, suite, log=log, progress=progress)
    apt.update()
    (meta,) = apt.download(_META)
    depends = run("dpkg-deb", "--field", meta.path, "Depends", what=f"reading {meta.path.name}")
    match = re.match(r"linux-source-[\d.]+", depends)
    if match is None:
        raise ImageError(f"{meta.path.name} depends on no kernel source: {depends.strip()}")
    (deb,) = apt.download(match[0])
    files_of = directory / "files"
    unpack(deb, files_of)
    archives = sorted(files_of.glob(f"usr/src/{deb.name}.tar.*"))
    if len(archives) != 1:
        raise ImageError(f"{deb.path.name} holds {len(archives)} archives, expected one")
    return archives[0], Source(deb.name, deb.version, suite, tuple(apt.notes))


def _patch(tree: Path, patch: Path, source: Source, log: Path) -> None:
    try:
        run(
            *("patch", "--strip=1", "--forward", "--batch", "--no-backup-if-mismatch", "--fuzz=0"),
            *("--directory", tree, "--input", patch),
            what=f"patching {source.package}",
            log=log,
        )
    except CommandError as error:
        raise ImageError(
            f"Parley's patch does not fit {source.package} {source.version}, and without it virtual "
            f"time leaps while a host reads its disk\n{error.output}",
            hint="a newer Parley, or an older source: PARLEY_MIRROR=https://snapshot.debian.org/...",
        ) from error
