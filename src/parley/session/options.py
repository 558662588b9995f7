"""What both kinds of runs are asked: how their labs are made, and how the run goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from parley.errors import UsageError
from parley.image.kernel import SUITES
from parley.lab.clock import AUTO, SEED, VIRTUAL
from parley.run.share import OWN

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class LabOptions:
    """How labs are made and cases follow each other.

    `clock` is one of lab.clock.CLOCKS, and chance follows from `seed`; `kernel` is empty for the best that is
    there. `backends` are BACKEND or HOST=BACKEND; `first` is the host that is up before others boot; `share`
    is how guests get a case's directory. `output` is the run's directory, or None for a new one below `RUNS`.
    """

    clock: str = AUTO
    seed: str = SEED
    kernel: str = ""
    backends: tuple[str, ...] = ()
    first: str = ""
    share: str = OWN
    jobs: int = 1
    retry: int = 0
    fail_fast: bool = False
    timeout_scale: float = 1.0
    output: Path | None = None
    resume: bool = False

    def check(self) -> None:
        """Raise UsageError for options that contradict each other."""
        if self.clock == VIRTUAL and self.kernel in SUITES:
            raise UsageError(
                f"--clock {self.clock} takes the lab kernel, and --kernel {self.kernel} is another",
                hint="one of them alone",
            )

    def lab_record(self) -> dict[str, Any]:
        """What a run's record keeps of it, for `recorded_lab`."""
        return {
            "clock": self.clock,
            "seed": self.seed,
            "kernel": self.kernel,
            "backends": list(self.backends),
            "first": self.first,
            "share": self.share,
            "jobs": self.jobs,
            "retry": self.retry,
            "timeout_scale": self.timeout_scale,
        }

    def lab_words(self) -> list[str]:
        """The options of a command line that make the same labs."""
        return [
            *([f"--clock={self.clock}"] if self.clock != AUTO else []),
            *([f"--seed={self.seed}"] if self.seed != SEED else []),
            *([f"--kernel={self.kernel}"] if self.kernel else []),
            *(f"--backend={word}" for word in self.backends),
            *([f"--first={self.first}"] if self.first else []),
            *([f"--share={self.share}"] if self.share != OWN else []),
        ]


def recorded_lab(record: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of `LabOptions` that a run's record kept.

    Raises KeyError, TypeError or ValueError for a damaged one.
    """
    return {
        "clock": str(record["clock"]),
        "seed": str(record["seed"]),
        "kernel": str(record["kernel"]),
        "backends": tuple(record["backends"]),
        "first": str(record["first"]),
        "share": str(record["share"]),
        "retry": int(record["retry"]),
        "timeout_scale": float(record["timeout_scale"]),
    }
