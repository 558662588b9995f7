"""What pluto says of its SAs, as data.

`whack --showstates` knows which SAs there are, and `--connectionstatus` the identities of their connections.
Algorithms, modes, selectors and who initiated are told by the log alone, by the same serial numbers; the SPIs
of IKE SAs by the key log alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from ipaddress import ip_interface
from typing import TYPE_CHECKING

from parley.daemon.libreswan.algorithms import iana_name
from parley.daemon.libreswan.commands import KEYLOG, LOG, WHACK
from parley.scenario.iana import TransformType
from parley.scenario.state import ChildSa, DaemonView, IkeSa

if TYPE_CHECKING:
    from collections.abc import Iterator

_CONNECTIONS, _STATES, _LOG, _SPIS = (
    f"==== {name} ====" for name in ("connections", "states", "log", "ike spis")
)

# Pluto tests itself with these when it starts; in the key log it therefore marks a start.
SELF_TEST = "34c9e7c188868785 3ff77d760d2b2199"

_TOLD = r"#[0-9]+: .*(\{cipher=|established|rekeyed|computing DH)"

_NAME = r'"(?P<name>[^"]+)"(?:\[\d+\])?'
_TIME = r"(?P<month>[A-Z][a-z]{2}) +(?P<day>\d+) (?P<time>[\d:.]+)"
_CONNECTION = re.compile(
    rf"^{_NAME}.*?:   our idtype: \w+; our id=(?P<ours>.*?); their idtype: \w+; their id=(?P<theirs>.*)$"
)
_STATE = re.compile(rf"^#(?P<serial>\d+): {_NAME}(?: \S+?)?:\d+(?:\(tcp\))? (?P<state>[\w-]+) \(")
_SPIS_LINE = re.compile(
    rf"^#(?P<serial>\d+): {_NAME}.*? (?P<protocol>esp|ah)[.:](?P<out>[0-9a-f]+)@\S+ "
    r"(?P=protocol)[.:](?P<in>[0-9a-f]+)@"
)
_LOG_LINE = re.compile(rf"^{_TIME}: {_NAME}(?: \S+)? #(?P<serial>\d+): (?P<text>.*)$")
_ALGORITHMS = re.compile(
    r"\{cipher=(?P<cipher>\S+) integ=(?P<integrity>\S+) prf=(?P<prf>\S+) group=(?P<group>[^}]+)\}"
)
_CHILD = re.compile(
    r"IPsec (?P<mode>tunnel|transport) (?P<selectors>.*?) ?\{(?P<protocol>ESP|AH)(?:in\w+)?(?P<esn>/ESN)?"
    r"(?:/TFC)?(?:/IPTFS)?=>0x\w+ <0x\w+ xfrm=(?P<algorithms>[\w-]+)"
)
_SELECTOR = re.compile(r"\[(\S+?)===(\S+?)\]")
_IKE_SPIS = re.compile(rf"^{_TIME} (?P<initiator>[0-9a-f]{{16}}) (?P<responder>[0-9a-f]{{16}})$")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# What is logged when the keys of an IKE SA are about to be derived, and when they just were.
_BEFORE, _AFTER = "computing DH", ("processed IKE_SA_INIT response", "rekeyed IKE SA")


def status() -> str:
    """Print what `parse_status` reads, of the pluto that runs now."""
    latest = (
        "awk '/%s/ { n = 0; next } /%s/ { line[n++] = $0 } END { for (i = 0; i < n; i++) print line[i] }' %s"
    )
    return "\n".join(
        [
            f"echo '{_CONNECTIONS}'",
            f"{WHACK} --connectionstatus || exit",
            f"echo '{_STATES}'",
            f"{WHACK} --showstates || exit",
            f"echo '{_LOG}'",
            latest % ("Starting Pluto", _TOLD.replace(r"\{", "[{]"), LOG),
            f"echo '{_SPIS}'",
            # The keys themselves are left out.
            f"[ ! -f {KEYLOG} ] || cut -d ' ' -f 1-5 {KEYLOG} | " + (latest % (SELF_TEST, ".", "-")),
        ]
    )


@dataclass(slots=True)
class _Told:
    """What the log tells about the SA with one serial number."""

    is_initiator: bool = False
    algorithms: dict[str, str] = field(default_factory=dict)
    child: ChildSa | None = None
    spis: tuple[str, str] = ("", "")


def parse_status(text: str) -> DaemonView:
    """Read what `status` printed. Raises ValueError for a text that is no such output."""
    sections = _sections(text)
    identities = dict(_identities(sections[_CONNECTIONS]))
    told = _told(sections[_LOG], sections[_SPIS])
    spis = {
        match["serial"]: match for line in sections[_STATES] if (match := _SPIS_LINE.match(line)) is not None
    }
    ike = []
    children = []
    for line in sections[_STATES]:
        state = _STATE.match(line)
        if state is None:
            continue
        about = told.get(state["serial"], _Told())
        if state["state"].endswith("CHILD_SA"):
            if state["serial"] in spis:
                children.append(_child(state, spis[state["serial"]], about))
        elif about.spis != ("", "") or state["state"] == "ESTABLISHED_IKE_SA":
            ike.append(_ike(state, about, identities.get(state["name"], ("", ""))))
    return DaemonView(tuple(ike), tuple(children))


def _sections(text: str) -> dict[str, list[str]]:
    marks = (_CONNECTIONS, _STATES, _LOG, _SPIS)
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for line in text.splitlines():
        if line in marks:
            current = found.setdefault(line, [])
        else:
            current.append(line)
    absent = [mark for mark in marks if mark not in found]
    if absent:
        raise ValueError(f"no status of pluto: {absent[0]!r} is not in it")
    return found


def _identities(lines: list[str]) -> Iterator[tuple[str, tuple[str, str]]]:
    for line in lines:
        if match := _CONNECTION.match(line):
            yield match["name"], (match["ours"].lstrip("@"), match["theirs"].lstrip("@"))


def _told(log: list[str], spis: list[str]) -> dict[str, _Told]:
    told: dict[str, _Told] = {}
    derived = [match for line in spis if (match := _IKE_SPIS.match(line)) is not None]
    for line in log:
        match = _LOG_LINE.match(line)
        if match is None:
            continue
        about = told.setdefault(match["serial"], _Told())
        _note(about, match["text"])
        if pair := _derived_at(_moment(match), match["text"], derived):
            about.spis = pair
    return told


def _note(about: _Told, text: str) -> None:
    if algorithms := _ALGORITHMS.search(text):
        about.algorithms = algorithms.groupdict()
        about.is_initiator = text.startswith(("initiator", "processed"))
    if child := _CHILD.search(text):
        about.child = _described(child)


def _derived_at(
    moment: tuple[int, int, str], text: str, derived: list[re.Match[str]]
) -> tuple[str, str] | None:
    """The SPIs of the IKE SA whose keys were derived next to this line of the log."""
    if _BEFORE in text:
        near = [match for match in derived if _moment(match) >= moment][:1]
    elif any(words in text for words in _AFTER):
        near = [match for match in derived if _moment(match) <= moment][-1:]
    else:
        return None
    return (near[0]["initiator"], near[0]["responder"]) if near else None


def _moment(match: re.Match[str]) -> tuple[int, int, str]:
    """When a line was logged, as something that compares; logs have no year."""
    return _MONTHS.index(match["month"]), int(match["day"]), match["time"]


def _described(child: re.Match[str]) -> ChildSa:
    selectors = _SELECTOR.findall(child["selectors"])
    words = child["algorithms"].split("-")
    encryption = words.pop(0) if child["protocol"] == "ESP" else ""
    integrity = iana_name(TransformType.INTEGRITY, words[0] if words else "")
    return ChildSa(
        name="",
        inbound_spi="",
        outbound_spi="",
        protocol=child["protocol"].lower(),
        mode=child["mode"],
        encryption=iana_name(TransformType.ENCRYPTION, encryption),
        integrity="" if integrity == "NONE" else integrity,
        esn=child["esn"] is not None,
        local_selectors=_networks(pair[0] for pair in selectors),
        remote_selectors=_networks(pair[1] for pair in selectors),
    )


def _networks(texts: Iterator[str]) -> tuple[str, ...]:
    """Selectors as CIDR; pluto leaves the length out where it is that of an address."""
    return tuple(dict.fromkeys(str(ip_interface(text).network) for text in texts))


def _child(state: re.Match[str], spis: re.Match[str], about: _Told) -> ChildSa:
    described = about.child or ChildSa(name="", inbound_spi="", outbound_spi="", protocol=spis["protocol"])
    return replace(
        described,
        name=state["name"],
        inbound_spi=spis["in"].zfill(8),
        outbound_spi=spis["out"].zfill(8),
    )


def _ike(state: re.Match[str], about: _Told, identities: tuple[str, str]) -> IkeSa:
    named = about.algorithms
    return IkeSa(
        initiator_spi=about.spis[0],
        responder_spi=about.spis[1],
        is_initiator=about.is_initiator,
        state=state["state"],
        local_identity=identities[0],
        remote_identity=identities[1],
        encryption=iana_name(TransformType.ENCRYPTION, named.get("cipher", "")),
        integrity=iana_name(TransformType.INTEGRITY, named.get("integrity", "")),
        prf=iana_name(TransformType.PRF, named.get("prf", "")),
        ke=iana_name(TransformType.KE, named.get("group", "")),
    )
