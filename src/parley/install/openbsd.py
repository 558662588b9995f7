"""OpenBSD installed from its CD without anybody at the keyboard, over the serial console.

::

    boot       the edited CD, up to the installer's menu
    prepare    (S)hell: the answer file goes from the CD to the RAM disk
    install    install -af; its exit status and the answers that nobody asked for are checked
    halt       the machine must switch itself off
    first boot from the disk: keys are made; log in; every promise of the site set is checked; halt

Installers before 5.5 have no answer file: there, (I)nstall, and the same answers at the prompts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.errors import LabError
from parley.install.answers import never_asked, parse
from parley.install.console import Shell, Watch, log_in
from parley.install.guest import check_guest, halt
from parley.install.machine import PowerOn
from parley.install.openbsd_answers import ANSWERS, DISKLABEL, ROOT_PASSWORD
from parley.install.openbsd_site import CHECKS
from parley.install.prompts import Asked, Interview

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from parley.image.store import Progress
    from parley.install.answers import Reply
    from parley.install.console import Console
    from parley.install.limits import Limits
    from parley.install.machine import Power
    from parley.install.openbsd_answers import Release

_MENU = rb"\(S\)hell\? $"
_PROMPT = rb"[\r\n]# $"
_CONGRATULATIONS = rb"CONGRATULATIONS!"
_FAILED = re.compile(r"Question has no answer in response file: \"[^\"]*\"|'[^']*' is not a valid choice")
_STEP = re.compile(r"(?:Verifying|Installing|Extracting|Saving|Making|Relinking|Getting) \S+[^\d%|.]*")


@dataclass(frozen=True, slots=True)
class Installation:
    """What is to be installed: a release from an edited CD, with a table of answers, onto a disk.

    `log` gets all that the console says.
    """

    release: Release
    cdrom: Path
    disk: Path
    table: Sequence[Reply]
    log: Path
    limits: Limits


def install(what: Installation, power: Power, progress: Progress) -> str:
    """Install, boot once, check, halt; return the kernel's version as the guest tells it.

    Raises LabError and its kind, with the last screen and the log's path in the message.
    """
    name = f"openbsd {what.release.version}"
    with power(PowerOn(name, what.disk, what.cdrom, what.log, boots_cdrom=True)) as console:
        progress(f"boot: the installer of {name}; the console goes to {what.log}")
        if what.release.reads_answer_file:
            shell = _install_by_file(console, what, progress)
        else:
            shell = _install_at_prompts(console, what, progress)
        progress("halt")
        halt(shell, what.limits.halt)
    with power(PowerOn(name, what.disk, None, what.log)) as console:
        progress("first boot: keys are made, which takes a while")
        shell = log_in(console, user="root", password=ROOT_PASSWORD, limit=what.limits.first_boot)
        progress("check: is the guest what its clones need")
        check_guest(shell, CHECKS, what.limits.check)
        version = shell.check("sysctl -n kern.version", limit=what.limits.check)
        halt(shell, what.limits.halt)
    return version.decode("utf-8", "replace").strip()


def reach_menu(console: Console, limits: Limits) -> None:
    """Wait for the installer's menu."""
    console.expect(_MENU, limit=limits.boot)


def open_shell(console: Console, limits: Limits) -> Shell:
    """Leave the installer's menu for its shell."""
    console.send_line("s")
    console.expect(_PROMPT, limit=limits.shell)
    shell = Shell(console)
    shell.settle(limits.shell)
    return shell


def interview(console: Console, what: Installation, progress: Progress) -> Shell:
    """Choose (I)nstall at the menu and answer what is asked; the shell that follows."""
    console.send_line("i")

    def told(asked: Asked) -> None:
        progress(f"asked: {asked.question} {asked.value or asked.default}")

    talk = Interview(console, what.table, what.limits.question, what.limits.quiet, told)
    talk.run(_PROMPT)
    if _CONGRATULATIONS not in what.log.read_bytes():
        raise LabError(console.report("the installer ended without CONGRATULATIONS"), host=console.host)
    shell = Shell(console)
    shell.settle(what.limits.shell)
    return shell


def _install_by_file(console: Console, what: Installation, progress: Progress) -> Shell:
    reach_menu(console, what.limits)
    progress("prepare: the answer file goes to the installer's RAM disk")
    shell = open_shell(console, what.limits)
    shell.check(
        f"mount -r -t cd9660 /dev/cd0c /mnt2 && cp /mnt2{ANSWERS} /mnt2{DISKLABEL} / && umount /mnt2"
        f" && chmod a+r {ANSWERS} {DISKLABEL}",
        limit=what.limits.shell,
    )
    progress("install")
    _run_installer(shell, what, progress)
    _check_answers(shell, what)
    return shell


def _run_installer(shell: Shell, what: Installation, progress: Progress) -> None:
    said: list[str] = []

    def told(line: str) -> None:
        step = _STEP.match(line)
        if step and step.group().strip() not in said:
            said.append(step.group().strip())
            progress(f"install: {said[-1]}")

    watch = Watch(told, what.limits.silence)
    answer = shell.run(f"install -af {ANSWERS}", limit=what.limits.install, watch=watch)
    if answer.status == 0 and _CONGRATULATIONS in answer.output:
        return
    reason = _FAILED.search(answer.output.decode("utf-8", "replace"))
    message = f"install -af exited {answer.status}{f': {reason.group()}' if reason else ''}"
    hint = "a question in new words belongs into parley.install.openbsd_answers" if reason else ""
    raise LabError(shell.console.report(message), host=shell.console.host, hint=hint)


def _check_answers(shell: Shell, what: Installation) -> None:
    """What the installer left of its copy of the answers is what it never asked for."""
    text = shell.check("cat /tmp/ai/ai.conf", limit=what.limits.shell).decode("utf-8", "replace")
    unused = never_asked(what.table, parse(text, what.log))
    if unused:
        names = "; ".join(entry.keys[0] for entry in unused)
        raise LabError(
            shell.console.report(f"the installer took its default, for it never asked: {names}"),
            host=shell.console.host,
            hint="this release asks in new words: parley.install.openbsd_answers",
        )


def _install_at_prompts(console: Console, what: Installation, progress: Progress) -> Shell:
    reach_menu(console, what.limits)
    progress("install: at the prompts, for this release reads no answer file")
    return interview(console, what, progress)
