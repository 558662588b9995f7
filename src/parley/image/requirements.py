"""What a machine needs to make images, found out by doing, and the commands that cure a lack."""

from __future__ import annotations

import os
import platform
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

from parley.errors import MissingError, UnsupportedError
from parley.image import subids
from parley.image.apt import KEYRING, available
from parley.image.command import as_root, environment, works

# Program -> Debian package, why.
_PROGRAMS = {
    "mmdebstrap": ("mmdebstrap", "makes root file systems"),
    "mke2fs": ("e2fsprogs", "turns them into images"),
    "patchelf": ("patchelf", "runs a new kernel on a machine with an older C library"),
    "setpriv": ("util-linux", "ends a build's programs with Parley"),
    "tshark": ("tshark", "decodes captured packets"),
    "gawk": ("gawk", "runs the sanitizers of Libreswan's own suite"),
}
_NEWUIDMAP = ("uidmap", "lets an ordinary user own the files of an image")

# Without these no image can be made; the others are wanted elsewhere, and cured by the same command.
_OPTIONAL = frozenset({"tshark", "gawk"})

# An image made by root serves every user of the machine.
_BY_ROOT = "sudo -E parley image build"

# What may keep a user from making namespaces: switch, the value that does, the value that does not.
_SWITCHES = (
    ("kernel.apparmor_restrict_unprivileged_userns", "1", "0"),
    ("kernel.unprivileged_userns_clone", "0", "1"),
    ("user.max_user_namespaces", "0", "15000"),
)


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing this machine lacks; `cure` is the command that gets it, `package` what that installs."""

    what: str
    why: str
    cure: str
    package: str = ""

    @property
    def optional(self) -> bool:
        """Whether images can be made without it."""
        return self.what in _OPTIONAL


def missing_requirements() -> list[Requirement]:
    """What this user lacks on this machine to make images; empty when all is there.

    Raises UnsupportedError on a machine that never can.
    """
    if platform.machine() != "x86_64":
        raise UnsupportedError(
            f"Debian has User-mode Linux for x86_64 only, this machine is {platform.machine()}"
        )
    if not available():
        return [
            Requirement(
                "apt", "fetches Debian's packages", "run Parley on Debian or Ubuntu, or in a container"
            )
        ]
    lacking = [from_package(name, *about) for name, about in _PROGRAMS.items() if not _has(name)]
    if not KEYRING.exists():
        lacking.append(from_package(str(KEYRING), "debian-archive-keyring", "checks Debian's signatures"))
    return lacking if os.geteuid() == 0 else lacking + _user_requirements()


def require() -> None:
    """Raise one MissingError that names every command to run, unless images can be made here."""
    missing = missing_requirements()
    if all(requirement.optional for requirement in missing):
        return
    lines = [f"  {requirement.what}: {requirement.why}" for requirement in missing]
    raise MissingError(
        "this machine cannot make images yet; it lacks\n" + "\n".join(lines), hint=cure(missing)
    )


def cure(missing: list[Requirement]) -> str:
    """The commands that get all of `missing`, one a line, packages in a single one."""
    packages = sorted({requirement.package for requirement in missing if requirement.package})
    commands = [_as_admin(f"apt-get install -y {' '.join(packages)}")] if packages else []
    commands += [requirement.cure for requirement in missing if not requirement.package]
    return "\n       ".join(dict.fromkeys(commands))


def _as_admin(command: str) -> str:
    return command if os.geteuid() == 0 else f"sudo {command}"


def _has(program: str) -> bool:
    return shutil.which(program, path=environment()["PATH"]) is not None


def from_package(what: str, package: str, why: str) -> Requirement:
    """The lack of something that a Debian package brings."""
    return Requirement(what, why, _as_admin(f"apt-get install -y {package}"), package)


def _user_requirements() -> list[Requirement]:
    lacking = []
    if not _has("newuidmap"):
        lacking.append(from_package("newuidmap", *_NEWUIDMAP))
    if not works("unshare", "--map-root-user", "true"):
        lacking.append(_namespaces())
    if not subids.enough():
        lacking.append(_usermod())
    if not lacking and as_root() is None:
        why = "lets an ordinary user make images; util-linux has it since 2.38"
        lacking.append(Requirement("unshare --map-auto", why, _BY_ROOT))
    return lacking


def _namespaces() -> Requirement:
    why = "let an ordinary user make images; the kernel refuses them here"
    for name, refusal, value in _SWITCHES:
        path = Path("/proc/sys", *name.split("."))
        if path.exists() and path.read_text(encoding="ascii").strip() == refusal:
            return Requirement("user namespaces", why, f"sudo sysctl -w {name}={value}")
    return Requirement("user namespaces", why, _BY_ROOT)


def _usermod() -> Requirement:
    first, last = subids.free_range()
    options = f"--add-subuids {first}-{last} --add-subgids {first}-{last}"
    return Requirement(
        "subordinate ids",
        "stand for the other users inside an image (subuid(5))",
        f"sudo usermod {options} {shlex.quote(subids.user())}",
    )
