"""The kernel of guests in emulated PCs: Debian's own, unpacked into the store, where any user may read it.

An entry holds `linux`, `initrd` (pc_init.sh, pc_desk.sh, and the modules that every host needs, in the order
in which they are loaded) and `modules.ext4`, the part of Debian's modules that a network test may want.
"""

from __future__ import annotations

import lzma
import re
import shutil
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from parley.errors import ImageError, MissingError
from parley.image.apt import Apt, unpack
from parley.image.command import environment, run
from parley.image.cpio import Archive
from parley.image.kernel import Kernel, check_reachable, pack
from parley.image.kernel_features import features
from parley.image.recipe import DEFAULT_SUITE, digest
from parley.image.requirements import require
from parley.image.store import Key, Made, Progress, Store, silent
from parley.image.tree import remove_tree
from parley.platform.debian import MODULES, guest_script, root_fstab

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

KIND = "pc"
NAME = f"pc@{DEFAULT_SUITE}"

# What is kept of Debian's modules; the rest is hardware that no guest has.
_KEPT = (
    *("arch", "crypto", "fs", "lib", "net"),
    *("drivers/block/virtio_blk.ko", "drivers/char/hw_random", "drivers/net/ethernet/intel/e1000"),
)
_KEPT_FILES = "drivers/net"

# What the first process needs itself; crc32c is asked for by ext4 through no dependency that depmod sees.
_BOOT_MODULES = ("virtio_blk", "virtio_net", "crc32c_generic", "ext4", "9pnet_virtio", "9p")
# What daemons and tests reach for where a kernel has it; User-mode Linux of the lab has it built in.
_FURTHER_MODULES = (
    *("xfrm_interface", "nf_tables", "nft_compat", "nft_ct", "nft_chain_nat", "nft_masq", "nft_reject_inet"),
    *("xt_conntrack", "xt_MASQUERADE", "xt_mark", "xt_tcpudp"),
)
_LOADED = (*_BOOT_MODULES, *MODULES, *_FURTHER_MODULES)
_TABLES = ("modules.builtin", "modules.builtin.modinfo", "modules.order")
_APPLETS = (
    *("sh", "mount", "umount", "insmod", "rm", "ln", "dmesg", "grep", "sleep", "date", "ip"),
    *("cp", "switch_root"),
)


def pc_kernel_key() -> Key:
    """The store's key of the kernel that emulated PCs boot."""
    return Key(KIND, NAME, digest(_recipe()))


def find_pc_kernel(store: Store) -> Kernel | None:
    """The kernel, if it has been made."""
    entry = store.find(pc_kernel_key())
    return Kernel.of(entry) if entry else None


def ensure_pc_kernel(store: Store, progress: Progress = silent) -> Kernel:
    """The kernel that emulated PCs boot, made if need be (15 s and 110 MB of downloads).

    Raises MissingError if this machine cannot make it, ImageError if it cannot be had.
    """
    key = pc_kernel_key()

    def make(directory: Path) -> Made:
        require()
        _require_depmod()
        check_reachable(store.root)
        return _Build(store, key, directory, progress).make()

    return Kernel.of(store.ensure(key, make, progress))


def _require_depmod() -> None:
    if shutil.which("depmod", path=environment()["PATH"]) is None:
        raise MissingError("depmod is not there, which sorts a kernel's modules", hint="apt-get install kmod")


def _scripts() -> dict[str, str]:
    """Texts of the initial file system by name; `desk.sh` gives a guest the root that every host has."""
    init, desk = (
        (files("parley.image") / name).read_text(encoding="utf-8") for name in ("pc_init.sh", "pc_desk.sh")
    )
    head = "export PATH=/usr/sbin:/usr/bin:/sbin:/bin\nhere=/run\n" + guest_script("root.sh")
    return {"init": init, "desk.sh": head + desk, "fstab": root_fstab("/")}


def _recipe() -> str:
    wanted = " ".join(_LOADED)
    scripts = "".join(_scripts().values())
    return f"format 1\nsuite {DEFAULT_SUITE}\npackage linux-image-amd64\nmodules {wanted}\n{scripts}"


class _Build:
    """One making of the kernel."""

    def __init__(self, store: Store, key: Key, directory: Path, progress: Progress) -> None:
        self.directory = directory
        self.progress = progress
        self.log = store.log(key)
        self.log.write_text("", encoding="utf-8")

    def make(self) -> Made:
        """Fill the directory."""
        work = self.directory / "work"
        apt = Apt(work, DEFAULT_SUITE, log=self.log, progress=self.progress)
        apt.update()
        (meta,) = apt.download("linux-image-amd64")
        image, busybox = apt.download(self._image_package(meta.path), "busybox-static")
        tree = work / "files"
        for deb in (image, busybox):
            unpack(deb, tree)
        release = image.name.removeprefix("linux-image-")
        (tree / f"boot/vmlinuz-{release}").rename(self.directory / "linux")
        configuration = (tree / f"boot/config-{release}").read_text(encoding="utf-8")
        (self.directory / "config").write_text(configuration, encoding="utf-8")
        self.progress(f"kernel {release}: sorting modules")
        modules = self._modules(tree, work / "modules", release)
        tables = Tables.read(modules)
        initrd = _initrd(modules, tables, (tree / "usr/bin/busybox").read_bytes())
        (self.directory / "initrd").write_bytes(initrd)
        pack(modules.parent, self.directory / "modules.ext4", log=self.log)
        packages = {deb.name: deb.version for deb in (image, busybox)}
        remove_tree(work)
        facts = {
            "version": release,
            "features": sorted(features(configuration, "")),
            "suite": DEFAULT_SUITE,
            "loadable": sorted(tables.names() - tables.names(tables.in_order(_LOADED))),
        }
        return Made(_recipe(), packages, tuple(apt.notes), facts)

    def _image_package(self, meta: Path) -> str:
        depends = run("dpkg-deb", "--field", meta, "Depends", what=f"reading {meta.name}", log=self.log)
        match = re.search(r"linux-image-[0-9]\S*", depends)
        if match is None:
            raise ImageError(f"{meta.name} depends on no kernel: {depends[:200]}")
        return match[0]

    def _modules(self, tree: Path, place: Path, release: str) -> Path:
        """Unpack the modules that are kept, and sort them; returns their directory."""
        source = next(path for path in (tree / "usr/lib/modules", tree / "lib/modules") if path.is_dir())
        source /= release
        target = place / "lib/modules" / release
        for path in _kept(source / "kernel"):
            unpacked = target / path.relative_to(source).with_suffix("")
            unpacked.parent.mkdir(parents=True, exist_ok=True)
            unpacked.write_bytes(lzma.decompress(path.read_bytes()))
        for name in _TABLES:
            shutil.copyfile(source / name, target / name)
        run("depmod", "-b", place, release, what="sorting the kernel's modules", log=self.log)
        return target


def _kept(kernel: Path) -> Iterator[Path]:
    yield from (kernel / _KEPT_FILES).glob("*.ko.xz")
    for part in _KEPT:
        if part.endswith(".ko"):
            yield kernel / f"{part}.xz"
        else:
            yield from (kernel / part).rglob("*.ko.xz")


def _initrd(modules: Path, tables: Tables, busybox: bytes) -> bytes:
    archive = Archive()
    for name in ("bin", "dev", "modules", "proc", "root", "sys"):
        archive.directory(name)
    archive.console()
    archive.file("bin/busybox", busybox, mode=0o755)
    for applet in _APPLETS:
        archive.link(f"bin/{applet}", "busybox")
    for number, path in enumerate(tables.in_order(_LOADED)):
        archive.file(f"modules/{number:03}-{Path(path).name}", (modules / path).read_bytes())
    for name, text in _scripts().items():
        archive.file(name, text.encode(), mode=0o755)
    return archive.finish()


@dataclass(frozen=True, slots=True)
class Tables:
    """What depmod(8) found out: by a module's path what it needs, deepest last; by its names its paths."""

    needs: dict[str, list[str]]
    paths: dict[str, list[str]]

    @classmethod
    def read(cls, directory: Path) -> Tables:
        """Read modules.dep(5) and modules.alias."""
        lines = (directory / "modules.dep").read_text(encoding="utf-8").splitlines()
        needs = {path: rest.split() for path, rest in (line.split(":", 1) for line in lines)}
        paths = {_word(Path(path).stem): [path] for path in needs}
        for line in (directory / "modules.alias").read_text(encoding="utf-8").splitlines():
            match line.split():
                case ["alias", alias, name] if paths.get(_word(alias)) != paths[_word(name)]:
                    paths.setdefault(_word(alias), []).extend(paths[_word(name)])
        return cls(needs, paths)

    def names(self, paths: Iterable[str] | None = None) -> set[str]:
        """Names of the modules at `paths`, or of all, as the kernel itself writes them."""
        return {_word(Path(path).stem) for path in (self.needs if paths is None else paths)}

    def in_order(self, names: Iterable[str]) -> list[str]:
        """Paths of the modules called `names` and of all they need, each after what it needs.

        A name that no module has is built in.
        """
        found: dict[str, None] = {}
        for name in names:
            for path in self.paths.get(_word(name), ()):
                found.update(dict.fromkeys(reversed(self.needs[path])))
                found[path] = None
        return list(found)


def _word(name: str) -> str:
    # For the kernel both are the same character.
    return name.replace("-", "_")
