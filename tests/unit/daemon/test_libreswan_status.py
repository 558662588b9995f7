from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.daemon.libreswan.status import parse_status, status
from parley.scenario.state import ChildSa, DaemonView, IkeSa

# What Libreswan 5.2 showed on real guests, shortened to what a test needs.
_DATA = Path(__file__).parent / "data"
INITIATOR, RESPONDER, TRANSPORT_AH, NEGOTIATING, NOTHING = (
    (_DATA / f"libreswan-{name}.txt").read_text()
    for name in ("initiator", "responder", "transport-ah", "negotiating", "nothing")
)


def test_two_children_under_a_rekeyed_ike_sa() -> None:
    # One of them and then the IKE SA were rekeyed by this side.
    view = parse_status(INITIATOR)
    assert view.ike == (
        IkeSa(
            initiator_spi="bd40cba428d342f1",
            responder_spi="7ef39faa4f148fc8",
            is_initiator=True,
            state="ESTABLISHED_IKE_SA",
            local_identity="west",
            remote_identity="east",
            encryption="ENCR_AES_GCM_16-256",
            prf="PRF_HMAC_SHA2_512",
            ke="ECP_256",
        ),
    )
    assert [(child.name, child.inbound_spi, child.outbound_spi) for child in view.children] == [
        ("first", "1dbc0534", "b9214813"),
        # Pluto leaves leading zeros out; the kernel does not.
        ("second", "7638b8cf", "04728d99"),
    ]
    assert view.children[1] == ChildSa(
        name="second",
        inbound_spi="7638b8cf",
        outbound_spi="04728d99",
        encryption="ENCR_AES_GCM_16-256",
        esn=True,
        local_selectors=("192.0.11.0/24",),
        remote_selectors=("192.0.22.0/24",),
    )


def test_an_instance_of_a_responder_behind_a_nat() -> None:
    # It was not told its peer's address; IPComp has SPIs of its own.
    view = parse_status(RESPONDER)
    (ike,) = view.ike
    assert (ike.initiator_spi, ike.responder_spi) == ("2ff7ed1f65042d96", "b74e0508b7e494ce")
    assert not ike.is_initiator
    assert (ike.encryption, ike.integrity, ike.prf, ike.ke) == (
        "ENCR_AES_CBC-256",
        "AUTH_HMAC_SHA2_512_256",
        "PRF_HMAC_SHA2_256",
        "CURVE25519",
    )
    assert (ike.local_identity, ike.remote_identity) == ("east", "road")
    (child,) = view.children
    assert (child.name, child.inbound_spi, child.outbound_spi) == ("net", "0bd61e54", "4f9686b5")
    assert (child.encryption, child.integrity, child.esn) == ("ENCR_AES_CBC-128", "AUTH_HMAC_SHA1_96", False)
    assert child.local_selectors == ("192.0.2.0/24", "192.0.22.0/24")
    assert child.remote_selectors == ("192.1.3.209/32",)


def test_ah_in_transport_mode_over_ipv6() -> None:
    view = parse_status(TRANSPORT_AH)
    (child,) = view.children
    assert child == ChildSa(
        name="net",
        inbound_spi="98a5a93e",
        outbound_spi="edf312f1",
        protocol="ah",
        mode="transport",
        integrity="AUTH_HMAC_SHA2_256_128",
        esn=True,
        local_selectors=("2001:db8:1:2::45/128",),
        remote_selectors=("2001:db8:1:2::23/128",),
    )
    assert view.ike[0].encryption == "ENCR_CHACHA20_POLY1305"
    assert view.ike[0].local_identity == "2001:db8:1:2::45"


def test_an_ike_sa_with_keys_counts_before_it_is_established() -> None:
    view = parse_status(NEGOTIATING)
    (ike,) = view.ike
    assert (ike.state, ike.initiator_spi) == ("IKE_AUTH_I", "f28d51d23f06ef86")
    assert (ike.encryption, ike.integrity, ike.ke) == ("ENCR_AES_CTR-128", "AUTH_AES_XCBC_96", "ECP_384")
    assert view.children == ()


def test_without_key_log_the_spis_are_not_told() -> None:
    without = INITIATOR.partition("==== ike spis ====\n")[0] + "==== ike spis ====\n"
    view = parse_status(without)
    assert (view.ike[0].initiator_spi, view.ike[0].encryption) == ("", "ENCR_AES_GCM_16-256")
    assert parse_status(NEGOTIATING.partition("Nov")[0] + "==== log ====\n==== ike spis ====\n").ike == ()


def test_a_child_that_the_log_lacks_is_still_there() -> None:
    states, _, _ = INITIATOR.partition("==== log ====\n")
    view = parse_status(states + "==== log ====\n==== ike spis ====\n")
    assert [child.inbound_spi for child in view.children] == ["1dbc0534", "7638b8cf"]
    assert view.children[0].encryption == ""


def test_keys_are_told_apart_by_time_over_the_end_of_a_month() -> None:
    text = INITIATOR.replace("Nov 24 12:26:1", "Dec  1 00:00:0").replace("Nov 24", "Nov 30")
    assert parse_status(text).ike[0].initiator_spi == "bd40cba428d342f1"


def test_an_ike_sa_that_never_got_keys_does_not_shift_the_others() -> None:
    line = 'Nov 24 12:20:00.000001: "first" #9: sent IKE_SA_INIT response to 192.1.2.9:UDP/500 {cipher=NULL '
    stray = f"==== log ====\n{line}integ=n/a prf=HMAC_SHA1 group=DH19}}\n"
    view = parse_status(INITIATOR.replace("==== log ====\n", stray))
    assert [ike.initiator_spi for ike in view.ike] == ["bd40cba428d342f1"]


def test_no_sa() -> None:
    assert parse_status(NOTHING) == DaemonView()


@pytest.mark.parametrize(
    "text", ["", "ERROR: ipsec whack: Pluto is not running", NOTHING.replace("==== log ====", "")]
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no status of pluto"):
        parse_status(text)


@given(st.integers(min_value=0, max_value=len(INITIATOR)), st.text(max_size=20))
def test_a_damaged_text_is_read_or_refused_with_value_error(at: int, junk: str) -> None:
    try:
        view = parse_status(INITIATOR[:at] + junk + INITIATOR[at:])
    except ValueError:
        return
    assert len(view.children) <= 2


def test_the_command_shows_no_keys() -> None:
    assert "cut -d ' ' -f 1-5 /run/pluto/keylog" in status()
