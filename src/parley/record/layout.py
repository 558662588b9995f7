"""Where everything of a run lies: the one place that knows file names.

::

    RUN/
      run.json                      what was asked for, on what machine, in which order (run.record)
      verdicts.json                 the verdicts alone, for later runs to look back at (record.history)
      cases/NAME/
        result.json                 the verdict and everything it rests on (run.record)
        cell.json                   the same for a scenario's cell (cell.record)
        play.json                   hosts, images, kernels and each step with times and status
        capture.pcapng              every frame of every segment
        share.pcapng                the same of the network of a share over NFS, where there is one
        ladder.json                 the messages in it, dissected and decrypted (wire.ladder)
        wireshark/                  the keys to it, as a configuration directory of Wireshark's
        HOST.console.txt            sanitized transcript; a cell has none
        HOST.console.raw.txt        transcript as it came
        HOST.kernel.log             the kernel's own console
        lab.kernel.log              the same where all hosts share the lab kernel, in virtual time
        HOST.emulator.log           what the emulator of a host that boots from a disk complains of
        share/                      the only tree that the guests of this case can see or write
          testing/                  copies of the case's files and helper scripts (/testing in a guest)
          HOST/                     that host's boot script, commands' outputs, logs and states
            step/NNNN.out           output of step NNNN, stdout and stderr in the order printed
            log/*                   logs of the daemons
            state/*                 kernel and daemon state at the end

Everything below `share` was written by guests: it may be read only through `lab.jail`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class CaseLayout:
    """Paths of one case's directory."""

    root: Path

    @property
    def result(self) -> Path:
        """The verdict and what it rests on."""
        return self.root / "result.json"

    @property
    def play(self) -> Path:
        """What was booted and played."""
        return self.root / "play.json"

    @property
    def cell(self) -> Path:
        """What was booted and done in a scenario's cell."""
        return self.root / "cell.json"

    @property
    def capture(self) -> Path:
        """Every frame of every segment."""
        return self.root / "capture.pcapng"

    @property
    def share_capture(self) -> Path:
        """Every frame of a share over NFS."""
        return self.root / "share.pcapng"

    @property
    def ladder(self) -> Path:
        """The messages in the capture."""
        return self.root / "ladder.json"

    @property
    def wireshark(self) -> Path:
        """The keys to the capture; a configuration directory of Wireshark's."""
        return self.root / "wireshark"

    @property
    def share(self) -> Path:
        """The guests' tree."""
        return self.root / "share"

    def transcript(self, host: str) -> Path:
        """The sanitized transcript of `host`."""
        return self.root / f"{host}.console.txt"

    def raw_transcript(self, host: str) -> Path:
        """The transcript of `host` as it came."""
        return self.root / f"{host}.console.raw.txt"

    def kernel_log(self, host: str) -> Path:
        """What the kernel of `host` printed."""
        return self.root / f"{host}.kernel.log"

    def emulator_log(self, host: str) -> Path:
        """What the emulator of `host` said of itself, where the kernel's console goes elsewhere."""
        return self.root / f"{host}.emulator.log"


@dataclass(frozen=True, slots=True)
class RunLayout:
    """Paths of one run's directory."""

    root: Path

    @property
    def record(self) -> Path:
        """What was asked for and where."""
        return self.root / "run.json"

    def case(self, name: str) -> CaseLayout:
        """The directory of the case called `name`."""
        return CaseLayout(self.root / "cases" / name)
