"""Proposals in swanctl.conf(5)'s keywords."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parley.daemon.strongswan import words
from parley.scenario.iana import TRANSFORMS, TransformType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from parley.scenario.model import Proposal

# What stands for a type that a proposal leaves open: "default" is for whole proposals only.
_CIPHERS = ("ENCR_AES_CBC-128", "ENCR_AES_CBC-192", "ENCR_AES_CBC-256")
_INTEGRITY = (
    "AUTH_HMAC_SHA2_256_128",
    "AUTH_HMAC_SHA2_384_192",
    "AUTH_HMAC_SHA2_512_256",
    "AUTH_HMAC_SHA1_96",
)
_PRF = ("PRF_HMAC_SHA2_256", "PRF_HMAC_SHA2_384", "PRF_HMAC_SHA2_512", "PRF_HMAC_SHA1")
_KE = ("CURVE25519", "ECP_256", "ECP_384", "ECP_521", "MODP_3072", "MODP_4096", "MODP_2048")


def ike_proposal(proposal: Proposal) -> str:
    """The value of `proposals`."""
    if proposal.is_default:
        return "default"
    return "-".join(
        [
            *_protection(proposal),
            *_keywords(words.PRF, proposal.prf or _PRF),
            *_keywords(words.KE, proposal.ke or _KE),
            *_additional(proposal),
        ]
    )


def esp_proposal(proposal: Proposal) -> str:
    """The value of `esp_proposals`."""
    if proposal.is_default:
        return "default"
    return "-".join([*_protection(proposal), *_child_keywords(proposal)])


def ah_proposal(proposal: Proposal) -> str:
    """The value of `ah_proposals`."""
    if proposal.is_default:
        return "default"
    integrity = _keywords(words.INTEGRITY, proposal.integrity or _INTEGRITY)
    return "-".join([*integrity, *_child_keywords(proposal)])


def _protection(proposal: Proposal) -> list[str]:
    ciphers = proposal.encryption or _CIPHERS
    keywords = _keywords(words.ENCRYPTION, ciphers)
    if any(TRANSFORMS[TransformType.ENCRYPTION][name].combined for name in ciphers):
        return keywords
    return keywords + _keywords(words.INTEGRITY, proposal.integrity or _INTEGRITY)


def _child_keywords(proposal: Proposal) -> list[str]:
    esn = {None: [], True: ["esn"], False: ["noesn"]}[proposal.esn]
    return [*_keywords(words.KE, proposal.ke), *_additional(proposal), *esn]


def _additional(proposal: Proposal) -> list[str]:
    return [f"ke{number}_{word}" for number, word in enumerate(_keywords(words.KE, proposal.additional), 1)]


def _keywords(table: Mapping[str, str], names: Iterable[str]) -> list[str]:
    # What it has no keyword for is left to its own parser to refuse: see `parley matrix --try-lacks`.
    return [table.get(name, name) for name in names]
