"""What is run on the host: pluto's start and `ipsec whack` (ipsec_whack(8)), as POSIX sh.

The programs are called where they lie: the `ipsec` command in front of them is a shell script of its own,
and each costs time under User-mode Linux.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from parley.daemon.libreswan.config import RAW_KEYS, RAW_KEYS_FILE, uses_raw_keys
from parley.daemon.shell import forget_ipsec, supervise, wait_until
from parley.pki import KINDS, PASSWORD
from parley.scenario.model import Method

if TYPE_CHECKING:
    from collections.abc import Iterable

    from parley.scenario.model import Child, Connection, Role

WHACK = "/usr/libexec/ipsec/whack"
LOG = "/parley/log/pluto.log"
# Not where the host looks: it holds keys, and pluto has given up the right to write there.
KEYLOG = "/run/pluto/keylog"

KEYLOG_SOURCE = "/etc/ipsec.d/parley-keylog.c"
_PRELOAD = "/run/pluto/keylog.so"
_PLUTO = "/usr/libexec/ipsec/pluto"
_NSS = "sql:/var/lib/ipsec/nss"
_X509 = "/testing/x509"

# Pluto needs a quarter of a second where nothing else runs.
_START_SECONDS = 20.0
# Pluto itself would go on for ever: with a peer that does not answer, whoever waits must not.
_UP_SECONDS = 40
# How long a negotiation that was under way already may go on; after a refusal pluto tries for ever.
_UNDER_WAY_SECONDS = 5
_DOWN_SECONDS = 10.0

_ANY_ATTEMPT = f"{WHACK} --showstates | grep '^#' | grep -qv ESTABLISHED"
_ANY_SA = f"{WHACK} --showstates | grep -q ESTABLISHED"

# Policies without a template were never pluto's: the lab's guard.
_NOT_OURS = "action block"


def start(connection: Connection, role: Role) -> str:
    """Bring keys and certificates into NSS, start pluto, wait until every connection is ready for use."""
    arguments = f"--nofork --leak-detective --config /etc/ipsec.conf --logfile {LOG}"
    steps = [
        "mkdir -p /run/pluto",
        *_import_credentials(connection, role),
        *_raw_keys(connection, role),
        # Without the compiler pluto works all the same, but tells neither keys nor SPIs of IKE SAs.
        "preload=",
        f"tcc -shared -nostdlib -o {_PRELOAD} {KEYLOG_SOURCE} 2>/dev/null && preload={_PRELOAD}",
        supervise("pluto", f"LD_PRELOAD=$preload {_PLUTO} {arguments}"),
    ]
    refused = f"if grep 'failed to add connection' {LOG} >&2; then exit 1; fi"
    for child in connection.children:
        ready = f"""{WHACK} --connectionstatus 2>/dev/null | grep -q '^"{child.name}": *host: oriented'"""
        steps.append(wait_until(ready, seconds=_START_SECONDS, meanwhile=refused))
    # What was initiated once, pluto sets up again whenever it goes down: a scenario says itself what is done.
    return "\n".join([*steps, f"{WHACK} --impair revival"])


def keylog_source() -> str:
    """The library that pluto is started with, in C."""
    return (files("parley.daemon.libreswan") / "keylog.c").read_text()


def _import_credentials(connection: Connection, role: Role) -> list[str]:
    own = connection.side(role)
    steps = []
    if kind := own.authentication.certificate:
        steps.append(
            f"certutil -L -n {own.host} -d {_NSS} >/dev/null 2>&1 || "
            f"pk12util -i {_X509}/{kind}/{own.host}.p12 -d {_NSS} -W {PASSWORD} -K '' >/dev/null || exit"
        )
    if authority := connection.authority(role):
        steps.append(f"certutil -A -n authority -t CT,, -d {_NSS} -i {_X509}/{authority}/ca.crt || exit")
        if KINDS[authority].revoked:
            steps.append(f"crlutil -I -i {_X509}/{authority}/crl.der -d {_NSS} || exit")
    return steps


def _raw_keys(connection: Connection, role: Role) -> list[str]:
    if not uses_raw_keys(connection):
        return []
    steps = [f"echo 'conn {RAW_KEYS}' >{RAW_KEYS_FILE}"]
    for end, owner in (("left", role), ("right", role.peer)):
        side = connection.side(owner)
        if side.authentication.method is Method.RAW_KEY:
            path = f"{_X509}/{side.authentication.certificate}/{side.host}.pub"
            steps.append(
                f"printf '\\t{end}pubkey=%s\\n' \"$(sed /-----/d {path} | tr -d '\\n')\" >>{RAW_KEYS_FILE}"
            )
    return steps


def up(children: Iterable[Child]) -> str:
    """Initiate each Child SA; the first brings the IKE SA with it."""
    steps = []
    for child in children:
        steps += [
            f"timeout {_UP_SECONDS} {WHACK} --name {child.name} --initiate || exit",
            # Traffic may have had pluto initiate already; whack returns at once then.
            wait_until(
                f"{_serial(child)} | grep -q .",
                seconds=_UNDER_WAY_SECONDS,
                meanwhile=f"{_ANY_ATTEMPT} || exit 1",
            ),
        ]
    return "\n".join(steps)


def down(children: Iterable[Child]) -> str:
    """Delete the IKE SA and with it its Child SAs.

    Only one connection owns the IKE SA, and the others say so. `--terminate` alone would leave it: it keeps
    the IKE SA while another connection uses it, and for that other one it is not its own.
    """
    names = [child.name for child in children]
    return "\n".join(
        [
            *(f"{WHACK} --name {name} --down-ike" for name in names),
            *(f"{_ANY_SA} && {WHACK} --name {name} --terminate" for name in names),
            wait_until(f"! {_ANY_SA}", seconds=_DOWN_SECONDS),
        ]
    )


def delete_child(child: Child) -> str:
    """Delete a Child SA and leave its IKE SA alone; whack itself would wait for the end of both."""
    return "\n".join(
        [
            f"{WHACK} --name {child.name} --down-child --asynchronous || exit",
            wait_until(f"! {_serial(child)} | grep -q .", seconds=_DOWN_SECONDS),
        ]
    )


def rekey_child(child: Child) -> str:
    """Rekey a Child SA; pluto says it worked when the old one is gone."""
    return "\n".join(
        [
            f"old=$({_serial(child)})",
            f"{WHACK} --name {child.name} --rekey-child || exit",
            f"new=$({_serial(child)})",
            '[ -n "$new" ] && [ "$new" != "$old" ]',
        ]
    )


def rekey_ike(children: Iterable[Child]) -> str:
    """Rekey the IKE SA, which belongs to one of the connections: the others refuse."""
    return "\n".join(
        [
            f"old=$({_ike_serial()})",
            *(f"{WHACK} --name {child.name} --rekey-ike" for child in children),
            f"new=$({_ike_serial()})",
            '[ -n "$new" ] && [ "$new" != "$old" ]',
        ]
    )


def reauthenticate(children: Iterable[Child]) -> str:
    """Replace the IKE SA by one that is authenticated anew.

    Pluto has no command for it, but it can be told that the IKE SA is as old as it may get. What happens then
    is what reauth=yes means (ipsec.conf(5)): the IKE SA is deleted first, and its Child SAs come back because
    they are supposed to stay up.
    """
    back = [wait_until(f"{_serial(child)} | grep -q .", seconds=_UP_SECONDS) for child in children]
    return "\n".join(
        [
            f"old=$({_ike_serial()})",
            f"{WHACK} --no-impair revival",
            f"{WHACK} --impair trigger_v2_replace:${{old#?}} || exit",
            wait_until(f'[ "$({_ike_serial()})" != "$old" ]', seconds=_UP_SECONDS),
            *back,
            f"{WHACK} --impair revival",
        ]
    )


def kill() -> str:
    """End pluto and forget what it had in the kernel."""
    return "\n".join(
        [
            "pkill -KILL -x pluto",
            wait_until("! pgrep -x pluto >/dev/null", seconds=5),
            "rm -f /run/pluto/pluto.ctl /run/pluto/pluto.pid",
            forget_ipsec(keep=_NOT_OURS),
        ]
    )


def _serial(child: Child) -> str:
    """Prints the serial number of a connection's newest Child SA, such as `#2`."""
    return (
        f"{WHACK} --showstates | "
        f"""sed -n 's/^\\(#[0-9]*\\): "{child.name}".* ESTABLISHED_CHILD_SA .*newest;.*/\\1/p'"""
    )


def _ike_serial() -> str:
    return f"{WHACK} --showstates | sed -n 's/^\\(#[0-9]*\\): .* ESTABLISHED_IKE_SA .*newest;.*/\\1/p'"
