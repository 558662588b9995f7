"""Puts the lab's certificates and keys where swanctl(8) looks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parley.daemon.trust import authorities, kind_directory
from parley.scenario.model import Method

if TYPE_CHECKING:
    from parley.scenario.model import Connection, Role

_HOME = "/etc/swanctl"
_WITH_KEY = {Method.CERTIFICATE, Method.RAW_KEY, Method.EAP_TLS}


def install_credentials(connection: Connection, role: Role) -> list[str]:
    """Commands that install what `role` needs to prove itself and to know its peer."""
    own, peer = connection.side(role), connection.side(role.peer)
    commands = []
    if own.authentication.method in _WITH_KEY:
        source = kind_directory(own.authentication.certificate)
        commands += [f"install -m 600 {source}/{own.host}.key {_HOME}/private/"]
        commands += _proof(own.authentication.method, source, own.host)
    if peer.authentication.method is Method.RAW_KEY:
        commands.append(
            f"cp {kind_directory(peer.authentication.certificate)}/{peer.host}.pub {_HOME}/pubkey/"
        )
    for kind in authorities(connection, role):
        source = kind_directory(kind)
        commands += [
            f"cp {source}/ca.crt {_HOME}/x509ca/{kind}.crt",
            f"cp {source}/crl.pem {_HOME}/x509crl/{kind}.pem",
        ]
    return commands


def _proof(method: Method, source: str, host: str) -> list[str]:
    if method is Method.RAW_KEY:
        return [f"cp {source}/{host}.pub {_HOME}/pubkey/"]
    # An intermediate authority, where the kind has one, is sent along but vouches for nobody.
    return [
        f"cp {source}/{host}.crt {_HOME}/x509/",
        f"if [ -f {source}/ca.intermediate.crt ]; then cp {source}/ca.intermediate.crt {_HOME}/x509/; fi",
    ]
