"""What OpenBSD's installer is told, from 5.1 to today (install.sub; autoinstall(8), installboot(8)).

Each reply has every spelling that its question has had. Questions to which the default is right for any
release are not here; nor is the one that would wave through sets whose signature does not hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.install.answers import Reply, reply

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT_PASSWORD = "parley"  # noqa: S105 -- no secret: a guest is reached by nobody but its lab
HOSTNAME = "obsd"
SPEED = 115200

# The first release whose installer reads an answer file.
_AUTOINSTALL = (5, 5)

# Where the answer file and the disklabel template lie on the CD and in the installer's RAM disk. They must
# be on the RAM disk when they are read: install(8) unmounts everything else first.
ANSWERS = "/ai.conf"
DISKLABEL = "/disklabel"


@dataclass(frozen=True, slots=True)
class Release:
    """A release and what it runs on: 7.8, amd64."""

    version: str
    machine: str

    @property
    def digits(self) -> str:
        """As in the names of sets: 78."""
        return self.version.replace(".", "")

    @property
    def directory(self) -> str:
        """Where a CD has its sets."""
        return f"{self.version}/{self.machine}"

    @property
    def kernel(self) -> str:
        """The kernel with the installer in it."""
        return f"/{self.directory}/bsd.rd"

    @property
    def site_set(self) -> str:
        """The set that is Parley's."""
        return f"site{self.digits}.tgz"

    @property
    def reads_answer_file(self) -> bool:
        """Whether its installer has autoinstall(8)."""
        major, _, minor = self.version.partition(".")
        return (int(major), int(minor)) >= _AUTOINSTALL


def answer_table(release: Release, *, disk: str = "sd0", sets: Sequence[str] = ()) -> tuple[Reply, ...]:
    """The answers for an installation on `disk` from the CD, with more `sets` (`comp`) than the base."""
    return (*_system(), *_disks(disk), *_sets(release, sets), *_last())


def _system() -> tuple[Reply, ...]:
    return (
        reply("vt220", "Terminal type"),
        reply(HOSTNAME, "System hostname", must=True),
        # The network comes from a drive when a clone boots; without a card the question may not come.
        reply("done", "Network interface to configure", "Which network interface do you wish to configure"),
        reply("done", "Which one do you wish to configure"),
        reply("none", "Default IPv4 route"),
        reply("none", "IPv6 default router"),
        reply("parley.test", "DNS domain name"),
        reply("none", "DNS nameservers"),
        reply("no", "Do you want to do any manual network configuration"),
        reply(ROOT_PASSWORD, "Password for root account", must=True),
        reply("none", "Public ssh key for root account"),
        reply("no", "Start sshd(8) by default", must=True),
        reply("no", "Start ntpd(8) by default"),
        reply("no", "Do you expect to run the X Window System"),
        reply(
            "no",
            "Do you want the X Window System to be started by xenodm(1)",
            "Do you want the X Window System to be started by xdm(1)",
        ),
        reply("yes", "Change the default console to com0", must=True),
        reply(str(SPEED), "Which speed should com0 use", "Which one should com0 use"),
        reply("no", "Setup a user"),
        reply("no", "Allow root ssh login"),
        reply("UTC", "What timezone are you in"),
    )


def _disks(disk: str) -> tuple[Reply, ...]:
    return (
        reply(disk, "Which disk is the root disk", "Which one is the root disk", must=True),
        # A clone has the disk of its base, whatever the identifier in its label.
        reply("no", "Use DUIDs rather than device names in fstab"),
        reply("no", "Encrypt the root disk"),
        reply("whole", "Use (W)hole disk", must=True),
        reply(f"file:{DISKLABEL}", "URL to autopartitioning template for disklabel", file_only=True),
        reply("a", "create (C)ustom layout", prompt_only=True),
        reply("done", "Which disk do you wish to initialize", "Which one do you wish to initialize"),
    )


def _sets(release: Release, sets: Sequence[str]) -> tuple[Reply, ...]:
    site = release.site_set
    names = " ".join(f"{name}*" for name in ("base", "etc", *sets, "site"))
    return (
        reply("cd0", "Location of sets", must=True, file_only=True),
        reply("cd", "Location of sets", must=True, prompt_only=True),
        reply("cd0", "Which one contains the install media", "Which CD-ROM contains the install media"),
        reply(release.directory, "Pathname to the sets", must=True),
        reply(f"-all bsd bsd.mp {names} done", "Set name(s)", must=True),
        # Nobody signed the site set but whoever made it just now. Its name stands in the keys, so that a
        # set of the release that does not verify still stops the installation.
        reply("yes", f"Checksum test for {site} failed. Continue anyway"),
        reply("yes", f"Unverified sets: {site}. Continue without verification"),
        reply("done", "Location of sets"),
    )


def _last() -> tuple[Reply, ...]:
    return (
        reply("yes", "Time appears wrong"),
        reply("s", "Exit to (S)hell", prompt_only=True),
    )


def disklabel_template() -> str:
    """One file system and swap: a clone's disk is thrown away after its case (disklabel(8), -T)."""
    return "/ 1G-* 95%\nswap 64M-512M 5%\n"


def boot_configuration(release: Release) -> str:
    """The CD's /etc/boot.conf (boot(8)): the console is serial from here on, the kernel is the installer."""
    return f"stty com0 {SPEED}\nset tty com0\nset timeout 1\nset image {release.kernel}\n"
