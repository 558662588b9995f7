"""The words in which Parley judges: verdicts and checks (docs/reference/verdicts.md)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """Outcome of a case, worst last in `SEVERITY`."""

    PASSED = "passed"
    DIFFERS = "differs"
    FAILED = "failed"
    UNSUPPORTED = "unsupported"
    KNOWN = "known"
    FIXED = "fixed?"
    FLAKY = "flaky"
    LAB_ERROR = "lab-error"
    NOT_RUN = "not-run"

    @property
    def is_good(self) -> bool:
        """Whether a run may exit 0 with this verdict in it."""
        return self in {Verdict.PASSED, Verdict.UNSUPPORTED, Verdict.KNOWN, Verdict.FLAKY}


class CheckState(StrEnum):
    """What one check found."""

    OK = "ok"
    DIFFERS = "differs"
    FAILED = "failed"
    KNOWN = "known"
    WARNING = "warning"
    ERROR = "error"

    @property
    def rank(self) -> int:
        """Where it stands among the states, the worst first."""
        order = (self.ERROR, self.FAILED, self.DIFFERS, self.KNOWN, self.WARNING, self.OK)
        return order.index(self)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: `detail` says what was found, `evidence` is a path inside the case's directory."""

    name: str
    state: CheckState
    host: str = ""
    detail: str = ""
    evidence: str = ""
