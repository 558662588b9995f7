"""Puts the lab's certificates and keys where iked(8) looks for them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from parley.daemon.openiked.config import identity
from parley.daemon.trust import authorities, kind_directory
from parley.scenario.model import Method

if TYPE_CHECKING:
    from parley.scenario.model import Connection, Role

_HOME = "/etc/iked"
_WITH_KEY = {Method.CERTIFICATE, Method.RAW_KEY}


def install_credentials(connection: Connection, role: Role) -> list[str]:
    """Commands that install what `role` needs to prove itself and to know its peer."""
    own, peer = connection.side(role), connection.side(role.peer)
    commands = []
    if own.authentication.method in _WITH_KEY:
        source = kind_directory(own.authentication.certificate)
        commands += [
            f"install -m 600 {source}/{own.host}.key {_HOME}/private/local.key",
            f"cp {source}/{own.host}.pub {_HOME}/local.pub",
        ]
    if own.authentication.method is Method.CERTIFICATE:
        commands += _certificate(kind_directory(own.authentication.certificate), own.host)
    if peer.authentication.method is Method.RAW_KEY:
        source = kind_directory(peer.authentication.certificate)
        commands.append(f"cp {source}/{peer.host}.pub {_public_key(connection.expected_identity(role))}")
    for kind in authorities(connection, role):
        source = kind_directory(kind)
        commands += [
            f"cp {source}/ca.crt {_HOME}/ca/{kind}.crt",
            f"cp {source}/crl.pem {_HOME}/crls/{kind}.crl",
        ]
    return commands


def _certificate(source: str, host: str) -> list[str]:
    # iked sends along what it finds among the authorities between its own certificate and the root; an
    # authority that does not vouch for itself is none that it trusts (ca.c, ca_chain_by_issuer).
    return [
        f"cp {source}/{host}.crt {_HOME}/certs/",
        f"if [ -f {source}/ca.intermediate.crt ]; then cp {source}/ca.intermediate.crt {_HOME}/ca/; fi",
    ]


def _public_key(name: str) -> str:
    """Where iked looks for the key of an identity (iked(8), PUBLIC KEYS)."""
    name = identity(name)
    if re.fullmatch(r"[\d.]+", name):
        kind = "ipv4"
    elif ":" in name:
        kind = "ipv6"
    else:
        kind = "ufqdn" if "@" in name else "fqdn"
    return f"{_HOME}/pubkeys/{kind}/{name}"
