"""FreeBSD installed from its CD by bsdinstall(8)'s script, watched over the serial console.

::

    boot        the edited CD; one question is asked on any serial console: the terminal's type
    install     the script partitions, unpacks and configures; it ends with words of its own, and a reboot
    first boot  from the disk: packages from the CD, if there are any; checks; power off
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.errors import LabError
from parley.install.console import log_in
from parley.install.freebsd_iso import FINISHED, PACKAGES, ROOT_PASSWORD
from parley.install.guest import check_guest, halt
from parley.install.machine import PowerOn

if TYPE_CHECKING:
    from pathlib import Path

    from parley.image.store import Progress
    from parley.install.console import Console, Shell
    from parley.install.limits import Limits
    from parley.install.machine import Power

_TERMINAL = rb"Console type \[vt100\]: $"
_FAILED = rb"Installation Error!"
_WAITING = "sshd|cron|sendmail|ntpd|dhclient|rtsold"
# What must hold on the guest when it has booted by itself: what it is, and a command that says so.
_CHECKS = (
    ("nothing of a network is configured", "! sysrc -a | grep -q '^ifconfig_vtnet'"),
    ("the loader speaks on the serial port", "grep -q comconsole /boot/loader.conf"),
    ("IPsec is in the kernel", "sysctl -n net.inet.ipsec.debug"),
    ("no daemon waits or talks", f"! ps -axo comm | grep -Eqx '{_WAITING}'"),
)


@dataclass(frozen=True, slots=True)
class Installation:
    """A release from an edited CD onto a disk; `log` gets all that the console says."""

    release: str
    cdrom: Path
    disk: Path
    has_packages: bool
    log: Path
    limits: Limits


@dataclass(frozen=True, slots=True)
class Installed:
    """What the guest says of itself: its kernel's version, its packages with their versions."""

    kernel: str
    packages: dict[str, str]


def install(what: Installation, power: Power, progress: Progress) -> Installed:
    """Install, boot once, add packages, check, switch off.

    Raises LabError and its kind, with the last screen and the log's path in the message.
    """
    name = f"freebsd {what.release}"
    with power(PowerOn(name, what.disk, what.cdrom, what.log, boots_cdrom=True)) as console:
        progress(f"boot: the installer of {name}; the console goes to {what.log}")
        _watch_installer(console, what.limits, progress)
    with power(PowerOn(name, what.disk, what.cdrom if what.has_packages else None, what.log)) as console:
        progress("first boot: keys are made, which takes a while")
        shell = log_in(console, user="root", password=ROOT_PASSWORD, limit=what.limits.first_boot)
        if what.has_packages:
            progress("packages")
            _add_packages(shell, what.limits)
        progress("check: is the guest what its clones need")
        check_guest(shell, _CHECKS, what.limits.check)
        installed = Installed(_kernel(shell, what.limits), _packages(shell, what.limits))
        halt(shell, what.limits.halt, command="shutdown -p now")
    return installed


def _watch_installer(console: Console, limits: Limits, progress: Progress) -> None:
    console.expect(_TERMINAL, limit=limits.boot)
    progress("install: by /etc/installerconfig")
    console.send_line()
    finished = re.escape(FINISHED.encode())
    if console.expect(finished, _FAILED, limit=limits.install).index:
        # Its log follows; the second time it says so the log is complete.
        console.expect(_FAILED, limit=limits.silence)
        raise LabError(
            console.report("bsdinstall gave up"),
            host=console.host,
            hint=f"less {console.log}: its own log is there",
        )
    progress("reboot: it waits ten seconds before it does")
    console.expect_end(limits.halt)


def _add_packages(shell: Shell, limits: Limits) -> None:
    for command in (
        "mount -t cd9660 -o ro /dev/cd0 /mnt",
        f"mkdir /tmp/packages && tar -xf /mnt{PACKAGES} -C /tmp/packages && umount /mnt",
        # The first brings pkg(8) itself, without which the rest cannot be read.
        "cd /tmp/packages && ASSUME_ALWAYS_YES=yes pkg add $(find . -name 'pkg-[0-9]*.pkg')",
        "pkg add -f $(find . -name '*.pkg' ! -name 'pkg-[0-9]*')",
        "cd / && rm -rf /tmp/packages",
    ):
        shell.check(command, limit=limits.install)


def _kernel(shell: Shell, limits: Limits) -> str:
    return shell.check("uname -v", limit=limits.check).decode("utf-8", "replace").strip()


def _packages(shell: Shell, limits: Limits) -> dict[str, str]:
    """Nothing at all if pkg(8) is not there: asking it would have it fetch itself."""
    listing = shell.check("if pkg -N >/dev/null 2>&1; then pkg query '%n %v'; fi", limit=limits.check)
    pairs = (line.partition(" ") for line in listing.decode("utf-8", "replace").splitlines())
    return {name: version for name, _, version in pairs}
