"""The scenarios that come with Parley: they load, and together they cover what was promised."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from parley.pki import KINDS
from parley.scenario.model import Action, Method, Mode, Protocol, Role
from parley.scenario.suite import default_scenarios, load_scenarios

if TYPE_CHECKING:
    from collections.abc import Callable

    from parley.scenario.model import Connection, Scenario

SCENARIOS, ERRORS = load_scenarios([default_scenarios()])
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}


def test_all_load() -> None:
    assert [str(error) for error in ERRORS] == []
    assert len(SCENARIOS) >= 45


def test_about_ten_always_run() -> None:
    core = [scenario for scenario in SCENARIOS if scenario.core]
    assert 8 <= len(core) <= 14
    assert any(not scenario.expect.established for scenario in core)


def test_every_one_names_what_demands_it() -> None:
    assert [scenario.name for scenario in SCENARIOS if not scenario.rfcs] == []


def test_titles_are_unique_lines() -> None:
    titles = [scenario.title for scenario in SCENARIOS]
    assert len(set(titles)) == len(titles)
    assert [title for title in titles if "\n" in title or len(title) > 90 or title.endswith(".")] == []


def connections(holds: Callable[[Connection], bool]) -> list[str]:
    """Names of scenarios that end established and whose connection `holds`."""
    return [
        scenario.name for scenario in SCENARIOS if scenario.expect.established and holds(scenario.connection)
    ]


@pytest.mark.parametrize("method", Method)
@pytest.mark.parametrize("role", Role)
def test_every_way_to_prove_an_identity_is_tried(method: Method, role: Role) -> None:
    found = connections(lambda connection: connection.side(role).authentication.method is method)
    is_eap_responder = role is Role.RESPONDER and method in {Method.EAP_MSCHAPV2, Method.EAP_TLS}
    assert bool(found) != is_eap_responder


def test_every_kind_of_certificates_is_tried() -> None:
    tried = {
        scenario.connection.side(role).authentication.certificate for scenario in SCENARIOS for role in Role
    }
    assert tried - {""} == set(KINDS)


@pytest.mark.parametrize("signature", ["rsa-pkcs1", "rsa-pss", "ecdsa", "ed25519"])
def test_every_signature_is_tried(signature: str) -> None:
    assert connections(lambda connection: connection.initiator.authentication.signature == signature)


@pytest.mark.parametrize(
    "name",
    [
        *("ENCR_AES_CBC-128", "ENCR_AES_CBC-192", "ENCR_AES_CBC-256", "ENCR_AES_GCM_16-128"),
        *(
            "ENCR_AES_GCM_16-256",
            "ENCR_AES_CCM_16-256",
            "ENCR_CHACHA20_POLY1305",
            "ENCR_NULL",
            "ENCR_AES_CTR-256",
        ),
        *("AUTH_HMAC_SHA2_256_128", "AUTH_HMAC_SHA2_384_192", "AUTH_HMAC_SHA2_512_256", "AUTH_AES_XCBC_96"),
    ],
)
def test_esp_is_tried_with(name: str) -> None:
    def uses(connection: Connection) -> bool:
        proposals = [child.proposal for child in connection.children if child.protocol is Protocol.ESP]
        return any(name in (*proposal.encryption, *proposal.integrity) for proposal in proposals)

    assert connections(uses)


@pytest.mark.parametrize("ke", ["MODP_2048", "ECP_256", "ECP_384", "ECP_521", "CURVE25519"])
def test_every_group_is_tried_in_ike_and_in_a_rekeyed_child(ke: str) -> None:
    assert connections(lambda connection: connection.ike.ke == (ke,))
    rekeyed = [
        scenario.name
        for scenario in SCENARIOS
        if scenario.connection.children[0].proposal.ke == (ke,)
        and Action.REKEY_CHILD in {step.action for step in scenario.steps}
    ]
    assert rekeyed


@pytest.mark.parametrize("outer", [4, 6])
@pytest.mark.parametrize("inner", [4, 6])
@pytest.mark.parametrize("mode", Mode)
def test_families_inside_and_outside(outer: int, inner: int, mode: Mode) -> None:
    def fits(connection: Connection) -> bool:
        child = connection.children[0]
        families = {network.version for network in child.selectors[Role.INITIATOR]}
        return connection.outer_family == outer and child.mode is mode and families == {inner}

    assert bool(connections(fits)) == (mode is Mode.TUNNEL or outer == inner)


@pytest.mark.parametrize(
    ("what", "holds"),
    [
        ("AH", lambda connection: connection.children[0].protocol is Protocol.AH),
        ("ESN", lambda connection: connection.children[0].proposal.esn is True),
        ("no ESN", lambda connection: connection.children[0].proposal.esn is False),
        ("several children", lambda connection: len(connection.children) > 1),
        ("several selectors", lambda connection: len(connection.children[0].selectors[Role.INITIATOR]) > 1),
        ("narrowing", lambda connection: connection.children[0].responder_selectors),
        ("IPComp", lambda connection: connection.children[0].ipcomp),
        ("forced encapsulation", lambda connection: connection.force_encapsulation),
        ("cookie", lambda connection: connection.always_cookie),
        ("MOBIKE", lambda connection: connection.mobike),
        ("pool of IPv4", lambda connection: "." in connection.pool),
        ("pool of IPv6", lambda connection: ":" in connection.pool),
        ("ML-KEM", lambda connection: "ML_KEM_768" in connection.ike.additional),
        ("PPK", lambda connection: connection.ppk_id),
        ("fragmentation", lambda connection: connection.fragmentation),
        ("childless", lambda connection: connection.childless),
        ("dead peer detection", lambda connection: connection.dpd_seconds),
    ],
)
def test_features(what: str, holds: Callable[[Connection], bool]) -> None:
    assert connections(holds), what


@pytest.mark.parametrize("by", [*Role, None])
@pytest.mark.parametrize("action", [Action.REKEY_CHILD, Action.REKEY_IKE])
def test_rekeys_are_started_by_either_side_and_by_both(action: Action, by: Role | None) -> None:
    assert any(step.action is action and step.by is by for scenario in SCENARIOS for step in scenario.steps)


@pytest.mark.parametrize("by", Role)
@pytest.mark.parametrize("action", [Action.DELETE_CHILD, Action.DOWN, Action.KILL, Action.RESTART])
def test_either_side_deletes_and_dies(action: Action, by: Role) -> None:
    assert any(step.action is action and step.by is by for scenario in SCENARIOS for step in scenario.steps)


@pytest.mark.parametrize("action", Action)
def test_every_action_is_played(action: Action) -> None:
    assert any(step.action is action for scenario in SCENARIOS for step in scenario.steps)


def test_every_rekey_is_followed_by_traffic() -> None:
    followed = {Action.REKEY_CHILD, Action.REKEY_IKE, Action.REAUTHENTICATE, Action.MOVE}
    for scenario in SCENARIOS:
        actions = [step.action for step in scenario.steps]
        for action, after in pairwise(actions):
            if action in followed:
                assert after is Action.TRAFFIC, scenario.name


@pytest.mark.parametrize(("initiator", "responder"), [(True, False), (True, True)])
def test_nats(*, initiator: bool, responder: bool) -> None:
    assert any((each.nat.initiator, each.nat.responder) == (initiator, responder) for each in SCENARIOS)


# An initiator that does not believe its responder may say so, and may simply delete (section 2.21.2).
REFUSED = {
    "wrong-psk": "AUTHENTICATION_FAILED",
    "wrong-identity-initiator": "AUTHENTICATION_FAILED",
    "wrong-identity-responder": "",
    "unknown-ca-initiator": "AUTHENTICATION_FAILED",
    "unknown-ca-responder": "",
    "expired": "AUTHENTICATION_FAILED",
    "revoked": "AUTHENTICATION_FAILED",
    "no-common-ike": "NO_PROPOSAL_CHOSEN",
    "no-common-child": "NO_PROPOSAL_CHOSEN",
    "no-common-selector": "TS_UNACCEPTABLE",
}


def test_refusals_are_refused_with_what_the_rfc_demands() -> None:
    found: dict[str, Scenario] = {each.name: each for each in SCENARIOS if not each.expect.established}
    assert {name: scenario.expect.notify for name, scenario in found.items()} == REFUSED


@pytest.mark.parametrize("notify", ["COOKIE", "INVALID_KE_PAYLOAD"])
def test_retries_must_be_seen(notify: str) -> None:
    assert any(notify in scenario.expect.seen for scenario in SCENARIOS)


# Of the IPv6 Ready Logo's tests, 1.7 was removed, and a proposal of ours holds one suite (1.8 and 1.10).
@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 6, 9, 11, 12, 13])
def test_the_ipv6_ready_logo_has_a_counterpart_over_ipv6(number: int) -> None:
    prefix = f"IKEv2Interop.1.{number} Part "
    found = [each for each in SCENARIOS if any(ready.startswith(prefix) for ready in each.ipv6_ready)]
    assert found
    assert {each.connection.outer_family for each in found} == {6}


def test_a_plain_scenario_is_about_ten_lines() -> None:
    assert len(BY_NAME["psk"].path.read_text().splitlines()) <= 10
