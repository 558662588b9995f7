"""Which of the lab's certificates a side has and whose it believes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parley.scenario.model import Method

if TYPE_CHECKING:
    from parley.scenario.model import Connection, Role

# The kind of which nobody but its holders knows the authority.
_UNKNOWN = "unknown"
_CERTIFIED = {Method.CERTIFICATE, Method.EAP_TLS}


def kind_directory(kind: str) -> str:
    """Where the certificates of a kind lie on a host (parley.pki)."""
    return f"/testing/x509/{kind}"


def authorities(connection: Connection, role: Role) -> list[str]:
    """The kinds whose authority `role` trusts: its own, and its peer's unless that is the unknown one."""
    own, peer = (connection.side(each).authentication for each in (role, role.peer))
    kinds = [own.certificate] if own.method in _CERTIFIED else []
    if peer.method in _CERTIFIED and peer.certificate != _UNKNOWN:
        kinds.append(peer.certificate)
    return list(dict.fromkeys(kinds))
