"""Libreswan for the BSDs, compiled from a tree of sources in a guest of the very system that will run it.

::

    ROOT/build/LABEL+PLATFORM-DIGEST/install.tar    what hosts of that system unpack at / when they boot
"""

from __future__ import annotations

import tarfile
import tempfile
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from parley.case.model import HostSpec
from parley.image.recipe import digest
from parley.image.source import BUILD, BuildError
from parley.image.source_kinds import source_kind
from parley.image.source_tree import source_files, tree_digest
from parley.image.store import Key, Made
from parley.lab.drive import SIZE
from parley.lab.host import Limits
from parley.lab.jail import Jail
from parley.lab.lab import Lab
from parley.lab.topology import NETWORK
from parley.record.layout import CaseLayout
from parley.run.bsd import plan_bsd

if TYPE_CHECKING:
    from collections.abc import Iterable

    from parley.image.source import Source
    from parley.image.store import Progress, Store
    from parley.lab.lab import HostPlan
    from parley.run.plan import Equipment

IMPLEMENTATION = "libreswan"
_BUILDER = "east"
# Compiling takes minutes on a processor, and an hour under emulation (seconds).
_LIMIT = 2 * 3600.0
_MISSING_TOOLS = 3
_FORMAT = 1


def ensure_bsd_build(
    store: Store, source: Source, platform: str, equipment: Equipment, progress: Progress
) -> Path:
    """The archive that hosts of `platform` unpack to have what `source` compiles to, made if need be.

    Raises UnsupportedError if that system is not installed here, BuildError if the tree does not compile,
    LabError if the guest breaks.
    """
    plan = plan_bsd(HostSpec(_BUILDER, platform), equipment)
    names = source_files(source.tree, source_kind(source.implementation, source.tree).ignored)
    recipe = (
        f"format {_FORMAT}\nsystem {plan.image.digest}\ntree {tree_digest(source.tree, names)}\n{_script()}"
    )
    key = Key(BUILD, f"{source.label}+{platform}", digest(recipe))

    def make(directory: Path) -> Made:
        progress(f"{source.label}: compiling {source.tree} on {platform}; log: {store.log(key)}")
        version = compile_in_guest(plan, source.tree, names, directory / "install.tar", store.log(key))
        return Made(recipe, facts={"version": version, "tree": str(source.tree)})

    return store.ensure(key, make, progress).path / "install.tar"


def compile_in_guest(plan: HostPlan, tree: Path, names: Iterable[str], result: Path, log: Path) -> str:
    """Boot a host, have it compile a tree, put what came of it at `result`; return the version.

    `log` gets what the compilers said. Raises BuildError and LabError.
    """
    with tempfile.TemporaryDirectory(prefix="parley-build-") as place:
        layout = CaseLayout(Path(place) / "case")
        layout.root.mkdir()
        jail = Jail(layout.share)
        jail.create()
        jail.write(f"{_BUILDER}/source.tar", pack_tree(tree, names))
        with Lab(layout, (plan,), NETWORK, limits=Limits()) as lab:
            outcome = lab.hosts[_BUILDER].run(_script(), limit=_LIMIT)
        log.write_text(f"{outcome.output}\n{outcome.error}", encoding="utf-8")
        if not outcome:
            said = outcome.error.strip().splitlines()
            hint = "parley install --help, --packages" if outcome.status == _MISSING_TOOLS else str(log)
            raise BuildError(f"{tree}: {said[-1][:300] if said else 'does not compile'}", hint=hint)
        result.write_bytes(jail.read(f"{_BUILDER}/state/built.tar", limit=SIZE))
        return jail.read_text(f"{_BUILDER}/state/version", default="").strip()[:80]


def pack_tree(tree: Path, names: Iterable[str]) -> bytes:
    """A tree as a tar archive that every BSD reads, links and executable bits included."""
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in names:
            archive.add(tree / name, name, recursive=False, filter=_as_root)
    return buffer.getvalue()


def _as_root(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = int(member.mtime)  # fractions need a header of their own
    return member


def _script() -> str:
    script = (files("parley.platform") / "guest" / "bsd-build.sh").read_text()
    return f"set -- ''\n{script}"
