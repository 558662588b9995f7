"""The two sides of a scenario file: who they are and how they prove it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parley.pki import KINDS
from parley.scenario import schema
from parley.scenario.model import Authentication, Method, Role, Side

if TYPE_CHECKING:
    from collections.abc import Mapping

    from parley.scenario.fields import Node, Table

_WITH_SECRET = {Method.PSK, Method.EAP_MSCHAPV2}
_WITH_CERTIFICATE = {Method.CERTIFICATE, Method.RAW_KEY, Method.EAP_TLS}
_WITH_SIGNATURE = {Method.CERTIFICATE, Method.RAW_KEY}
_EAP = {Method.EAP_MSCHAPV2, Method.EAP_TLS}

_DEFAULT_KIND = "ecdsa"


def read_sides(tables: Mapping[Role, Table], hosts: Mapping[Role, str]) -> dict[Role, Side]:
    """Both sides; what contradicts itself or the other side is reported."""
    sides = {role: _read_side(table, hosts[role]) for role, table in tables.items()}
    _check_secrets(tables, sides)
    _check_eap(tables, sides)
    return sides


def _read_side(table: Table, host: str) -> Side:
    method = table.get(schema.AUTH)
    certificate = table.get(schema.CERTIFICATE)
    if not certificate and method in _WITH_CERTIFICATE:
        certificate = _DEFAULT_KIND
    signature = table.get(schema.SIGNATURE)
    _check_certificate(table, method)
    if signature:
        _check_signature(table.at(schema.SIGNATURE), method, certificate, signature)
    return Side(
        host=host,
        authentication=Authentication(
            method=method,
            secret=table.get(schema.SECRET) or (schema.LAB_SECRET if method in _WITH_SECRET else ""),
            certificate=certificate,
            signature=signature,
        ),
        identity=table.get(schema.IDENTITY),
        expects=table.get(schema.EXPECTS),
    )


def _check_certificate(table: Table, method: Method) -> None:
    if table.has(schema.CERTIFICATE) and method not in _WITH_CERTIFICATE:
        table.at(schema.CERTIFICATE).report(
            f"certificate: {method} needs none", 'auth = "certificate", "raw-key" or "eap-tls"'
        )
    if table.has(schema.SECRET) and method not in _WITH_SECRET:
        table.at(schema.SECRET).report(f"secret: {method} needs none", 'auth = "psk" or "eap-mschapv2"')


def _check_signature(node: Node, method: Method, kind: str, signature: str) -> None:
    if method not in _WITH_SIGNATURE:
        node.report(f"signature: {method} does not sign")
        return
    key = KINDS[kind].algorithm.partition("-")[0]
    if signature.partition("-")[0] != key:
        fitting = [name for name in schema.SIGNATURES if name.partition("-")[0] == key]
        node.report(
            f"signature is {signature!r}, but certificates of kind {kind} hold a key of type {key}",
            f"one of {', '.join(fitting)}",
        )


def _check_secrets(tables: Mapping[Role, Table], sides: Mapping[Role, Side]) -> None:
    """One secret alone would be compared with the lab's own: a wrong PSK that nobody asked for."""
    if any(side.authentication.method is not Method.PSK for side in sides.values()):
        return
    for role, table in tables.items():
        if not table.has(schema.SECRET) and tables[role.peer].has(schema.SECRET):
            tables[role.peer].at(schema.SECRET).report(
                f"secret: {role} has PSK without a secret", "both sides' secret, or neither"
            )


def _check_eap(tables: Mapping[Role, Table], sides: Mapping[Role, Side]) -> None:
    """RFC 7296 section 2.16: EAP is the initiator's, the responder signs with its certificate."""
    methods = {role: side.authentication.method for role, side in sides.items()}
    if methods[Role.RESPONDER] in _EAP:
        tables[Role.RESPONDER].at(schema.AUTH).report(
            "auth: only an initiator authenticates by EAP (RFC 7296 section 2.16)", 'auth = "certificate"'
        )
    elif methods[Role.INITIATOR] in _EAP and methods[Role.RESPONDER] is not Method.CERTIFICATE:
        tables[Role.INITIATOR].at(schema.AUTH).report(
            "auth: EAP wants a responder with a certificate (RFC 7296 section 2.16)",
            '[responder] auth = "certificate"',
        )
