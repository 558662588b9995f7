"""Real OpenBSD media, where PARLEY_OPENBSD_MEDIA names them: an installNN.iso, or a boot floppy.

An ISO is installed from, all the way. A floppy has the installer and no sets: its menu, its shell and its
prompts are driven to the end, with sets of the test's own on a CD.
"""

from __future__ import annotations

import gzip
import io
import os
import re
import socket
import subprocess
import tarfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from iso_samples import write_by_pycdlib
from parley.backend.accel import QEMU, accelerator
from parley.image.store import Store
from parley.install.console import Console, ConsoleTimeoutError, Limit, Shell
from parley.install.emulated_pc import emulated_pc
from parley.install.guest import check_guest
from parley.install.limits import EMULATED, Limits
from parley.install.machine import make_disk
from parley.install.media import Media
from parley.install.openbsd import Installation, interview, open_shell, reach_menu
from parley.install.openbsd_answers import Release, answer_table
from parley.install.openbsd_image import Options, install_openbsd
from parley.install.openbsd_site import CHECKS, site_set

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.timeout(7200)]

MEDIA = Path(os.environ.get("PARLEY_OPENBSD_MEDIA", "/nonexistent"))
LIMITS = Limits.times(EMULATED)
_FLOPPY = 1474560  # bytes


def is_floppy() -> bool:
    return MEDIA.is_file() and MEDIA.stat().st_size == _FLOPPY


needs_floppy = pytest.mark.skipif(not is_floppy(), reason="PARLEY_OPENBSD_MEDIA names no boot floppy")
needs_iso = pytest.mark.skipif(
    not MEDIA.is_file() or is_floppy(), reason="PARLEY_OPENBSD_MEDIA names no installation ISO"
)


def tgz(**files: str) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(f"./etc/{name}")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return gzip.compress(packed.getvalue())


@contextmanager
def old_pc(tmp_path: Path, cdrom: Path) -> Iterator[Console]:
    """A PC with a floppy drive, an IDE disk and a CD; the BIOS speaks on the serial port too."""
    disk = tmp_path / "disk.qcow2"
    make_disk(disk, "2G")
    ours, theirs = socket.socketpair()
    words = [QEMU, *accelerator().options, "-m", "128", "-display", "none", "-vga", "none", "-no-reboot"]
    words += ["-machine", "pc,graphics=off", "-nic", "none", "-boot", "a"]
    words += ["-drive", f"file={MEDIA},format=raw,if=floppy,snapshot=on", "-drive", f"file={disk},if=ide"]
    words += ["-drive", f"file={cdrom},media=cdrom,readonly=on,if=ide,format=raw"]
    words += ["-chardev", f"socket,id=com0,fd={theirs.fileno()}", "-serial", "chardev:com0"]
    with ours:
        with theirs:
            machine = subprocess.Popen(words, pass_fds=[theirs.fileno()])
        console = Console(ours, tmp_path / "console.log", host="floppy")
        try:
            yield console
        finally:
            console.close()
            machine.kill()
            machine.wait()


@needs_floppy
def test_the_installer_of_a_boot_floppy_is_driven_to_its_end(tmp_path: Path) -> None:
    release = Release("5.1", "i386")
    names = {"bsd": b"no kernel" * 99, "cdbr": bytes(2048), "INSTALL.i386": b"x", "site51.tgz": site_set()}
    names |= {"base51.tgz": tgz(hosts="x"), "etc51.tgz": tgz(ttys='tty00\t"getty"\tunknown off\n')}
    files = {f"/5.1/i386/{name}": content for name, content in names.items()} | {"/note": b"from the CD\n"}
    cdrom = write_by_pycdlib(tmp_path / "cd.iso", files, "/5.1/i386/cdbr")
    with old_pc(tmp_path, cdrom) as console:
        console.expect(rb"boot> ", limit=LIMITS.boot)
        console.send_line("set tty com0")
        console.expect(rb"com[\s\S]*boot> ", limit=LIMITS.boot)
        console.send_line("boot")
        reach_menu(console, LIMITS)
        check_shell(console)
        reach_menu(console, LIMITS)
        what = Installation(release, cdrom, cdrom, answer_table(release, disk="wd0"), console.log, LIMITS)
        asked: list[str] = []
        shell = interview(console, what, asked.append)
        assert "asked: Set name(s)? (or 'abort' or 'done') -all bsd bsd.mp base* etc* site* done" in asked
        # The site set went where a system would be; what the installer did of itself is its own business.
        shell.check("grep pf=NO /mnt/etc/rc.conf.local", limit=LIMITS.check)
        shell.check("test -x /mnt/install.site", limit=LIMITS.check)
        check_site_script(shell)
        assert shell.check(
            "cat /mnt/etc/hostname.* 2>/dev/null; cat /mnt/etc/myname", limit=LIMITS.check
        ) == (b"obsd.parley.test\n")


def check_site_script(shell: Shell) -> None:
    """The site set's script and the checks of its promises, run by OpenBSD's own shell and tools.

    The RAM disk stands for the system that the floppy has no sets of; it has no pfctl, ps or chroot.
    """
    limit = LIMITS.check
    old = 'tty00\\t"/usr/libexec/getty std.9600"\\tunknown off'
    shell.check(
        "mkdir -p /usr/share/relink/kernel /usr/libexec && : >/usr/libexec/reorder_kernel"
        f' && echo "{old}" >/etc/ttys && cp /mnt/etc/rc.conf.local /etc && echo x >/etc/hostname.vio0',
        limit=limit,
    )
    before = [what for what, command in CHECKS if shell.run(command, limit=limit).status != 0]
    assert {"the kernel is not linked anew at boot", "no network card is configured"} <= set(before)
    shell.check("sh /mnt/install.site", limit=limit)
    check_guest(shell, CHECKS, limit)
    assert shell.check("cat /etc/ttys", limit=limit) == (
        b'tty00\t"/usr/libexec/getty std.115200"\tvt220\ton  secure\n'
    )


def check_shell(console: Console) -> None:
    """The shell of the RAM disk, OpenBSD's own ksh: statuses, outputs, long lines, interrupts."""
    shell = open_shell(console, LIMITS)
    limit = LIMITS.check
    assert shell.run("false", limit=limit).status == 1
    assert shell.run("echo 'never closed", limit=limit).status != 0
    long = "echo " + "x" * 300 + "; for i in 1 2\ndo echo $i\ndone"
    assert shell.check(long, limit=limit) == b"x" * 300 + b"\n1\n2\n"
    with pytest.raises(ConsoleTimeoutError):
        shell.run("sleep 100", limit=Limit("impatience", 2))
    shell.interrupt(limit)
    command = "mount -r -t cd9660 /dev/cd0c /mnt2 && cp /mnt2/note / && umount /mnt2 && chmod a+r /note"
    shell.check(command, limit=limit)
    assert shell.check("cat /note", limit=limit) == b"from the CD\n"
    console.send_line("exit")


@needs_iso
def test_an_iso_is_installed_and_frozen(tmp_path: Path) -> None:
    slowness = EMULATED if accelerator().name == "tcg" else 1
    media = Media(MEDIA, "0" * 64, "this test")
    base = install_openbsd(Store(tmp_path / "cache"), media, Options(slowness=slowness), emulated_pc, print)
    assert re.search(r"OpenBSD \d\.\d", base.facts["kernel"])
