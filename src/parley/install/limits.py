"""How long each phase of an installation may take."""

from __future__ import annotations

from dataclasses import dataclass

from parley.install.console import Limit

# Emulation takes so many times as long as KVM. A trial with OpenBSD 5.1: 10 to 26 s to the menu under
# emulation, 54 s with the machine busy.
EMULATED = 10


@dataclass(frozen=True, slots=True)
class Limits:
    """Time limits by phase; `quiet` is how long a prompt must be the last thing said, in seconds."""

    boot: Limit
    shell: Limit
    install: Limit
    silence: Limit
    question: Limit
    halt: Limit
    first_boot: Limit
    check: Limit
    quiet: float

    @classmethod
    def times(cls, factor: float) -> Limits:
        """The limits of a machine that is `factor` times slower than one with KVM."""

        def limit(name: str, seconds: float, hint: str = "") -> Limit:
            slow = "--timeout-scale 3, if the machine is merely slow"
            return Limit(name, seconds * factor, f"{slow}; {hint}" if hint else slow)

        return cls(
            boot=limit("boot", 60, "a CD that does not boot shows it above"),
            shell=limit("shell", 20),
            install=limit("install", 900),
            silence=limit("silence", 120, "a question that nobody answers stands last"),
            question=limit("question", 120, "a question that nobody answers stands last"),
            halt=limit("halt", 60),
            first_boot=limit("first boot", 180, "a daemon that waits for a network shows above"),
            check=limit("check", 30),
            quiet=min(1.0, max(0.1, 0.05 * factor)),
        )
