"""Whether this machine's processor can run guests itself, found out by having it run one."""

from __future__ import annotations

import os
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from parley.backend.process import drop_privileges
from parley.errors import MissingError
from parley.lab.jail import Owner

QEMU = "qemu-system-x86_64"
PACKAGE = "qemu-system-x86"
_KVM = Path("/dev/kvm")

# A firmware whose first and only act is to write 0x10 to QEMU's exit device: mov dx,0xf4; mov al,0x10;
# out dx,al; hlt; jmp to the hlt. A PC begins at 16 bytes below the end of its firmware.
_FIRMWARE_SIZE = 64 * 1024
_RESET_VECTOR = _FIRMWARE_SIZE - 16
_PROGRAM = bytes.fromhex("baf400b010eef4ebfd")
# What QEMU then exits with: (value << 1) | 1.
_PROOF = 0x21
_LIMIT = 10.0  # seconds; it takes 0.05


_OPTIONS = {
    "kvm": ("-accel", "kvm", "-cpu", "host"),
    # One thread for all of it: hosts here have one processor, and the lab runs several of them.
    "tcg": ("-accel", "tcg,thread=single", "-cpu", "max"),
}


@dataclass(frozen=True, slots=True)
class Accelerator:
    """How QEMU runs a guest's instructions: `kvm`, or `tcg` (emulation, 10 to 20 times slower) and why.

    `groups` are the groups a guest's process must be in to use it.
    """

    name: str
    reason: str = ""
    groups: tuple[int, ...] = ()

    @property
    def slowness(self) -> float:
        """How many times slower than natively daemons are, all in all, on a machine with other work."""
        return 1.0 if self.name == "kvm" else 4.0

    @property
    def options(self) -> tuple[str, ...]:
        """QEMU's options for it."""
        return _OPTIONS[self.name]


@cache
def accelerator() -> Accelerator:
    """The fastest that works here for the user that guests run as. Raises MissingError without QEMU."""
    groups = _kvm_groups()
    reason = f"there is no {_KVM}" if not _KVM.exists() else _failure("kvm", groups)
    if not reason:
        return Accelerator("kvm", groups=groups)
    failure = _failure("tcg", ())
    if failure:
        raise MissingError(f"QEMU runs no guest here: {failure}", hint=f"apt-get install {PACKAGE}")
    return Accelerator("tcg", reason)


def _failure(name: str, groups: tuple[int, ...]) -> str:
    """Why a guest of one instruction does not run; empty when it does."""
    with ExitStack() as stack:
        firmware = os.memfd_create("firmware", os.MFD_CLOEXEC)
        stack.callback(os.close, firmware)
        os.write(firmware, bytes(_RESET_VECTOR) + _PROGRAM.ljust(16, b"\x90"))
        command = [
            *drop_privileges(Owner.current(), groups),
            QEMU,
            *("-nodefaults", "-no-user-config", "-display", "none", "-machine", "pc", "-m", "16"),
            *("-bios", f"/proc/self/fd/{firmware}", "-device", "isa-debug-exit,iobase=0xf4"),
            *_OPTIONS[name],
        ]
        try:
            ended = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=_LIMIT, pass_fds=(firmware,)
            )
        except OSError as error:
            return f"{error.filename}: {error.strerror}"
        except subprocess.TimeoutExpired:
            return f"a guest of one instruction took longer than {_LIMIT:g} s"
    if ended.returncode == _PROOF:
        return ""
    complaint = next(iter(ended.stderr.splitlines()), "it says nothing")
    return f"{complaint.rpartition('error: ')[2][:200]} (status {ended.returncode})"


def _kvm_groups() -> tuple[int, ...]:
    try:
        return (_KVM.stat().st_gid,)
    except OSError:
        return ()
