"""Reading the values of a scenario file that are more than words and numbers."""

from __future__ import annotations

import re
import warnings
from importlib.metadata import entry_points
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from parley.errors import UsageError
from parley.near import nearest
from parley.scenario.fields import Node, choice, shown, text
from parley.scenario.iana import TRANSFORMS, TransformType
from parley.scenario.model import Role
from parley.wire.impair import parse_impairment

if TYPE_CHECKING:
    from collections.abc import Callable
    from ipaddress import IPv4Network, IPv6Network

    Network = IPv4Network | IPv6Network

BOTH = "both"


def raw(node: Node) -> Node:
    """The value itself, to be read by somebody else."""
    return node


def transform(kind: TransformType) -> Callable[[Node], str]:
    """The name of a transform of this type, with its key length where it has one."""

    def read(node: Node) -> str:
        name = text(node)
        if name not in TRANSFORMS[kind]:
            lacks_length = [known for known in TRANSFORMS[kind] if known.startswith(f"{name}-")]
            hint = f"say the key length: {', '.join(lacks_length)}" if lacks_length else ""
            raise node.error(
                f"{node.name}: {shown(name)} is no transform of type {kind.name} (IANA, IKEv2 Parameters)",
                hint or nearest(name, TRANSFORMS[kind]),
            )
        return name

    return read


def network(node: Node) -> Network:
    """An IPv4 or IPv6 network."""
    value = text(node)
    try:
        return ip_network(value)
    except ValueError as error:
        raise node.error(f"{node.name}: {error}", "a network such as 192.0.1.0/24") from error


def address(node: Node) -> str:
    """An IPv4 or IPv6 address, in its usual text form."""
    value = text(node)
    try:
        return str(ip_address(value))
    except ValueError as error:
        raise node.error(f"{node.name}: {error}") from error


def impairment(node: Node) -> str:
    """An impairment, as parley.wire.impair takes it."""
    value = text(node)
    try:
        parse_impairment(value)
    except UsageError as error:
        raise node.error(str(error.args[0]), error.hint) from error
    return value


def matching(pattern: str, example: str) -> Callable[[Node], str]:
    """A string of the form of `example`."""

    def read(node: Node) -> str:
        value = text(node)
        if not re.fullmatch(pattern, value):
            raise node.error(f"{node.name}: {shown(value)} is not of the form {example!r}")
        return value

    return read


def regular_expression(node: Node) -> str:
    """A regular expression of Python."""
    value = text(node)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # what Python will read in another way one day
            re.compile(value)
    except (re.error, OverflowError, RecursionError, Warning) as error:
        raise node.error(f"{node.name} is no regular expression: {error}") from error
    return value


def acting_side(node: Node) -> Role | None:
    """Who acts; None is both at once."""
    value = choice(Role.INITIATOR, Role.RESPONDER, BOTH)(node)
    return None if value == BOTH else Role(value)


def implementation(node: Node) -> str:
    """The name of an IKE daemon that Parley or a third party drives."""
    name = text(node)
    # Names only: which daemons there are says nothing about scenarios, so none is loaded.
    known = entry_points(group="parley.daemons").names
    if name not in known:
        raise node.error(f"{node.name}: no implementation is called {shown(name)}", nearest(name, known))
    return name


def address_family(node: Node) -> int:
    """4 or 6."""
    return 4 if choice("ipv4", "ipv6")(node) == "ipv4" else 6
