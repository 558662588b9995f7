"""What the kernels were left with: SAs, policies, routes, processes, core files, call traces."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from parley.judge.bsd_state import check_bsd_kernel
from parley.platform.names import BSDS
from parley.verdict import Check, CheckState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from parley.lab.jail import Jail

# Every warning of the kernel's begins with a cut; processes that crash are told of in a line of their own.
# User-mode Linux says "lost MM child" of one that faults in a way that it does not expect.
_CALL_TRACE = re.compile(
    r"lost MM child|Call Trace:|BUG:|WARNING: CPU|refcount_t:|\[ cut here \]|\bOops\b|: segfault at "
    # OpenBSD's and FreeBSD's words: a panic before this boot, a fault, a witness(4), a process that crashed.
    r"|^panic: |^uvm_fault\(|^Fatal trap |lock order reversal|exited on signal (4|6|10|11)\b"
)
# Policies of a socket (a daemon's own bypass for UDP 500) go with their socket.
_SOCKET_POLICY = re.compile(r"^\s+(socket|dir \d)", re.MULTILINE)

# An SPI that was reserved for an SA that never came (larval, RFC 2367 section 3.1.1): it has no algorithm
# and no key, nothing can pass through it, and the kernel forgets it within 30 s.
_KEYED = re.compile(r"^\s(enc|aead|auth|auth-trunc|comp) |^\s(dir|tmpl) ", re.MULTILINE)


def check_state(jail: Jail, host: str, platform: str = "debian") -> Iterator[Check]:
    """Checks of one host's collected state; a file that was not collected is an error of the lab."""
    if platform in BSDS:
        yield from check_bsd_kernel(jail, host, platform)
    else:
        yield _nothing_left(jail, host, "xfrm-state", "SA")
        yield _nothing_left(jail, host, "xfrm-policy", "policy")
    yield _empty_list(jail, host, "cores", "no core file", "core files")
    yield _empty_list(jail, host, "unstoppable", "daemons stop", "still running after SIGTERM")
    yield _kernel_quiet(jail, host)


def complaints(log: str) -> list[str]:
    """The lines of a kernel's log that no healthy system has."""
    return [line.strip() for line in log.splitlines() if _CALL_TRACE.search(line)]


def check_routes(jail: Jail, host: str, own: Iterable[str]) -> Check:
    """Whether daemons left routes behind: all that neither the kernel made nor the lab.

    `own` are the lab's, as `DESTINATION via GATEWAY`.
    """
    check, evidence = "no route left", f"share/{host}/state/routes.left"
    text = _read(jail, host, "routes.left")
    if text is None:
        return _missing(host, check, evidence)
    known = set(own)
    lines = [line for line in text.splitlines() if line.strip() and " proto kernel" not in line]
    left = [line.strip() for line in lines if " ".join(line.split()[:3]) not in known]
    if not left:
        return Check(check, CheckState.OK, host)
    return Check(
        check, CheckState.FAILED, host, f"{len(left)} left after all daemons ended: {left[0][:200]}", evidence
    )


def _read(jail: Jail, host: str, name: str) -> str | None:
    try:
        return jail.read_text(f"{host}/state/{name}")
    except OSError:
        return None


def _missing(host: str, check: str, evidence: str) -> Check:
    return Check(check, CheckState.ERROR, host, "was not collected", evidence)


def _nothing_left(jail: Jail, host: str, name: str, what: str) -> Check:
    check, evidence = f"no {what} left", f"share/{host}/state/{name}.left"
    text = _read(jail, host, f"{name}.left")
    if text is None:
        return _missing(host, check, evidence)
    entries = [entry for entry in re.split(r"^(?=\S)", text, flags=re.MULTILINE) if entry.strip()]
    entries = [entry for entry in entries if not _SOCKET_POLICY.search(entry)]
    left = [entry for entry in entries if _KEYED.search(entry)]
    if not left:
        return _reserved(check, host, len(entries), evidence)
    first = left[0].splitlines()[0].strip()
    return Check(
        check, CheckState.FAILED, host, f"{len(left)} left after all daemons ended: {first}", evidence
    )


def _reserved(check: str, host: str, count: int, evidence: str) -> Check:
    if not count:
        return Check(check, CheckState.OK, host)
    detail = f"{count} SPIs reserved and never used; the kernel forgets them"
    return Check(check, CheckState.WARNING, host, detail, evidence)


def _empty_list(jail: Jail, host: str, name: str, check: str, complaint: str) -> Check:
    evidence = f"share/{host}/state/{name}"
    text = _read(jail, host, name)
    if text is None:
        return _missing(host, check, evidence)
    found = [line for line in text.split("\n") if line]
    if not found:
        return Check(check, CheckState.OK, host)
    return Check(check, CheckState.FAILED, host, f"{complaint}: {', '.join(found[:5])}", evidence)


def _kernel_quiet(jail: Jail, host: str) -> Check:
    check, evidence = "kernel quiet", f"share/{host}/state/dmesg"
    text = _read(jail, host, "dmesg")
    if text is None:
        return _missing(host, check, evidence)
    lines = complaints(text)
    if not lines:
        return Check(check, CheckState.OK, host)
    return Check(check, CheckState.FAILED, host, lines[0], evidence)
