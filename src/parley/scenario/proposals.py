"""The proposals of a scenario file: transforms that go together, and those that do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parley.scenario import schema
from parley.scenario.iana import TRANSFORMS, TransformType
from parley.scenario.model import Proposal, Protocol

if TYPE_CHECKING:
    from parley.scenario.fields import Key, Node, T, Table

# Additional key exchanges have transform types of their own, 6 to 12 (RFC 9370 section 2.2).
_MOST_ADDITIONAL = 7


def read_ike_proposal(table: Table, base: Proposal | None = None) -> Proposal:
    """What [ike] offers, or [responder.ike] where it differs from `base`."""
    proposal = _read(table, base or Proposal(), with_prf=True)
    _check_ciphers(table, proposal)
    _check_key_exchange(table, proposal)
    for index, name in enumerate(table.get(schema.ENCRYPTION)):
        if TRANSFORMS[TransformType.ENCRYPTION][name].child_only:
            _element(table, schema.ENCRYPTION, index).report(f"{name} must not protect an IKE SA")
    return proposal


def read_child_proposal(table: Table, protocol: Protocol, base: Proposal | None = None) -> Proposal:
    """What a [child] offers, or [responder.child] where it differs from `base`."""
    proposal = _read(table, base or Proposal(), with_prf=False)
    if protocol is Protocol.AH and table.has(schema.ENCRYPTION):
        table.at(schema.ENCRYPTION).report("encryption: AH does not encrypt (RFC 4302)", 'protocol = "esp"')
        return proposal
    if protocol is Protocol.AH and "NONE" in proposal.integrity:
        table.at(schema.INTEGRITY).report("integrity: AH without it protects nothing (RFC 4302)")
    _check_ciphers(table, proposal)
    _check_key_exchange(table, proposal)
    if "ENCR_NULL" in proposal.encryption and not proposal.integrity:
        table.at(schema.ENCRYPTION).report(
            "ENCR_NULL without an integrity transform protects nothing (RFC 4303 section 3.2)",
            'integrity = "AUTH_HMAC_SHA2_256_128"',
        )
    return proposal


def _read(table: Table, base: Proposal, *, with_prf: bool) -> Proposal:
    encryption = _or(table, schema.ENCRYPTION, base.encryption)
    integrity = _or(table, schema.INTEGRITY, base.integrity)
    if table.has(schema.ENCRYPTION) and not table.has(schema.INTEGRITY) and _is_combined(encryption):
        integrity = ()  # what `base` says of integrity went with its own ciphers
    return Proposal(
        encryption=encryption,
        integrity=integrity,
        prf=_or(table, schema.PRF, base.prf) if with_prf else (),
        ke=_or(table, schema.KE, base.ke),
        additional=_or(table, schema.ADDITIONAL, base.additional),
        esn=base.esn if with_prf else _or(table, schema.ESN, base.esn),
    )


def _or(table: Table, key: Key[T], base: T) -> T:
    return table.get(key) if table.has(key) else base


def _is_combined(names: tuple[str, ...]) -> bool:
    return any(TRANSFORMS[TransformType.ENCRYPTION][name].combined for name in names)


def _check_ciphers(table: Table, proposal: Proposal) -> None:
    kinds = [TRANSFORMS[TransformType.ENCRYPTION][name].combined for name in proposal.encryption]
    if len(set(kinds)) > 1:
        table.at(schema.ENCRYPTION).report(
            "encryption: combined-mode and other ciphers cannot share a proposal (RFC 7296 section 3.3)",
            "one kind or the other",
        )
        return
    integrity = [name for name in proposal.integrity if name != "NONE"]
    if any(kinds) and integrity:
        table.at(schema.INTEGRITY if table.has(schema.INTEGRITY) else schema.ENCRYPTION).report(
            f"integrity: {proposal.encryption[0]} is a combined-mode cipher, so {integrity[0]} has no place "
            "(RFC 5282 section 8)",
            "leave integrity out",
        )
    if kinds and not any(kinds) and "NONE" in proposal.integrity:
        table.at(schema.INTEGRITY).report(
            f"integrity: {proposal.encryption[0]} alone does not protect integrity", "leave NONE out"
        )


def _check_key_exchange(table: Table, proposal: Proposal) -> None:
    if not table.has(schema.ADDITIONAL):
        return
    node = table.at(schema.ADDITIONAL)
    if not proposal.ke:
        node.report("additional: there is no first key exchange (RFC 9370 section 2.2)", 'ke = "CURVE25519"')
    if len(proposal.additional) > _MOST_ADDITIONAL:
        node.report(f"additional: more than {_MOST_ADDITIONAL} key exchanges (RFC 9370 section 2.2)")
    for index, name in enumerate(proposal.additional):
        if name in proposal.ke:
            _element(table, schema.ADDITIONAL, index).report(
                f"additional: {name} is in ke already, and no method may come twice (RFC 9370 section 2.2)"
            )


def _element(table: Table, key: Key[T], index: int) -> Node:
    return table.at(key).elements()[index]
