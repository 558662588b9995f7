"""POSIX sh that drivers share: supervised daemons, and waits for conditions instead of times."""

from __future__ import annotations

from math import ceil

# How often a condition is tried (seconds).
_PAUSE = 0.05


def wait_until(condition: str, *, seconds: float, meanwhile: str = "", otherwise: str = "") -> str:
    """Wait until the command `condition` succeeds; after `seconds`, say so, run `otherwise` and exit 1.

    `meanwhile` is run between two tries.
    """
    lines = [
        f"end=$(($(date +%s) + {ceil(seconds)}))",
        f"until {condition}; do",
        *([f"    {meanwhile}"] if meanwhile else []),
        "    if [ $(date +%s) -gt $end ]; then",
        f"        echo 'gave up after {seconds:g} s' >&2",
        *([f"        {otherwise}"] if otherwise else []),
        "        exit 1",
        "    fi",
        f"    sleep {_PAUSE}",
        "done",
    ]
    return "\n".join(lines)


def supervise(name: str, command: str, *, log: str = "/dev/null") -> str:
    """Run a daemon in the background, its output in `log`; how it ends is written to /parley/state/exits."""
    return f"({command} >{log} 2>&1; echo {name} $? >>/parley/state/exits) </dev/null &"


def forget_ipsec(*, keep: str) -> str:
    """Take all SAs out of the kernel, and all policies but those that match the awk pattern `keep`."""
    return (
        "ip xfrm state flush\n"
        "ip xfrm policy list nosock | awk '"
        "/^src/ { selector = $0; next } "
        f'/^\\tdir/ && !/{keep}/ {{ print "xfrm policy delete", selector, $1, $2 }}'
        "' | ip -batch -"
    )
