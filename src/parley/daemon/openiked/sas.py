"""Reads what `ikectl show sa` prints, with the algorithms out of iked's log, which alone tells them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from parley.daemon.openiked import words
from parley.scenario.state import ChildSa, DaemonView, IkeSa

if TYPE_CHECKING:
    from collections.abc import Mapping

# Stands between the SAs and the lines of the log.
LOG_MARK = "==== log ===="
# Which lines of the log tell algorithms: a grep(1) pattern.
LOG_LINES = "established peer|loaded SPIs|rekeyed as new IKESA"

_IKE = re.compile(
    r"iked_sas: 0x\w+ rspi 0x(?P<rspi>[0-9a-f]{16}) ispi 0x(?P<ispi>[0-9a-f]{16}) "
    r"(?P<local>\S+)->(?P<remote>\S+?)<(?P<peer>[^>]*)>\[[^]]*\] (?P<state>\S+) (?P<role>[ir]) "
)
_CHILD = re.compile(
    r"sa_childsas: (?P<self>0x\w+) (?P<protocol>ESP|AH) 0x(?P<spi>[0-9a-f]{8}) (?P<way>in|out) "
    r"\S+ -> \S+ \((?P<flags>\w*)\) B=\S+ P=(?P<peer>\S+) "
)
_INBOUND_FLOW = re.compile(r"sa_flows: 0x\w+ (?:ESP|AH) in (?P<remote>\S+) -> (?P<local>\S+) ")
_ESTABLISHED = re.compile(
    r"spi=0x([0-9a-f]{16}): established peer \S+\[[^]]*\] local \S+\[(?P<id>[^]]*)\] .*\((?P<with>[^()]*)\)"
)
_REKEYED = re.compile(
    r"spi=0x(?P<old>[0-9a-f]{16}): .*rekeyed as new IKESA 0x(?P<new>[0-9a-f]{16}) \((?P<with>[^()]*)\)"
)
_LOADED = re.compile(r"loaded SPIs: (?P<spis>[^(]*)\((?P<with>[^()]*)\)")


def parse_sas(text: str, name: str) -> DaemonView:
    """The SAs, the Child SA being called `name`. Raises ValueError for text that `status` did not print."""
    shown, mark, log = text.partition(f"{LOG_MARK}\n")
    if not mark:
        raise ValueError(f"no {LOG_MARK!r} in {text[:80]!r}")
    told = _Told(log)
    ike = tuple(_ike_sa(match, told) for line in shown.splitlines() if (match := _IKE.match(line)))
    return DaemonView(ike, _children(shown, name, told))


class _Told:
    """What the log tells of SAs by SPI: its words for algorithms, and whose identity is whose."""

    def __init__(self, log: str) -> None:
        self.ike: dict[str, dict[str, str]] = {}
        self.child: dict[str, dict[str, str]] = {}
        self.identity: dict[str, str] = {}
        for line in log.splitlines():
            self._read(line)

    def _read(self, line: str) -> None:
        if match := _ESTABLISHED.search(line):
            self.ike[match[1]] = _pairs(match["with"])
            self.identity[match[1]] = match["id"]
        elif match := _REKEYED.search(line):
            self.ike[match["new"]] = _pairs(match["with"])
            self.identity[match["new"]] = self.identity.get(match["old"], "")
        elif match := _LOADED.search(line):
            for spi in re.findall(r"0x([0-9a-f]{8})", match["spis"]):
                self.child[spi] = _pairs(match["with"])


def _pairs(text: str) -> dict[str, str]:
    """`enc aes-256 auth hmac-sha1 esn` as a dictionary; a word without a value stands for itself."""
    found: dict[str, str] = {}
    rest = text.split()
    while rest:
        key = rest.pop(0)
        found[key] = key if key == "esn" or not rest else rest.pop(0)
    return found


def _named(table: Mapping[str, str], word: str) -> str:
    if word == "unknown":  # the cipher of AH
        return ""
    return next((name for name, known in table.items() if known == word), word)


def _bare(identity: str) -> str:
    return identity.partition("/")[2]


def _address(endpoint: str) -> str:
    """An address without its port: 192.0.2.1:500, [2001:db8::1]:500."""
    return endpoint.rpartition(":")[0].strip("[]")


def _ike_sa(match: re.Match[str], told: _Told) -> IkeSa:
    algorithms = told.ike.get(match["ispi"], {})
    return IkeSa(
        initiator_spi=match["ispi"],
        responder_spi=match["rspi"],
        is_initiator=match["role"] == "i",
        state=match["state"],
        local_identity=_bare(told.identity.get(match["ispi"], "")),
        remote_identity=_bare(match["peer"]),
        encryption=_named(words.IKE_ENCRYPTION, algorithms.get("enc", "")),
        integrity=_named(words.INTEGRITY, algorithms.get("auth", "")),
        prf=_named(words.PRF, algorithms.get("prf", "")),
        ke=_named(words.KE, algorithms.get("group", "")),
        local=_address(match["local"]),
        remote=_address(match["remote"]),
    )


def _children(shown: str, name: str, told: _Told) -> tuple[ChildSa, ...]:
    """Pairs of loaded SAs; iked's policies have one Child SA each."""
    halves = {match["self"]: match for match in _CHILD.finditer(shown) if "L" in match["flags"]}
    # It shows its own and the kernel's order of things, so "in" is the only direction that is unambiguous.
    flows = list(_INBOUND_FLOW.finditer(shown))
    return tuple(
        _child_sa(half, halves[half["peer"]], flows, name, told)
        for half in halves.values()
        if half["way"] == "in" and half["peer"] in halves
    )


def _child_sa(
    inbound: re.Match[str], outbound: re.Match[str], flows: list[re.Match[str]], name: str, told: _Told
) -> ChildSa:
    algorithms = told.child.get(inbound["spi"], {})
    return ChildSa(
        name=name,
        inbound_spi=inbound["spi"],
        outbound_spi=outbound["spi"],
        protocol=inbound["protocol"].lower(),
        mode="",
        encryption=_named(words.ESP_ENCRYPTION, algorithms.get("enc", "")),
        integrity=_named(words.INTEGRITY, algorithms.get("auth", "")),
        esn="esn" in algorithms if algorithms else None,
        local_selectors=tuple(dict.fromkeys(flow["local"] for flow in flows)),
        remote_selectors=tuple(dict.fromkeys(flow["remote"] for flow in flows)),
    )
