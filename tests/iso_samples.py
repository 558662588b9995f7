"""Synthetic installation ISOs: the real layout (distrib/amd64/iso/Makefile), contents of a few bytes."""

from __future__ import annotations

import shutil
import subprocess
from io import BytesIO
from typing import TYPE_CHECKING

import pycdlib

if TYPE_CHECKING:
    from pathlib import Path

SETS = ("base", "comp", "game", "man", "xbase", "xshare", "xfont", "xserv")


def openbsd_files(release: str = "7.8", machine: str = "amd64") -> dict[str, bytes]:
    """What an installNN.iso holds, by Rock Ridge path."""
    digits = release.replace(".", "")
    names = ["bsd", "bsd.mp", "bsd.rd", *(f"{name}{digits}.tgz" for name in SETS)]
    names += [f"INSTALL.{machine}", "BUILDINFO", "SHA256", "SHA256.sig", "cdboot", "eficdboot"]
    files = {f"/{release}/{machine}/{name}": f"the {name} of {release}\n".encode() * 300 for name in names}
    files[f"/{release}/{machine}/cdbr"] = b"\xeb\x3ccdbr".ljust(2048, b"\x90")
    files["/etc/boot.conf"] = f"set image /{release}/{machine}/bsd.rd\n".encode()
    return files


def write_by_pycdlib(path: Path, files: dict[str, bytes], boot: str) -> Path:
    """An ISO with Rock Ridge whose directory names keep their dots, as the releases have."""
    image = pycdlib.PyCdlib()
    image.new(interchange_level=4, rock_ridge="1.09", vol_ident="OpenBSD")
    made: set[str] = set()
    for name, content in files.items():
        parts = name.strip("/").split("/")
        for depth in range(1, len(parts)):
            directory = "/" + "/".join(parts[:depth]).upper()
            if directory not in made:
                image.add_directory(directory, rr_name=parts[depth - 1])
                made.add(directory)
        image.add_fp(BytesIO(content), len(content), name.upper(), rr_name=parts[-1])
    catalog = boot.rpartition("/")[0] + "/boot.catalog"
    image.add_eltorito(boot.upper(), catalog.upper(), rr_bootcatname="boot.catalog", boot_load_size=4)
    image.write(str(path))
    image.close()
    return path


def write_by_genisoimage(path: Path, files: dict[str, bytes], boot: str, scratch: Path) -> Path:
    """The same by another program, with the options of OpenBSD's Makefile, but -a."""
    tree = scratch / "tree"
    for name, content in files.items():
        file = tree / name.strip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    boot = boot.strip("/")
    catalog = boot.rpartition("/")[0] + "/boot.catalog"
    options = ["-quiet", "-R", "-T", "-L", "-l", "-d", "-D", "-N", "-no-emul-boot", "-boot-load-size", "4"]
    efi = ["-eltorito-alt-boot", "-e", boot.replace("cdbr", "eficdboot"), "-no-emul-boot"]
    subprocess.run(
        ["genisoimage", *options, "-b", boot, "-c", catalog, *efi, "-o", str(path), str(tree)],
        check=True,
        capture_output=True,
    )
    return path


def openbsd_iso(
    path: Path, release: str = "7.8", machine: str = "amd64", *, scratch: Path | None = None
) -> Path:
    """By genisoimage where there is one and a place for its tree, else by pycdlib."""
    files = openbsd_files(release, machine)
    boot = f"/{release}/{machine}/cdbr"
    if scratch is not None and shutil.which("genisoimage"):
        return write_by_genisoimage(path, files, boot, scratch)
    return write_by_pycdlib(path, files, boot)


def freebsd_iso(path: Path, scratch: Path, *, label: str = "14_3_RELEASE_AMD64_CD") -> Path:
    """By makefs, which writes FreeBSD's own: Rock Ridge, and a boot image that is no file of the tree."""
    tree = scratch / "freebsd"
    files = {"boot/cdboot": bytes(2048), "boot/loader": b"loader", "boot/loader.conf": b'kept="YES"'}
    files |= {f"usr/freebsd-dist/{name}": name.encode() for name in ("base.txz", "kernel.txz", "MANIFEST")}
    for name, content in files.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(content)
    (tree / "etc").mkdir()
    boot = f"bootimage=i386;{tree}/boot/cdboot"
    options = ["-o", boot, "-o", "no-emul-boot", "-o", "rockridge", "-o", f"label={label}"]
    subprocess.run(
        ["makefs", "-t", "cd9660", *options, str(path), str(tree)], check=True, capture_output=True
    )
    return path
