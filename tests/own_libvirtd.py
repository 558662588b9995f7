"""A libvirt daemon of the tests' own, that touches nothing of the machine's."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DAEMON = """\
unix_sock_dir = "{place}"
auth_unix_rw = "none"
auth_unix_ro = "none"
unix_sock_rw_perms = "0700"
"""

# A machine without systemd, polkit or control groups is enough.
_QEMU = """\
user = "root"
group = "root"
security_driver = "none"
remember_owner = 0
cgroup_controllers = [ ]
namespaces = [ ]
stdio_handler = "file"
"""

# In a mount namespace the daemon finds its own files where it looks for the machine's.
_IN_NAMESPACE = """\
set -e
place=$1
for of in etc/libvirt var/lib/libvirt var/cache/libvirt var/log/libvirt run/libvirt; do
    mkdir -p "/$of" "$place/root/$of"
    mount --bind "$place/root/$of" "/$of"
done
cp "$place/libvirtd.conf" "$place/qemu.conf" /etc/libvirt/
exec libvirtd -f /etc/libvirt/libvirtd.conf -p "$place/pid"
"""

_LIMIT = 30.0


def why_not() -> str:
    """Why no daemon can be started here; empty if one can."""
    for program in ("libvirtd", "virsh", "qemu-system-x86_64"):
        if shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin") is None:
            return f"{program} is not there"
    if os.geteuid() == 0:
        done = subprocess.run(
            ["unshare", "--mount", "mount", "--bind", "/mnt", "/mnt"], capture_output=True, check=False
        )
        return "" if done.returncode == 0 else "root may not mount here"
    return ""


@contextmanager
def own_libvirtd(place: Path) -> Iterator[str]:
    """Start a daemon in the empty directory `place`; yields its URI. Everything ends with it."""
    (place / "libvirtd.conf").write_text(_DAEMON.format(place=place))
    (place / "qemu.conf").write_text(_QEMU)
    environment = {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin"}
    if os.geteuid() == 0:
        uri, path = "qemu:///system", place / "libvirt-sock"
        command = ["unshare", "--mount", "sh", "-c", _IN_NAMESPACE, "sh", str(place)]
    else:
        for name in ("config/libvirt", "run", "home"):
            (place / name).mkdir(parents=True)
        (place / "config/libvirt/qemu.conf").write_text('security_driver = "none"\nstdio_handler = "file"\n')
        environment |= {
            "XDG_CONFIG_HOME": str(place / "config"),
            "XDG_RUNTIME_DIR": str(place / "run"),
            "HOME": str(place / "home"),
        }
        uri, path = "qemu:///session", place / "run/libvirt/libvirt-sock"
        command = ["libvirtd"]
    with (place / "log").open("wb") as log:
        daemon = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", *command], stdout=log, stderr=log, env=environment
        )
    try:
        _wait_for(path, daemon, place)
        yield f"{uri}?socket={path}"
    finally:
        daemon.terminate()
        daemon.wait()


def _wait_for(path: Path, daemon: subprocess.Popen[bytes], place: Path) -> None:
    deadline = time.monotonic() + _LIMIT
    while not path.exists():
        if daemon.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"libvirtd does not start: {(place / 'log').read_text()[-1000:]}")
        time.sleep(0.05)


def virsh(uri: str, *words: str) -> str:
    """What virsh(1) prints."""
    done = subprocess.run(["virsh", "-q", "-c", uri, *words], capture_output=True, text=True, check=True)
    return done.stdout
