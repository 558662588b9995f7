"""The site set: what makes an OpenBSD guest quick to boot and quiet on the wire (install.site(5)).

Everything stands in files before the first boot; `CHECKS` then say on the running guest that it took.
"""

from __future__ import annotations

import gzip
import io
import tarfile

from parley.install.openbsd_answers import SPEED

# rc.conf.local(8). Nothing that waits for a network which the guest gets only when a case boots, and
# nothing that says anything on the wire by itself. The order of libraries is made anew at each boot
# (library_aslr), which costs tens of seconds under emulation.
_DAEMONS_OFF = (
    "amd",
    "cron",
    "dhcpleased",
    "iked",
    "inetd",
    "isakmpd",
    "ntpd",
    "pflogd",
    "resolvd",
    "sendmail",
    "slaacd",
    "smtpd",
    "sndiod",
    "sshd",
)
_RC_CONF_LOCAL = "".join(
    ("library_aslr=NO\n", "pf=NO\n", "check_quotas=NO\n", *(f"{name}_flags=NO\n" for name in _DAEMONS_OFF))
)

# Only the boot may allow the debugger on a serial console; from then on the security level forbids it
# (securelevel(7)). All else is the platform's, at each boot.
_SYSCTL_CONF = "ddb.console=1\nddb.panic=1\nnet.inet.esp.enable=1\nnet.inet.ah.enable=1\n"

_INSTALL_SITE = f"""\
#!/bin/sh
# Runs once, in the new system, at the end of the installation. Left behind by parley install openbsd.
set -e

# Both ask the Internet at the first boot: firmware, patches.
: >/etc/rc.firsttime

# The kernel would be linked anew in the background of every boot. Its objects are in one place or the
# other, by release.
rm -rf /usr/share/relink /var/relink
if [ -e /usr/libexec/reorder_kernel ]; then
    echo 'exit 0' >/usr/libexec/reorder_kernel
    chmod 755 /usr/libexec/reorder_kernel
fi

# A network is a clone's own.
rm -f /etc/hostname.* /etc/mygate

for line in 'stty com0 {SPEED}' 'set tty com0' 'set timeout 1'; do
    grep -qx "$line" /etc/boot.conf 2>/dev/null || echo "$line" >>/etc/boot.conf
done
getty='tty00	"/usr/libexec/getty std.{SPEED}"	vt220	on  secure'
sed "s|^tty00[[:blank:]].*|$getty|" /etc/ttys >/etc/ttys.new
cat /etc/ttys.new >/etc/ttys
rm /etc/ttys.new
"""

FILES = {
    "install.site": (_INSTALL_SITE, 0o755),
    "etc/rc.conf.local": (_RC_CONF_LOCAL, 0o644),
    "etc/sysctl.conf": (_SYSCTL_CONF, 0o644),
}

_WAITING = "sshd|cron|ntpd|smtpd|sendmail|slaacd|dhcpleased|resolvd|iked|isakmpd"

# What must hold on the guest when it has booted by itself: what it is, and a command that says so.
CHECKS = (
    ("libraries are not linked anew at boot", "grep -qx library_aslr=NO /etc/rc.conf.local"),
    (
        "the kernel is not linked anew at boot",
        "[ ! -d /usr/share/relink/kernel ] && [ ! -d /var/relink/kernel ]",
    ),
    ("the first boot asks nobody anything", "[ ! -s /etc/rc.firsttime ]"),
    ("pf is off", "! pfctl -s info 2>/dev/null | grep -q 'Status: Enabled'"),
    ("the boot loader speaks on com0", f"grep -qx 'stty com0 {SPEED}' /etc/boot.conf"),
    ("no network card is configured", "! ls /etc/hostname.* >/dev/null 2>&1"),
    (
        "no daemon waits or talks",
        f"! ps -axo comm | grep -Eqx '{_WAITING}'",
    ),
)


def site_set() -> bytes:
    """The set, a gzipped tar; the same bytes every time, so that it can be part of a recipe's digest."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, (text, mode) in FILES.items():
            data = text.encode()
            member = tarfile.TarInfo(f"./{name}")
            member.size, member.mode = len(data), mode
            member.uname, member.gname = "root", "wheel"
            tar.addfile(member, io.BytesIO(data))
    return gzip.compress(packed.getvalue(), mtime=0)
