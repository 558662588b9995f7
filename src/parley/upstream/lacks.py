"""What cannot run here: classes of cases, each declared by what its files ask for, never by how it ended."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.errors import InputError

if TYPE_CHECKING:
    from parley.case.model import ScriptedCase

_LINUX = {"debian", "fedora", "linux"}
_PLATFORM = "other platform"
_VTI = ("ip_vti", "ip6_vti")


@dataclass(frozen=True, slots=True)
class Lack:
    """A class of cases: `commands` is looked for in its steps, `files` in its other files."""

    name: str
    reason: str
    commands: str = ""
    files: str = ""


LACKS = (
    Lack(
        "SELinux",
        "needs a kernel with SELinux and a policy; Debian's User-mode Linux has neither",
        r"semodule|\brunco[n]\b|\bausearch\b|\bauditctl\b|getpeercon|setenforce 1|sestatus",
        r"^\s*(sec-label|sec_label|policy-label)\s*=",
    ),
    Lack(
        "FIPS",
        "needs Fedora's libraries in FIPS mode",
        r"\bfips(on|off)?\b(?! mode=dis)|--fips|update-crypto-policies|crypto-policies",
    ),
    Lack(
        "other daemon",
        "needs racoon or an L2TP daemon, of which Debian has no usable one",
        r"\bracoonctl\b|\bracoon\b|l2tpd",
    ),
    Lack("containers", "needs Docker or Ansible", r"\bdocker\b|pipework|ansible-playbook"),
    Lack("OCSP", "needs OpenCA's ocspd, which Debian does not package", r"ocspd\.sh|\bocspd\b"),
    Lack(
        "systemd",
        "needs systemd as the first process",
        r"systemctl (status|show|edit|enable|mask)|systemd-run|journalctl",
    ),
    Lack("kernel modules", "loads or removes modules of the kernel", r"\b(modprobe|rmmod|lsmod)\b"),
    Lack(
        "the Internet",
        "reaches outside the test network",
        r"\b(wget|curl) |\bping [^|;]*\b(8\.8\.8\.8|libreswan\.org)\b",
    ),
)


def declared_lack(case: ScriptedCase) -> str:
    """Why `case` cannot run here, as `CLASS: REASON`; empty if it can."""
    strange = sorted({host.platform for host in case.hosts} - _LINUX)
    if strange:
        return f"{_PLATFORM}: needs hosts that run {', '.join(strange)}"
    commands = "\n".join(step.text for step in case.steps if not step.is_comment)
    files = _configuration(case)
    for lack in LACKS:
        if (lack.commands and re.search(lack.commands, commands)) or (
            lack.files and re.search(lack.files, files, re.MULTILINE)
        ):
            return f"{lack.name}: {lack.reason}"
    return ""


def wanted_modules(case: ScriptedCase) -> tuple[str, ...]:
    """What the kernel loads for `case` and for no other: cases look whether VTI's devices are there."""
    return _VTI if re.search(r"^\s*vti-interface\s*=", _configuration(case), re.MULTILINE) else ()


def _configuration(case: ScriptedCase) -> str:
    try:
        return "\n".join(
            path.read_text(encoding="utf-8", errors="replace")
            for path in sorted(case.directory.glob("*.conf"))
        )
    except OSError as error:
        raise InputError(case.directory, 0, f"cannot be read: {error.strerror}") from error
