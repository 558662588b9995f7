"""A cell's verdict in the light of what is declared: lacks and known defects."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from parley.verdict import Verdict

if TYPE_CHECKING:
    from parley.scenario.model import KnownFailure, Scenario


def as_declared(
    scenario: Scenario, initiator: str, responder: str, *, verdict: Verdict, reason: str, lack: str
) -> tuple[Verdict, str]:
    """The verdict that a cell gets, from the one that its checks came to.

    `failed` becomes `unsupported` where `lack` is declared, `known` if it fails as a finding says; `passed`
    becomes `fixed?` if it should always have done either. A broken lab stays one.
    """
    if lack:
        return _with_lack(verdict, reason, lack)
    for known in scenario.known:
        if not (_is(known.initiator, initiator) and _is(known.responder, responder)):
            continue
        if verdict is Verdict.PASSED and not known.sometimes:
            return Verdict.FIXED, f"passed although known to fail: {known.finding}"
        if verdict is Verdict.FAILED and _fails_as(known, reason):
            return Verdict.KNOWN, f"{known.finding}: {reason}"
    return verdict, reason


def _with_lack(verdict: Verdict, reason: str, lack: str) -> tuple[Verdict, str]:
    if verdict is Verdict.PASSED:
        return Verdict.FIXED, f"works although declared a lack: {lack}"
    return (Verdict.UNSUPPORTED, lack) if verdict is Verdict.FAILED else (verdict, reason)


def _is(wanted: str, implementation: str) -> bool:
    return wanted in {"*", implementation, implementation.partition("@")[0]}


def _fails_as(known: KnownFailure, reason: str) -> bool:
    return re.search(known.reason, reason) is not None
