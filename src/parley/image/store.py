"""The cache of images, kernels and certificates: each made once, then never changed.

::

    ROOT/
      KIND/NAME-DIGEST/          one entry: read-only files and meta.json; DIGEST names the recipe
      KIND/.NAME-DIGEST.lock     held exclusively by its builder or remover, shared by its users
      KIND/.NAME-DIGEST.tmpXXX   an entry in the making; renamed when it is complete
      downloads/                 Debian packages, kept between builds
      logs/NAME-DIGEST.log       what a build printed

An entry that exists is complete: it appears by one rename, so a build that was killed leaves nothing
that looks like an entry, and the next builder of its kind clears what it left.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from parley import __version__
from parley.errors import ImageError
from parley.image.lock import Busy, locked
from parley.image.tree import disk_usage, freeze, remove_tree

if TYPE_CHECKING:
    from collections.abc import Iterator

# Told one line about whatever takes longer than a second or two.
Progress = Callable[[str], None]

SCHEMA = 1

# One cache for the machine, made by root and read by everybody: guests run as nobody, who cannot walk
# through a home directory to the kernel's binary.
SYSTEM_ROOT = Path("/var/cache/parley")

_ENTRY = re.compile(r"(?P<name>[a-z0-9][a-z0-9@._+-]*)-(?P<digest>[0-9a-f]{12})")
_TEMPORARY = re.compile(rf"\.(?P<key>{_ENTRY.pattern})\.tmp[^/]*")


def silent(_line: str) -> None:
    """Progress for those who do not want it."""


@dataclass(frozen=True, slots=True)
class Key:
    """What an entry is: `digest` is the first 12 hexadecimal digits of SHA-256 over its recipe."""

    kind: str
    name: str
    digest: str

    def __str__(self) -> str:
        return f"{self.name}-{self.digest}"


@dataclass(frozen=True, slots=True)
class Made:
    """What a builder says about its entry; `facts` are the kind's own, as JSON values."""

    recipe: str
    packages: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """A complete entry. `size` is what it takes on disk, in bytes; `created` is in UTC."""

    key: Key
    path: Path
    made: Made
    created: datetime
    size: int


class Store:
    """A cache at `root`; what it lacks is looked for in `shared`, which is only ever read."""

    def __init__(self, root: Path, *, shared: Path | None = None) -> None:
        self.root = root
        self.shared = shared if shared != root else None

    @classmethod
    def default(cls) -> Store:
        """The user's store: $PARLEY_CACHE, or the machine's for root, or one in the home directory."""
        if override := os.environ.get("PARLEY_CACHE"):
            return cls(Path(override).absolute())
        if os.geteuid() == 0:
            return cls(SYSTEM_ROOT)
        from platformdirs import user_cache_dir  # noqa: PLC0415 -- slow to load, rarely wanted

        trusted = SYSTEM_ROOT.is_dir() and SYSTEM_ROOT.stat().st_uid == 0
        return cls(Path(user_cache_dir("parley")), shared=SYSTEM_ROOT if trusted else None)

    @property
    def downloads(self) -> Path:
        """Debian packages that the next build need not fetch again."""
        return self.root / "downloads"

    def log(self, key: Key) -> Path:
        """The log of an entry's last build."""
        return self.root / "logs" / f"{key}.log"

    def path(self, key: Key) -> Path:
        """Where the entry is, or will be."""
        return self.root / key.kind / str(key)

    def find(self, key: Key) -> Entry | None:
        """The entry, if it is there."""
        for root in self._roots():
            entry = _read(root / key.kind / str(key), key)
            if entry is not None:
                return entry
        return None

    def entries(self, kind: str = "") -> list[Entry]:
        """All entries, or those of one kind, sorted by kind, name and age."""
        found = {}
        for root in reversed(self._roots()):
            for path in root.glob(f"{kind or '*'}/*"):
                match = _ENTRY.fullmatch(path.name)
                entry = _read(path, Key(path.parent.name, *match.groups())) if match else None
                if entry is not None:
                    found[entry.key] = entry
        return sorted(found.values(), key=lambda entry: (entry.key.kind, entry.key.name, entry.created))

    def ensure(self, key: Key, make: Callable[[Path], Made], progress: Progress = silent) -> Entry:
        """Find the entry, or have `make` fill an empty directory with it.

        `make` gets a temporary directory; files that must hold absolute paths use `path(key)`. Of two
        builders one waits and takes what the other made. What `make` raises comes through, and then
        nothing of the attempt is left. Raises ImageError if the cache cannot be written.
        """
        entry = self.find(key)
        if entry is not None:
            return entry
        self._prepare(key.kind)
        waiting = f"{key.name}: another process builds it; waiting"
        with locked(self._lock(key), on_wait=lambda: progress(waiting)):
            self._clear_leftovers(key)
            return self.find(key) or self._build(key, make)

    @contextmanager
    def hold(self, *directories: Path) -> Iterator[None]:
        """Keep entries, given by their `path`, from being removed while they are in use.

        Raises ImageError if one has been already.
        """
        with ExitStack() as stack:
            for directory in directories:
                # A cache that this user cannot write may have no lock; then nothing keeps its owner away.
                with suppress(OSError):
                    stack.enter_context(locked(directory.with_name(f".{directory.name}.lock"), shared=True))
                if not directory.is_dir():
                    raise ImageError(f"{directory} has just been removed", hint="parley image build")
            yield

    def remove(self, entry: Entry) -> None:
        """Remove an entry. Raises ImageError if it is in use or belongs to somebody else."""
        if entry.path.parent.parent != self.root:
            raise ImageError(f"{entry.path} belongs to the machine's cache", hint="the same command as root")
        try:
            with locked(self._lock(entry.key), wait=False):
                doomed = Path(tempfile.mkdtemp(prefix=f".{entry.key}.tmp", dir=entry.path.parent))
                entry.path.rename(doomed)  # onto an empty directory, so in one step (rename(2))
                remove_tree(doomed)
        except Busy:
            raise ImageError(
                f"{entry.key.name}: in use or being built", hint="again, when that run has ended"
            ) from None

    def _roots(self) -> list[Path]:
        return [self.root, self.shared] if self.shared else [self.root]

    def _lock(self, key: Key) -> Path:
        return self.root / key.kind / f".{key}.lock"

    def _prepare(self, kind: str) -> None:
        try:
            for directory in (self.root, self.root / kind, self.root / "logs"):
                directory.mkdir(mode=0o755, parents=True, exist_ok=True)
        except OSError as error:
            raise ImageError(
                f"{error.filename}: {error.strerror}", hint="PARLEY_CACHE=DIRECTORY that you may write"
            ) from error

    def _clear_leftovers(self, held: Key) -> None:
        for path in (self.root / held.kind).glob(".*.tmp*"):
            match = _TEMPORARY.fullmatch(path.name)
            if match and match["key"] == str(held):
                remove_tree(path)
            elif match:
                with suppress(Busy), locked(path.with_name(f".{match['key']}.lock"), wait=False):
                    remove_tree(path)

    def _build(self, key: Key, make: Callable[[Path], Made]) -> Entry:
        final = self.path(key)
        temporary = Path(tempfile.mkdtemp(prefix=f".{key}.tmp", dir=final.parent))
        try:
            made = make(temporary)
            entry = Entry(key, final, made, datetime.now(UTC).replace(microsecond=0), disk_usage(temporary))
            _write(temporary, entry)
            freeze(temporary)
            temporary.rename(final)
        except BaseException:
            remove_tree(temporary)
            raise
        return entry


def _write(directory: Path, entry: Entry) -> None:
    meta = {
        "schema": SCHEMA,
        "kind": entry.key.kind,
        "name": entry.key.name,
        "digest": entry.key.digest,
        "created": entry.created.isoformat(),
        "size": entry.size,
        "parley": __version__,
        **asdict(entry.made),
    }
    (directory / "meta.json").write_text(json.dumps(meta, indent=1) + "\n", encoding="utf-8")


def _read(path: Path, key: Key) -> Entry | None:
    try:
        meta = json.loads((path / "meta.json").read_text(encoding="utf-8"))
        made = Made(meta["recipe"], meta["packages"], tuple(meta["notes"]), meta["facts"])
        return Entry(key, path, made, datetime.fromisoformat(meta["created"]), meta["size"])
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None
    except (KeyError, TypeError, ValueError) as error:
        raise ImageError(f"{path}/meta.json is damaged: {error}", hint=f"rm -rf {path}") from error
