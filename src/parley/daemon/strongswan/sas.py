"""Reads what `swanctl --list-sas --pretty` prints."""

from __future__ import annotations

import re

from parley.daemon.strongswan.words import encryption_name, integrity_name, ke_name
from parley.scenario.state import ChildSa, DaemonView, IkeSa

Tree = dict[str, "str | list[str] | Tree"]

_EVENT = "list-sa event"
_REPLY = "list-sas reply"
# Both SAs of the pair carry traffic; a rekeyed pair does until it is deleted (child_sa.h).
_ALIVE = {"INSTALLED", "UPDATING", "REKEYING", "REKEYED"}

_SECTION = re.compile(r"(.+) \{")
_LIST = re.compile(r"(.+) = \[")
_PAIR = re.compile(r"([^=]+?) = (.*)")


def parse_sas(text: str, connection: str) -> DaemonView:
    """The SAs of `connection`. Raises ValueError for what `swanctl --list-sas --pretty` did not print."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not any(line.startswith(_REPLY) for line in lines):
        raise ValueError(f"no {_REPLY!r} in {text[:80]!r}")
    ike: list[IkeSa] = []
    children: list[ChildSa] = []
    for event in _read_events(lines):
        sa = event.get(connection)
        if isinstance(sa, dict):
            ike.append(_ike_sa(sa))
            children += [
                _child_sa(child) for child in _subtrees(sa, "child-sas") if _text(child, "state") in _ALIVE
            ]
    return DaemonView(tuple(ike), tuple(children))


def _read_events(lines: list[str]) -> list[Tree]:
    """The top-level sections in the order of their lines."""
    events: list[Tree] = []
    stack: list[Tree] = []
    items: list[str] | None = None
    for line in lines:
        if items is not None:
            items = _read_item(items, line)
        elif match := _LIST.fullmatch(line):
            items = []
            _top(stack, line)[match[1]] = items
        elif match := _SECTION.fullmatch(line):
            tree: Tree = {}
            if stack:
                stack[-1][match[1]] = tree
            else:
                events.append(tree)
            stack.append(tree)
        elif line == "}":
            _top(stack, line)
            stack.pop()
        elif match := _PAIR.fullmatch(line):
            _top(stack, line)[match[1]] = match[2]
        else:
            raise ValueError(f"not understood: {line[:80]!r}")
    return events


def _read_item(items: list[str], line: str) -> list[str] | None:
    if line == "]":
        return None
    items.append(line)
    return items


def _top(stack: list[Tree], line: str) -> Tree:
    if not stack:
        raise ValueError(f"outside of any section: {line[:80]!r}")
    return stack[-1]


def _text(tree: Tree, key: str) -> str:
    value = tree.get(key, "")
    return value if isinstance(value, str) else ""


def _texts(tree: Tree, key: str) -> tuple[str, ...]:
    value = tree.get(key, [])
    return tuple(value) if isinstance(value, list) else ()


def _subtrees(tree: Tree, key: str) -> list[Tree]:
    value = tree.get(key, {})
    return [each for each in value.values() if isinstance(each, dict)] if isinstance(value, dict) else []


def _ike_sa(tree: Tree) -> IkeSa:
    return IkeSa(
        initiator_spi=_text(tree, "initiator-spi"),
        responder_spi=_text(tree, "responder-spi"),
        is_initiator=_text(tree, "initiator") == "yes",
        state=_text(tree, "state"),
        local_identity=_text(tree, "local-id"),
        remote_identity=_text(tree, "remote-id"),
        encryption=encryption_name(_text(tree, "encr-alg"), _text(tree, "encr-keysize")),
        integrity=integrity_name(_text(tree, "integ-alg")),
        prf=_text(tree, "prf-alg"),
        ke=ke_name(_text(tree, "dh-group")),
        local=_text(tree, "local-host"),
        remote=_text(tree, "remote-host"),
    )


def _child_sa(tree: Tree) -> ChildSa:
    return ChildSa(
        name=_text(tree, "name"),
        inbound_spi=_text(tree, "spi-in"),
        outbound_spi=_text(tree, "spi-out"),
        protocol=_text(tree, "protocol").lower(),
        mode=_text(tree, "mode").lower(),
        encryption=encryption_name(_text(tree, "encr-alg"), _text(tree, "encr-keysize")),
        integrity=integrity_name(_text(tree, "integ-alg")),
        esn=_text(tree, "esn") == "1",
        local_selectors=_texts(tree, "local-ts"),
        remote_selectors=_texts(tree, "remote-ts"),
    )
