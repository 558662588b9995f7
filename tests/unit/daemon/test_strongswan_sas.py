from __future__ import annotations

import pytest

from parley.daemon.strongswan.sas import parse_sas
from parley.scenario.state import ChildSa, DaemonView, IkeSa

# strongSwan 6.0.1, `swanctl --list-sas --pretty` during a rekey, shortened by counters and times.
REKEYED = """\
list-sa event {
  parley {
    uniqueid = 1
    version = 2
    state = ESTABLISHED
    local-host = 192.1.2.45
    local-port = 4500
    local-id = C=AU, O=Parley, CN=west
    remote-host = 192.1.2.23
    remote-port = 4500
    remote-id = east
    initiator = yes
    initiator-spi = d2e65c5ecc82fe26
    responder-spi = 037b991fc59daa54
    encr-alg = AES_CBC
    encr-keysize = 128
    integ-alg = HMAC_SHA2_256_128
    prf-alg = PRF_HMAC_SHA2_256
    dh-group = CURVE_25519
    established = 0
    tasks-passive = [
      CHILD_DELETE
    ]
    child-sas {
      net-1 {
        name = net
        uniqueid = 1
        state = DELETED
        mode = TUNNEL
        protocol = ESP
        spi-in = c0fcdf02
        spi-out = cfdea50f
        encr-alg = AES_GCM_16
        encr-keysize = 256
        local-ts = [
          192.0.1.0/24
        ]
        remote-ts = [
          192.0.2.0/24
        ]
      }
      net-2 {
        name = net
        uniqueid = 2
        state = INSTALLED
        mode = TUNNEL
        protocol = ESP
        spi-in = c1111111
        spi-out = c2222222
        encr-alg = AES_GCM_16
        encr-keysize = 256
        esn = 1
        local-ts = [
          192.0.1.0/24
          2001:db8:0:1::/64
        ]
        remote-ts = [
          192.0.2.0/24
        ]
      }
    }
  }
}
list-sas reply {
}
"""

RESPONDER_IN_AH = """\
list-sa event {
  half-open {
    uniqueid = 1
    state = CONNECTING
    initiator-spi = 1111111111111111
    responder-spi = 2222222222222222
  }
}
list-sa event {
  parley {
    state = ESTABLISHED
    local-host = 2001:db8:1:2::23
    local-id = east
    remote-host = 2001:db8:1:2::45
    remote-id = west
    initiator-spi = 196ac22e31763a83
    responder-spi = f99e8b58441b4ed1
    encr-alg = CHACHA20_POLY1305
    prf-alg = PRF_HMAC_SHA2_512
    dh-group = ECP_256_BP
    child-sas {
      net-1 {
        name = net
        state = INSTALLED
        mode = TRANSPORT
        protocol = AH
        spi-in = c60c2901
        spi-out = c81de395
        integ-alg = HMAC_SHA2_256_128
      }
    }
  }
}
list-sas reply {
}
"""


def test_an_ike_sa_whose_child_was_rekeyed() -> None:
    assert parse_sas(REKEYED, "parley") == DaemonView(
        (
            IkeSa(
                initiator_spi="d2e65c5ecc82fe26",
                responder_spi="037b991fc59daa54",
                is_initiator=True,
                state="ESTABLISHED",
                local_identity="C=AU, O=Parley, CN=west",
                remote_identity="east",
                encryption="ENCR_AES_CBC-128",
                integrity="AUTH_HMAC_SHA2_256_128",
                prf="PRF_HMAC_SHA2_256",
                ke="CURVE25519",
                local="192.1.2.45",
                remote="192.1.2.23",
            ),
        ),
        (
            ChildSa(
                name="net",
                inbound_spi="c1111111",
                outbound_spi="c2222222",
                encryption="ENCR_AES_GCM_16-256",
                esn=True,
                local_selectors=("192.0.1.0/24", "2001:db8:0:1::/64"),
                remote_selectors=("192.0.2.0/24",),
            ),
        ),
    )


def test_a_responder_in_ah_and_no_other_connection() -> None:
    view = parse_sas(RESPONDER_IN_AH, "parley")
    (ike,) = view.ike
    (child,) = view.children
    assert not ike.is_initiator
    assert (ike.encryption, ike.integrity, ike.ke) == ("ENCR_CHACHA20_POLY1305", "", "BRAINPOOL_P256R1")
    assert ike.local == "2001:db8:1:2::23"
    assert (child.protocol, child.mode, child.integrity) == ("ah", "transport", "AUTH_HMAC_SHA2_256_128")
    assert child.esn is False
    assert child.encryption == ""


def test_no_sa() -> None:
    assert parse_sas("list-sas reply {\n}\n", "parley") == DaemonView()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "connecting to 'unix:///var/run/charon.vici' failed: No such file or directory\n",
        "list-sas reply {\n}\nnonsense\n",
        "}\nlist-sas reply {\n}\n",
        "state = ESTABLISHED\nlist-sas reply {\n}\n",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no 'list-sas reply'|not understood|outside"):
        parse_sas(text, "parley")


def test_a_cut_off_answer_is_refused() -> None:
    with pytest.raises(ValueError, match="list-sas reply"):
        parse_sas(REKEYED[:600], "parley")
