"""A fake FreeBSD machine for tests: what its CD and its disk say on the serial console.

    fake_freebsd.py FD DISK CDROM FAULT BOOTS_CDROM

The script of /etc/installerconfig is run by a real shell in which the commands of FreeBSD are fakes.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from fake_openbsd import Machine, Reboot, read_line
from parley.install.iso import read_file

COMMANDS = r"""
sysrc() { for a; do echo "$a" >>"$ROOT/rc.conf"; done; }
pw() { command cat >"$ROOT/password"; }
sed() { :; }
rm() { :; }
"""
GUEST = r"""
sysrc() { command cat "$ROOT/rc.conf"; }
grep() { case $* in *loader.conf) command grep -q "$2" "$ROOT/loader.conf";; *) command grep "$@";; esac; }
sysctl() { command grep -q no-ipsec "$ROOT/fault" && return 1; echo 0; }
mount() { [ "$*" = '-t cd9660 -o ro /dev/cd0 /mnt' ] && test -f "$ROOT/packages.tar"; }
umount() { :; }
mkdir() { command mkdir -p "$ROOT$1"; }
tar() { command tar -xf "$ROOT/packages.tar" -C "$ROOT/tmp/packages"; }
cd() { command cd "$ROOT$1"; }
rm() { :; }
pkg() {
    case $1 in
    add) shift; for a; do case $a in -*) ;; *) echo "$a" >>"$ROOT/added";; esac; done;;
    -N) test -f "$ROOT/added";;
    query) command sed -E 's|.*/(.*)-(.*)\.pkg|\1 \2|' "$ROOT/added";;
    esac
}
uname() { echo 'FreeBSD 14.3-RELEASE fake'; }
shutdown() { [ "$*" = '-p now' ] && { : >"$ROOT/off"; exit; }; }
"""


class FreeBsd(Machine):
    """FreeBSD behind the console."""

    commands = GUEST

    def boot_cd(self, cdrom: Path) -> None:
        loader = (read_file(cdrom, "/boot/loader.conf") or b"").decode()
        if 'console="comconsole"' not in loader or "kept=" not in loader:
            self.hang()
        self.say("\r\nWelcome to FreeBSD!\r\n\r\nConsole type [vt100]: ")
        read_line(self.wire)
        configuration = (read_file(cdrom, "/etc/installerconfig") or b"").decode()
        variables, _, script = configuration.partition("#!/bin/sh\n")
        if self.fault == "no-disk" or "vtbd0" not in variables:
            self.say(
                "Installation Error!\r\ngpart: arg0 'vtbd0': Invalid argument\r\nInstallation Error!\r\n"
            )
            self.hang()
        script = script.replace("/boot/loader.conf", f"{self.root}/loader.conf")
        ended = subprocess.run(
            ["bash", "-c", f"ROOT={self.root}\n{COMMANDS}\n{script}"],
            capture_output=True,
            text=True,
            check=False,
        )
        self.say(ended.stdout.replace("\n", "\r\n"))
        kept = {name: (self.root / name).read_text() for name in ("rc.conf", "loader.conf", "password")}
        self.disk.write_text(json.dumps(kept))
        if self.fault == "no-reboot":
            self.hang()
        raise Reboot

    def boot_disk(self) -> None:
        kept = json.loads(self.disk.read_text())
        for name, text in kept.items():
            (self.root / name).write_text(text)
        packages = read_file(self.cdrom, "/parley-packages.tar") if self.cdrom else None
        if packages is not None:
            (self.root / "packages.tar").write_bytes(packages)
        self.say("\r\nFreeBSD/amd64 (fbsd.parley.test) (ttyu0)\r\n\r\nlogin: ")
        read_line(self.wire)
        self.say("Password:")
        if read_line(self.wire, echo=False) != kept["password"].strip():
            self.say("Login incorrect\r\n")
            self.hang()
        self.shell("root@fbsd:~ # ")


def main(words: list[str]) -> None:
    fd, disk, cdrom, fault, boots_cdrom = words
    with socket.socket(fileno=int(fd)) as wire, tempfile.TemporaryDirectory(prefix="fake-freebsd-") as root:
        machine = FreeBsd(wire, Path(disk), Path(cdrom) if cdrom else None, fault, Path(root))
        try:
            machine.run(boots_cdrom=bool(boots_cdrom))
        except (Reboot, OSError):
            return


if __name__ == "__main__":
    main(sys.argv[1:])
