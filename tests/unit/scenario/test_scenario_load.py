from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

import pytest

from parley.errors import InputError
from parley.scenario.load import load_scenario, parse_scenario
from parley.scenario.model import Action, Method, Mode, Protocol, Role, ScenarioStep
from parley.scenario.schema import LAB_SECRET
from scenario_files import PATH, scenario

if TYPE_CHECKING:
    from pathlib import Path


def test_a_title_is_enough() -> None:
    loaded = scenario("")
    assert (loaded.name, loaded.title, loaded.path) == ("a-scenario", "A scenario", PATH)
    assert [step.action for step in loaded.steps] == [Action.UP, Action.TRAFFIC, Action.DOWN]
    assert loaded.expect.established
    initiator, responder = loaded.connection.initiator, loaded.connection.responder
    assert (initiator.host, responder.host) == ("west", "east")
    assert initiator.authentication == responder.authentication
    assert (initiator.authentication.method, initiator.authentication.secret) == (Method.PSK, LAB_SECRET)
    assert loaded.connection.identity(Role.INITIATOR) == "west"
    (child,) = loaded.connection.children
    assert (child.name, child.mode, child.protocol) == ("net", Mode.TUNNEL, Protocol.ESP)
    assert child.selectors == {
        Role.INITIATOR: (ip_network("192.0.1.0/24"),),
        Role.RESPONDER: (ip_network("192.0.2.0/24"),),
    }
    assert loaded.connection.ike.is_default
    assert child.proposal.is_default


def test_everything_that_can_be_said_arrives() -> None:
    loaded = scenario(
        """
        description = "Long."
        rfc = "RFC 7296"
        ipv6_ready = ["IKEv2Interop.1.4 Part AA"]
        core = true
        clock = "virtual"

        [initiator]
        identity = "w@example.org"
        auth = "certificate"
        certificate = "rsa"
        signature = "rsa-pss"
        expects = "east"
        selectors = "192.0.1.0/25"

        [responder]
        auth = "raw-key"
        certificate = "p384"
        expects = "w@example.org"
        cookie = true

        [ike]
        encryption = ["ENCR_AES_CBC-256", "ENCR_AES_CBC-128"]
        integrity = "AUTH_HMAC_SHA2_256_128"
        prf = "PRF_HMAC_SHA2_256"
        ke = ["CURVE25519", "ECP_256"]
        additional = ["ML_KEM_768", "ML_KEM_1024"]
        lifetime = 7200
        fragmentation = false
        mobike = true
        force_encapsulation = true
        dpd = 30
        ppk_id = "id"
        ppk_secret = "key"
        childless = true

        [child]
        name = "some"
        encryption = "ENCR_CHACHA20_POLY1305"
        ke = "ECP_384"
        esn = true
        lifetime = 600
        lifetime_bytes = 1000000
        ipcomp = true

        [network]
        ike_mtu = 1280
        impair = "internet/east:delay=20ms"

        [expect]
        seen = ["COOKIE", "SKF", "IKE_INTERMEDIATE"]

        [[known]]
        initiator = "openiked"
        reason = "it .* fails"
        finding = "docs/explanation/findings/it-fails.md"
        """
    )
    connection = loaded.connection
    assert (loaded.description, loaded.rfcs, loaded.clock, loaded.core) == (
        "Long.",
        ("RFC 7296",),
        "virtual",
        True,
    )
    assert loaded.ipv6_ready == ("IKEv2Interop.1.4 Part AA",)
    assert connection.initiator.authentication.signature == "rsa-pss"
    assert connection.responder.authentication.certificate == "p384"
    assert connection.expected_identity(Role.RESPONDER) == "w@example.org"
    assert connection.ike.encryption == ("ENCR_AES_CBC-256", "ENCR_AES_CBC-128")
    assert connection.ike.additional == ("ML_KEM_768", "ML_KEM_1024")
    assert (connection.ike_lifetime.seconds, connection.dpd_seconds) == (7200, 30)
    assert (connection.fragmentation, connection.mobike) == (False, True)
    assert connection.force_encapsulation
    assert connection.always_cookie
    assert connection.childless
    assert (connection.ppk_id, connection.ppk_secret) == ("id", "key")
    (child,) = connection.children
    assert child.proposal.esn is True
    assert (child.lifetime.seconds, child.lifetime.bytes, child.ipcomp) == (600, 1000000, True)
    assert child.selectors[Role.INITIATOR] == (ip_network("192.0.1.0/25"),)
    assert loaded.impairments == ("internet:mtu=1280,only=ike", "internet/east:delay=20ms")
    assert loaded.expect.seen == ("COOKIE", "SKF", "IKE_INTERMEDIATE")
    (known,) = loaded.known
    assert (known.initiator, known.responder, known.finding) == (
        "openiked",
        "*",
        "docs/explanation/findings/it-fails.md",
    )


def test_what_the_responder_does_not_say_otherwise_is_as_in_the_common_part() -> None:
    loaded = scenario(
        """
        [ike]
        encryption = "ENCR_AES_CBC-128"
        integrity = "AUTH_HMAC_SHA2_256_128"
        ke = ["ECP_256", "MODP_2048"]
        [responder.ike]
        ke = "MODP_2048"
        [child]
        encryption = "ENCR_AES_CBC-128"
        integrity = "AUTH_HMAC_SHA2_256_128"
        [responder.child]
        esn = false
        selectors = "192.0.2.128/25"
        """
    )
    connection = loaded.connection
    ours, theirs = (connection.ike_proposal(role) for role in Role)
    assert (ours.ke, theirs.ke) == (("ECP_256", "MODP_2048"), ("MODP_2048",))
    assert ours.encryption == theirs.encryption
    (child,) = connection.children
    assert connection.child_proposal(Role.RESPONDER, child).integrity == ("AUTH_HMAC_SHA2_256_128",)
    assert connection.child_proposal(Role.RESPONDER, child).esn is False
    assert connection.child_proposal(Role.INITIATOR, child).esn is None
    narrowed = (ip_network("192.0.2.128/25"),)
    assert connection.selectors(Role.RESPONDER, child, Role.RESPONDER) == narrowed
    assert connection.selectors(Role.INITIATOR, child, Role.RESPONDER) == (ip_network("192.0.2.0/24"),)


def test_a_combined_cipher_of_the_responder_drops_the_integrity_of_the_common_part() -> None:
    loaded = scenario(
        """
        [ike]
        encryption = "ENCR_AES_CBC-128"
        integrity = "AUTH_HMAC_SHA2_256_128"
        [responder.ike]
        encryption = "ENCR_AES_GCM_16-128"
        [expect]
        outcome = "refused"
        """
    )
    assert loaded.connection.ike_proposal(Role.RESPONDER).integrity == ()


@pytest.mark.parametrize(
    ("network", "ours", "theirs"),
    [
        ('outer = "ipv6"', "2001:db8:0:1::/64", "2001:db8:0:2::/64"),
        ('outer = "ipv6"\ninner = "ipv4"', "192.0.1.0/24", "192.0.2.0/24"),
        ('inner = "ipv6"', "2001:db8:0:1::/64", "2001:db8:0:2::/64"),
        ('nat = "initiator"', "192.1.3.209/32", "192.0.2.0/24"),
        ('nat = ["initiator", "responder"]', "192.1.3.209/32", "192.0.2.0/24"),
        ('[child]\nmode = "transport"', "192.1.2.45/32", "192.1.2.23/32"),
        ('outer = "ipv6"\n[child]\nmode = "transport"', "2001:db8:1:2::45/128", "2001:db8:1:2::23/128"),
        ('[responder]\npool = "192.0.3.0/24"', "192.0.3.0/24", "192.0.2.0/24"),
    ],
)
def test_selectors_follow_from_the_network(network: str, ours: str, theirs: str) -> None:
    (child,) = scenario(f"[network]\n{network}").connection.children
    assert child.selectors == {Role.INITIATOR: (ip_network(ours),), Role.RESPONDER: (ip_network(theirs),)}


def test_behind_a_nat_the_initiator_is_road() -> None:
    loaded = scenario('[network]\nnat = "responder"')
    assert loaded.connection.initiator.host == "road"
    assert (loaded.nat.initiator, loaded.nat.responder) == (False, True)


def test_a_child_has_its_own_selectors_before_those_of_the_sides() -> None:
    loaded = scenario(
        """
        [responder]
        selectors = ["192.0.2.0/24", "192.0.22.0/24"]
        [[child]]
        name = "one"
        [[child]]
        name = "two"
        responder = "10.0.0.0/8"
        """
    )
    one, two = loaded.connection.children
    assert one.selectors[Role.RESPONDER] == (ip_network("192.0.2.0/24"), ip_network("192.0.22.0/24"))
    assert two.selectors[Role.RESPONDER] == (ip_network("10.0.0.0/8"),)


def test_steps_are_words_or_tables() -> None:
    loaded = scenario(
        """
        step = [
            "up",
            { do = "wait", seconds = 1.5 },
            { do = "impair", impair = "internet:loss=5%" },
            { do = "rekey-ike", by = "both" },
            { do = "rekey-child", by = "responder", child = "net" },
            { do = "move", address = "192.1.2.99" },
            { do = "kill", by = "initiator" },
            { do = "restart", by = "initiator" },
            "up",
        ]
        [ike]
        mobike = true
        """
    )
    assert loaded.steps == (
        ScenarioStep(Action.UP),
        ScenarioStep(Action.WAIT, seconds=1.5),
        ScenarioStep(Action.IMPAIR, argument="internet:loss=5%"),
        ScenarioStep(Action.REKEY_IKE, None),
        ScenarioStep(Action.REKEY_CHILD, Role.RESPONDER, argument="net"),
        ScenarioStep(Action.MOVE, argument="192.1.2.99"),
        ScenarioStep(Action.KILL),
        ScenarioStep(Action.RESTART),
        ScenarioStep(Action.UP),
    )


def test_arrays_of_tables_say_the_same_as_inline_ones() -> None:
    short = scenario('step = ["up", { do = "rekey-ike", by = "responder" }]')
    long = scenario('[[step]]\ndo = "up"\n[[step]]\ndo = "rekey-ike"\nby = "responder"')
    assert short == long


def test_a_refused_connection_is_brought_up_and_nothing_else() -> None:
    loaded = scenario('[responder]\nexpects = "other"\n[expect]\noutcome = "refused"')
    assert [step.action for step in loaded.steps] == [Action.UP]
    assert not loaded.expect.established


@pytest.mark.parametrize(
    ("initiator", "responder", "trusted"),
    [
        ("ecdsa", "ecdsa", {Role.INITIATOR: "ecdsa", Role.RESPONDER: "ecdsa"}),
        ("rsa", "ecdsa", {Role.INITIATOR: "ecdsa", Role.RESPONDER: "rsa"}),
        ("unknown", "rsa", {Role.INITIATOR: "rsa", Role.RESPONDER: "rsa"}),
        ("rsa", "unknown", {Role.INITIATOR: "rsa", Role.RESPONDER: "rsa"}),
        ("unknown", "unknown", {Role.INITIATOR: "unknown", Role.RESPONDER: "unknown"}),
    ],
)
def test_nobody_trusts_the_unknown_authority_but_its_own(
    initiator: str, responder: str, trusted: dict[Role, str]
) -> None:
    outcome = "refused" if initiator != responder and "unknown" in {initiator, responder} else "established"
    loaded = scenario(
        f"""
        [initiator]
        auth = "certificate"
        certificate = "{initiator}"
        [responder]
        auth = "certificate"
        certificate = "{responder}"
        [expect]
        outcome = "{outcome}"
        """
    )
    assert {role: loaded.connection.authority(role) for role in Role} == trusted


def test_a_file_is_named_by_its_stem(tmp_path: Path) -> None:
    path = tmp_path / "my-case-2.toml"
    path.write_text('title = "T"')
    assert load_scenario(path).name == "my-case-2"


@pytest.mark.parametrize("name", ["Upper.toml", "with space.toml", "-dash.toml", "under_score.toml"])
def test_a_name_must_fit_the_command_line(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="no name for a scenario"):
        parse_scenario(tmp_path / name, 'title = "T"')


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file"):
        load_scenario(tmp_path / "missing.toml")
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        load_scenario(tmp_path)


def test_what_is_no_utf8_is_said_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes(b'title = "T"\n# caf\xe9\n')
    with pytest.raises(InputError, match=r"latin\.toml:2: no UTF-8"):
        load_scenario(path)
