"""A fake OpenBSD machine for tests: its CD's installer, and the system that this leaves on the disk.

    fake_openbsd.py FD DISK CDROM FAULT BOOTS_CDROM     FD is the console's socket; the rest may be empty
    fake_openbsd.py --install ROOT FILE                 what `install -af FILE` does in its shell

It asks what install.sub asks, in its order, with its rules: whole-word keys, first match wins and is used
up, defaults, list prompts, exit codes. Its shell is bash with a few commands of its own. What it has on
its disk is JSON. FAULT is one thing that goes wrong; the names are in the code.
"""

from __future__ import annotations

import io
import json
import os
import pty
import select
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
from fnmatch import fnmatch
from pathlib import Path
from typing import NoReturn

sys.path.insert(0, str(Path(__file__).parent.parent / "src"))
from parley.install.iso import read_file, releases

NOISE = b"\x00\xfe\x1b[7muvm_fault(0xd0, 0x0, 0, 1) -> e?\r\n#\x07 what? [no] \r\nsd9 detached\r\n"
SHELL = r"""
PS1='# '
at() { args=(); for a; do case $a in /*) args+=("$ROOT$a");; *) args+=("$a");; esac; done; }
mount() {
    case "$*" in *'-t cd9660 /dev/cd0c /mnt2') command cp -r "$ROOT/cd/." "$ROOT/mnt2/";;
    *) echo "mount: $*: No such file or directory"; return 1;; esac
}
umount() { rm -rf "$ROOT/mnt2"; mkdir "$ROOT/mnt2"; }
cp() { at "$@"; command cp "${args[@]}"; }
chmod() { at "$@"; command chmod "${args[@]}"; }
cat() { at "$@"; command cat "${args[@]}"; }
ls() { at "$@"; command ls "${args[@]}"; }
grep() { at "$@"; command grep "${args[@]}"; }
function [ { at "${@:1:$#-1}"; test "${args[@]}"; }
sysctl() { echo 'OpenBSD 7.8 (GENERIC) #0: fake'; }
pfctl() { echo 'Status: Disabled'; }
ps() { echo COMMAND; echo init; command cat "$ROOT/ps"; }
install() { "$PYTHON" "$FAKE" --install "$ROOT" "$@"; }
halt() {
    echo 'syncing disks... done'
    command grep -q no-halt "$ROOT/fault" || test "$1" != -p || { : >"$ROOT/off"; exit; }
    echo; echo 'The operating system has halted.'; echo 'Please press any key to reboot.'; sleep 1000
}
"""


class Reboot(Exception):  # noqa: N818 -- not an error, an event
    """The machine resets, which under -no-reboot ends it."""


class Ended(Exception):  # noqa: N818 -- as above
    """The installer exits with a status."""


class Asker:
    """How questions are asked: from a file (autoinstall) or at the prompts."""

    def __init__(self, root: Path, answers: Path | None, fault: str) -> None:
        self.root, self.fault = root, fault
        self.config = root / "tmp/ai/ai.conf"
        self.auto = answers is not None
        if answers is not None:
            self.config.parent.mkdir(parents=True, exist_ok=True)
            lines = [line.strip() for line in answers.read_text().splitlines()]
            kept = [
                line for line in lines if line[:1] not in {"", "#", "="} and line.partition("=")[2].strip()
            ]
            self.config.write_text("".join(f"{line}\n" for line in kept))

    def say(self, text: str) -> None:
        if self.fault == "garbage":
            self.write(NOISE)
        self.write(text.encode() + b"\r\n")

    def write(self, data: bytes) -> None:
        os.write(1, data.replace(b"\r\n", b"\n"))

    def read_line(self) -> str:
        raise Ended(1)

    def lookup(self, question: str) -> str | None:
        """install.sub's rules, written anew: nothing of Parley's is used here."""
        asked = question.lower()
        lines = self.config.read_text().splitlines()
        for number, line in enumerate(lines):
            key, _, value = (part.strip() for part in line.partition("="))
            start = asked.find(key.lower())
            while start >= 0:
                before, after = asked[start - 1 : start], asked[start + len(key) : start + len(key) + 1]
                if (start == 0 or before in {" ", "\t"}) and after in {"", " ", "\t", "?"}:
                    del lines[number]
                    self.config.write_text("".join(f"{other}\n" for other in lines))
                    return value
                start = asked.find(key.lower(), start + 1)
        return None

    def ask(self, question: str, default: str = "", *, shown: str = "") -> str:
        """`shown` is what stands behind the question of a list and is no part of it."""
        prompt = question + shown
        if not self.auto:
            return self.ask_at_prompt(prompt, default)
        value = self.lookup(question)
        if value is None and not default:
            self.say(f"{prompt} ")
            self.say(f'Question has no answer in response file: "{question.lower()}"')
            raise Ended(1)
        answer = default if value is None else value
        self.say(f"{prompt}{f' [{default}]' if default else ''} {answer}")
        return answer

    def ask_at_prompt(self, prompt: str, default: str) -> str:
        while True:
            if self.fault == "garbage":
                self.write(NOISE)
            # In two pieces, as a slow line has it.
            self.write(f"{prompt} ".encode())
            time.sleep(0.02)
            self.write(f"[{default}] ".encode() if default else b"")
            answer = self.read_line() or default
            if answer:
                return answer
            self.say("A response is required.")

    def yes(self, question: str, default: str) -> bool:
        answer = self.ask(question, default)
        if answer not in {"yes", "no"}:
            self.invalid(answer)
        return answer == "yes"

    def choose(self, question: str, choices: list[str], default: str, *, shown: str = "") -> str:
        while (answer := self.ask(question, default, shown=shown)) not in choices:
            self.invalid(answer)
        return answer

    def invalid(self, answer: str) -> None:
        self.say(f"'{answer}' is not a valid choice.")
        if self.auto:
            raise Ended(1)


class Prompter(Asker):
    """At the prompts, on the console's socket."""

    def __init__(self, root: Path, wire: socket.socket, fault: str) -> None:
        super().__init__(root, None, fault)
        self.wire = wire

    def write(self, data: bytes) -> None:
        self.wire.sendall(data)

    def read_line(self) -> str:
        return read_line(self.wire)


def read_line(wire: socket.socket, *, echo: bool = True) -> str:
    line = b""
    while (byte := wire.recv(1)) not in {b"\r", b"\n"}:
        if not byte:
            raise Reboot
        line += byte
        if echo:
            wire.sendall(byte)
    wire.sendall(b"\r\n")
    return line.decode()


def install(asker: Asker) -> None:
    """The dialogue of openbsd.md, section 1.4. Writes what is installed to ROOT/disk."""
    facts = json.loads((asker.root / "machine").read_text())
    digits = facts["release"].replace(".", "")
    system(asker)
    disks(asker)
    installed = sets(asker, facts["release"], digits)
    if asker.fault == "site-fails":
        asker.say("install.site failed")
        raise Ended(1)
    asker.say("Saving configuration files... done.")
    asker.say("Making all device nodes... done.")
    asker.say("Relinking to create unique kernel... done.")
    (asker.root / "disk").write_text(json.dumps({"files": installed, "fault": asker.fault}))
    asker.say("\r\nCONGRATULATIONS! Your OpenBSD install has been successfully completed!")


def system(asker: Asker) -> None:
    asker.say("At any prompt except password prompts you can escape to a shell by")
    asker.ask("System hostname? (short form, e.g. 'foo')")
    asker.say("")
    asker.say("Available network interfaces are: vlan0.")
    asker.ask("Network interface to configure?", "vlan0", shown=" (name, lladdr, '?', or 'done')")
    asker.ask("DNS domain name? (e.g. 'example.com')", "my.domain")
    asker.ask("DNS nameservers? (IP address list or 'none')", "none")
    if asker.fault == "stuck":
        asker.write(b"Do you know the way? ")
        time.sleep(1000)
    if asker.fault == "reboot":
        raise Reboot
    if asker.fault == "panic":
        asker.say('\r\npanic: kernel diagnostic assertion "0" failed\r\nStopped at db_enter+0x14')
        asker.write(b"\r\nddb{0}> ")
        time.sleep(1000)
    if asker.fault == "new-question":
        asker.ask("Do you want to install a new kind of thing?")
    first = asker.ask("Password for root account?" + ("" if asker.auto else " (will not echo)"))
    if not asker.auto and asker.ask("Password for root account? (again)") != first:
        asker.say("Passwords do not match, try again.")
        raise Ended(1)
    (asker.root / "password").write_text(first)
    if asker.auto:
        asker.ask("Public ssh key for root account?", "none")
    asker.yes("Enable sshd(8)?" if asker.fault == "renamed" else "Start sshd(8) by default?", "yes")
    asker.yes("Change the default console to com0?", "yes")
    asker.say("Available speeds are: 9600 19200 38400 57600 115200.")
    asker.choose("Which speed should com0 use?", ["9600", "115200"], "115200", shown=" (or 'done')")
    asker.ask("Setup a user? (enter a lower-case loginname, or 'no')", "no")


def disks(asker: Asker) -> None:
    found = [] if asker.fault == "no-disk" else ["sd0"]
    asker.say(f"Available disks are: {' '.join(found) or 'none'}.")
    question = "Which disk is the root disk? ('?' for details)"
    asker.choose(question, found, found[0] if found else "")
    asker.yes("Encrypt the root disk with a (p)assphrase or (k)eydisk?", "no")
    asker.say("No valid MBR or GPT.")
    asker.ask("Use (W)hole disk MBR, whole disk (G)PT or (E)dit?", "whole")
    if asker.auto:
        url = asker.ask("URL to autopartitioning template for disklabel?", "none")
        path = asker.root / url.removeprefix("file:").strip("/")
        if not path.is_file() or not path.stat().st_mode & 0o004:
            asker.say("No autopartitioning template found.")
            raise Ended(1)
    else:
        asker.say("The auto-allocated layout for sd0 is:\r\n#                size           offset  fstype")
        asker.ask("Use (A)uto layout, (E)dit auto layout, or create (C)ustom layout?", "a")


def sets(asker: Asker, release: str, digits: str) -> dict[str, str]:
    """Choose, verify, extract; what the site set brings, by path."""
    asker.say("\r\nLet's install the sets!")
    asker.choose("Location of sets?", ["cd0", "cd", "disk"], "cd0", shown=" (cd0 disk http nfs or 'done')")
    asker.ask("Pathname to the sets? (or 'done')", f"{release}/amd64")
    site = f"site{digits}.tgz"
    there = ["bsd", "bsd.mp", "bsd.rd", f"base{digits}.tgz", f"comp{digits}.tgz", site]
    if asker.fault == "missing-set":
        there.remove(f"base{digits}.tgz")
    chosen = choose_sets(asker, there)
    if asker.fault == "signature":
        question = "Signature check of SHA256.sig failed. Continue without verification?"
        if not asker.yes(question, "no"):
            raise Ended(1)
    for name in [name for name in chosen if name != site]:
        asker.write(f"Verifying {name}    0% |      |\rVerifying {name}  100% |******|\r\n".encode())
    if site in chosen:
        accept_unsigned(asker, site)
    for name in chosen:
        asker.say(f"Installing {name}  100% |******|")
    if f"base{digits}.tgz" not in chosen:
        question = f"Are you *SURE* your install is complete without 'base{digits}.tgz'?"
        if not asker.yes(question, "no"):
            raise Ended(1)
    asker.ask("Location of sets?", "done", shown=" (cd0 disk http nfs or 'done')")
    asker.ask("What timezone are you in? ('?' for list)")
    packed = (asker.root / "cd" / site).read_bytes() if site in chosen else b""
    return unpack(packed) if packed else {}


def accept_unsigned(asker: Asker, site: str) -> None:
    for question in (
        f"Checksum test for {site} failed. Continue anyway?",
        f"Unverified sets: {site}. Continue without verification?",
    ):
        if not asker.yes(question, "no"):
            raise Ended(1)


def choose_sets(asker: Asker, there: list[str]) -> list[str]:
    chosen = list(there)
    while True:
        asker.say("\r\n".join(f"    [{'X' if name in chosen else ' '}] {name}" for name in there))
        words = asker.ask("Set name(s)?", "done", shown=" (or 'abort' or 'done')").split()
        for word in words:
            pattern = "*" if word[1:] == "all" else word.lstrip("+-")
            named = {name for name in there if fnmatch(name, pattern)}
            wanted = set(chosen) - named if word.startswith("-") else set(chosen) | named
            chosen = [name for name in there if name in wanted]
        if "done" in words:
            return chosen


def unpack(packed: bytes) -> dict[str, str]:
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        files = {member.name.removeprefix("./"): tar.extractfile(member) for member in tar}
        return {name: file.read().decode() for name, file in files.items() if file is not None}


class Machine:
    """What stands behind the console."""

    def __init__(self, wire: socket.socket, disk: Path, cdrom: Path | None, fault: str, root: Path) -> None:
        self.wire, self.disk, self.cdrom, self.fault, self.root = wire, disk, cdrom, fault, root

    # More commands of the shell.
    commands = ""

    def run(self, *, boots_cdrom: bool) -> None:
        self.say("SeaBIOS (version fake)\r\n")
        (self.root / "fault").write_text(self.fault)
        (self.root / "ps").write_text("sshd\n" if self.fault == "talks" else "getty\n")
        if boots_cdrom and self.cdrom is not None:
            self.boot_cd(self.cdrom)
        else:
            self.boot_disk()

    def say(self, text: str) -> None:
        self.wire.sendall(text.encode())

    def hang(self) -> NoReturn:
        """Say nothing until the machine is switched off."""
        while self.wire.recv(4096):
            pass
        raise Reboot

    def boot_cd(self, cdrom: Path) -> None:
        ((release, machine),) = releases(cdrom)
        self.say(f">> OpenBSD/{machine} CDBOOT 3.65\r\n")
        boot = (read_file(cdrom, "/etc/boot.conf") or b"").decode()
        kernel = f"/{release}/{machine}/bsd.rd"
        if self.fault == "no-boot" or f"set image {kernel}\n" not in boot or "set tty com0\n" not in boot:
            self.say("open(hd0a:/etc/boot.conf): No such file or directory\r\nboot> ")
            self.hang()
        (self.root / "machine").write_text(json.dumps({"release": release}))
        for place in ("cd", "mnt2", "tmp"):
            (self.root / place).mkdir()
        site = f"site{release.replace('.', '')}.tgz"
        for name, path in (
            ("ai.conf", "/ai.conf"),
            ("disklabel", "/disklabel"),
            (site, f"/{release}/{machine}/{site}"),
        ):
            data = read_file(cdrom, path)
            if data is not None:
                (self.root / "cd" / name).write_bytes(data)
                (self.root / "cd" / name).chmod(0o600)
        while True:
            self.say("erase ^?, werase ^W, kill ^U, intr ^C, status ^T\r\n\r\n")
            self.say(f"Welcome to the OpenBSD/{machine} {release} installation program.\r\n")
            self.menu()

    def menu(self) -> None:
        self.say("(I)nstall, (U)pgrade, (A)utoinstall or (S)hell? ")
        match read_line(self.wire)[:1].lower():
            case "s":
                self.shell("# ")
            case "i":
                try:
                    install(Prompter(self.root, self.wire, self.fault))
                except Ended:
                    self.say("\r\n")
                else:
                    self.keep_disk()
                self.shell("# ")

    def keep_disk(self) -> None:
        disk = self.root / "disk"
        if disk.exists():
            content = json.loads(disk.read_text()) | {"password": (self.root / "password").read_text()}
            self.disk.write_text(json.dumps(content))

    def boot_disk(self) -> None:
        try:
            content = json.loads(self.disk.read_text())
        except ValueError:
            self.say("Booting from Hard Disk...\r\nNo bootable device.\r\n")
            self.hang()
        self.say("OpenBSD 7.8 (GENERIC) #0: fake\r\nstarting network daemons:")
        if self.fault == "no-login":
            self.hang()
        self.say(" done.\r\n\r\nOpenBSD/amd64 (obsd.parley.test) (tty00)\r\n\r\n")
        while True:
            self.say("login: ")
            user = read_line(self.wire)
            self.say("Password:")
            word = read_line(self.wire, echo=False)
            if (user, word) == ("root", content["password"]) and self.fault != "wrong-password":
                break
            self.say("Login incorrect\r\n")
        for name, text in content["files"].items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        # What install.site does to it.
        (self.root / "etc/boot.conf").write_text("stty com0 115200\nset tty com0\nset timeout 1\n")
        self.shell("obsd# ")

    def shell(self, prompt: str) -> None:
        """Bash on a terminal, until it exits; the machine with it if it was halted."""
        rc = self.root / "rc"
        rc.write_text(SHELL.replace("PS1='# '", f"PS1='{prompt}'") + self.commands)
        environment = {
            "PATH": os.defpath,
            "TERM": "vt220",
            "ROOT": str(self.root),
            "FAKE": __file__,
            "PYTHON": sys.executable,
        }
        ours, theirs = pty.openpty()
        bash = subprocess.Popen(
            ["setsid", "-c", "bash", "--noediting", "--rcfile", str(rc), "-i"],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment,
        )
        os.close(theirs)
        try:
            self.relay(ours)
        finally:
            bash.kill()
            bash.wait()
            os.close(ours)
        self.keep_disk()
        if (self.root / "off").exists() or (self.root / "reboot").exists():
            raise Reboot

    def relay(self, terminal: int) -> None:
        wire = self.wire.fileno()
        while True:
            for ready in select.select([terminal, wire], [], [])[0]:
                try:
                    data = os.read(ready, 4096)
                except OSError:
                    data = b""
                if ready == wire and not data:
                    raise Reboot
                if not data or (self.root / "reboot").exists():
                    return
                os.write(wire if ready == terminal else terminal, data)


def run_installer(root: Path, flag: str, file: str) -> int:
    """`install -af FILE`: the CD is unmounted first, and FILE must still be there."""
    if flag != "-af":
        return 1
    fault = (root / "fault").read_text()
    mnt2 = root / "mnt2"
    for path in mnt2.iterdir():
        path.unlink()
    answers = root / file.strip("/")
    if not answers.is_file():
        return 1
    try:
        install(Asker(root, answers, fault))
    except Ended as ended:
        return int(ended.args[0])
    except Reboot:
        (root / "reboot").touch()
        os.write(1, b"rebooting...\n")
        time.sleep(1000)
    return 0


def main(words: list[str]) -> int:
    if words[0] == "--install":
        return run_installer(Path(words[1]), *words[2:])
    fd, disk, cdrom, fault, boots_cdrom = words
    with socket.socket(fileno=int(fd)) as wire, tempfile.TemporaryDirectory(prefix="fake-openbsd-") as root:
        try:
            Machine(wire, Path(disk), Path(cdrom) if cdrom else None, fault, Path(root)).run(
                boots_cdrom=bool(boots_cdrom)
            )
        except (Reboot, OSError):
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
