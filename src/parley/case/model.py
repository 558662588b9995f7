"""What a case is, before anything is booted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class HostSpec:
    """One host that a case boots.

    `implementation` is empty for a host that runs no IKE daemon (a router, a client behind a gateway).
    """

    name: str
    platform: str = "debian"
    implementation: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a script: a command typed on `host`, or a comment shown in its transcript.

    `host` is empty for a comment that belongs to no host (merged transcripts only).
    """

    host: str
    text: str
    source: Path
    line: int
    is_comment: bool = False


@dataclass(frozen=True, slots=True)
class Reference:
    """What `host`'s transcript is expected to be (`host` empty: the merged transcript of all hosts)."""

    host: str
    path: Path


@dataclass(frozen=True, slots=True)
class ScriptedCase:
    """A directory with scripts, configuration files and references, loaded and checked.

    `hosts` stand in the order of their boot-independent names; `steps` in the order they are played.
    `references` hold the most specific file per host; a host without one has no entry. `qualified` maps
    names under which daemons look for their configuration to the files that apply (case.qualifier).
    `needs` are features of the kernel (case.needs). `notes` say what looks like a mistake, one sentence each.
    """

    name: str
    directory: Path
    suite: Path
    hosts: tuple[HostSpec, ...]
    steps: tuple[Step, ...]
    references: tuple[Reference, ...] = ()
    title: str = ""
    description: str = ""
    kind: str = "kvmplutotest"
    status: str = "good"
    issue: str = ""
    qualified: dict[str, Path] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def reference(self, host: str) -> Reference | None:
        """The reference of `host`, or None."""
        return next((reference for reference in self.references if reference.host == host), None)
