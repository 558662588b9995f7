"""What FreeBSD's installer is told, in its own words (bsdinstall(8), section SCRIPTING).

The CD is edited so that its loader and kernel speak on the serial port, and /etc/installerconfig makes the
installation happen by itself. That file has two parts: variables, and a script for the new system.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from parley.errors import InputError
from parley.install.iso import by_xorriso, check_same_start, edit, label, read_file

if TYPE_CHECKING:
    from pathlib import Path

ROOT_PASSWORD = "parley"  # noqa: S105 -- no secret: a guest is reached by nobody but its lab
HOSTNAME = "fbsd"
SPEED = 115200
PACKAGES = "/parley-packages.tar"
# What the script says last, in two words so that the script's own text is not it.
FINISHED = "PARLEY FINISHED"

# A release's label, from which its fstab(5) mounts the root file system: 14_3_RELEASE_AMD64_CD.
_LABEL = re.compile(r"(?P<release>\d+_\d+)_\w+_AMD64_(?:CD|DVD)\w*", re.IGNORECASE)
_NEEDED = ("/usr/freebsd-dist/base.txz", "/usr/freebsd-dist/kernel.txz", "/boot/loader")

# loader.conf(5). GENERIC has IPsec as a module.
_SERIAL = f'boot_serial="YES"\nconsole="comconsole"\ncomconsole_speed="{SPEED}"\nautoboot_delay="1"\n'
_LOADER = f'{_SERIAL}ipsec_load="YES"\n'

# rc.conf(5). Nothing waits for a network, which the guest gets only when a case boots, or talks on it.
_RC_CONF = {
    "hostname": f"{HOSTNAME}.parley.test",
    "cron_enable": "NO",
    "dumpdev": "NO",
    "moused_enable": "NO",
    "sendmail_enable": "NONE",
    "sshd_enable": "NO",
    "syslogd_flags": "-ss",
    "update_motd": "NO",
    "gateway_enable": "YES",
    "ipv6_gateway_enable": "YES",
}


def release_of(iso: Path) -> str:
    """The release that an ISO installs, `14.3`, by its volume label.

    Raises InputError for one that is no FreeBSD, or has no sets (bootonly).
    """
    name = label(iso)
    match = _LABEL.fullmatch(name)
    if match is None:
        raise InputError(
            iso, 0, f"its label {name!r} is no FreeBSD's", hint="FreeBSD-14.3-RELEASE-amd64-disc1.iso"
        )
    missing = [path for path in _NEEDED if read_file(iso, path) is None]
    if missing:
        raise InputError(
            iso, 0, f"it has no {', '.join(missing)}", hint="disc1 or dvd1; bootonly has no sets"
        )
    return match["release"].replace("_", ".")


def installer_configuration() -> str:
    """/etc/installerconfig of the CD. A disk without a list of partitions gets the guided layout, UFS."""
    settings = " ".join(f"{name}={value}" for name, value in _RC_CONF.items())
    lines = "\n".join(f"echo '{line}' >>/boot/loader.conf" for line in _LOADER.splitlines())
    first, second = FINISHED.split()
    return f"""\
export nonInteractive="YES"
PARTITIONS="vtbd0 GPT"
DISTRIBUTIONS="kernel.txz base.txz"

#!/bin/sh
set -e
sysrc {settings}
{lines}
echo {ROOT_PASSWORD} | pw usermod root -h 0 -s /bin/sh
sed -i '' -E 's/^(ttyu0.*)onifconsole( +secure)/\\1on\\2/' /etc/ttys
rm -f /etc/rc.d/growfs
echo "{first}" "{second}"
"""


def edited_iso(source: Path, target: Path, packages: bytes | None) -> None:
    """Write a copy of the ISO that installs by itself; `packages` are for the first boot.

    Raises ImageError if the copy would not boot.
    """
    loader = (read_file(source, "/boot/loader.conf") or b"").decode("utf-8", "replace")
    files = {
        "/etc/installerconfig": installer_configuration().encode(),
        "/boot/loader.conf": f"{loader.rstrip()}\n{_SERIAL}".lstrip().encode(),
    }
    if packages is not None:
        files[PACKAGES] = packages
    edit(source, target, files, by_xorriso)
    check_same_start(source, target)
