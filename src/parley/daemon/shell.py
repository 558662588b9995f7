"""POSIX sh that drivers share: supervised daemons, and waits for conditions instead of times."""

from __future__ import annotations

# How often a condition is tried (seconds).
_PAUSE = 0.05


def wait_until(condition: str, *, seconds: float, otherwise: str = "") -> str:
    """Wait until the command `condition` succeeds; after `seconds`, say so, run `otherwise` and exit 1."""
    lines = [
        f"tries={round(seconds / _PAUSE)}",
        f"until {condition}; do",
        "    tries=$((tries - 1))",
        "    if [ $tries -le 0 ]; then",
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
