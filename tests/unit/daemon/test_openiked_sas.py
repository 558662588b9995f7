from __future__ import annotations

import pytest

from parley.daemon.openiked.sas import LOG_MARK, parse_sas
from parley.scenario.state import ChildSa, DaemonView, IkeSa

# OpenIKED portable 7.4: `ikectl show sa` of an initiator whose Child SA is being rekeyed.
REKEYING = """\
iked_sas: 0x5500000fad80 rspi 0x3cfab27c9dc734f8 ispi 0x244ab8d41c28a14d \
192.1.2.45:500->192.1.2.23:500<FQDN/east>[] ESTABLISHED i nexti (nil) pol 0x5500000f8c90
  sa_childsas: 0x5500000fd070 ESP 0xc2b9851f out 192.1.2.45:500 -> 192.1.2.23:500 (LR) B=(nil) \
P=0x5500001181e0 @0x5500000fad80
  sa_childsas: 0x5500001181e0 ESP 0x3f789b6e in 192.1.2.23:500 -> 192.1.2.45:500 (LRA) B=(nil) \
P=0x5500000fd070 @0x5500000fad80
  sa_childsas: 0x5500000aaaa0 ESP 0x11111111 in 192.1.2.23:500 -> 192.1.2.45:500 (A) B=(nil) \
P=(nil) @0x5500000fad80
  sa_flows: 0x550000117fa0 ESP out 192.0.2.0/24 -> 192.0.1.0/24 [0]@-1 (L) @0x5500000fad80
  sa_flows: 0x550000117b20 ESP out 192.0.1.0/24 -> 192.0.2.0/24 [0]@-1 (L) @0x5500000fad80
  sa_flows: 0x550000117d60 ESP in 192.0.2.0/24 -> 192.0.1.0/24 [0]@-1 (L) @0x5500000fad80
iked_activesas: 0x5500001181e0 ESP 0x3f789b6e in 192.1.2.23:500 -> 192.1.2.45:500 (LRA) B=(nil) \
P=0x5500000fd070 @0x5500000fad80
iked_dstid_sas: 0x5500000fad80 rspi 0x3cfab27c9dc734f8 ispi 0x244ab8d41c28a14d \
192.1.2.45:500->192.1.2.23:500<FQDN/east>[] ESTABLISHED i nexti (nil) pol 0x5500000f8c90
"""
LOG = """\
spi=0x244ab8d41c28a14d: ikev2_childsa_enable: loaded SPIs: 0xc2b9851f, 0x3f789b6e \
(enc aes-256 auth hmac-sha2-384)
spi=0x244ab8d41c28a14d: established peer 192.1.2.23:500[FQDN/east] local 192.1.2.45:500[FQDN/west] \
policy 'parley' as initiator (enc aes-128-gcm group curve25519 prf hmac-sha2-256)
"""

RESPONDER_AFTER_A_REKEY = """\
iked_sas: 0x5500001188e0 rspi 0xb8a76b0185aba1b7 ispi 0x4b5549ef4b0caa68 \
[2001:db8:1:2::23]:4500->[2001:db8:1:2::45]:4500<UFQDN/west@example.com>[192.0.3.1] ESTABLISHED r natt \
udpecap nexti (nil) pol 0x5500000fb500
  sa_childsas: 0x55000014bf70 AH 0xc2a9b5f5 out [2001:db8:1:2::23]:4500 -> [2001:db8:1:2::45]:4500 (L) \
B=(nil) P=0x550000149530 @0x5500001188e0
  sa_childsas: 0x550000149530 AH 0xb4f40672 in [2001:db8:1:2::45]:4500 -> [2001:db8:1:2::23]:4500 (LA) \
B=(nil) P=0x55000014bf70 @0x5500001188e0
"""
LOG_AFTER_A_REKEY = """\
spi=0x1111111111111111: established peer [2001:db8:1:2::45]:500[UFQDN/west@example.com] local \
[2001:db8:1:2::23]:500[FQDN/east] policy 'parley' as responder (enc 3des auth hmac-sha1 group modp2048 \
prf hmac-sha1)
spi=0x1111111111111111: rekeyed as new IKESA 0x4b5549ef4b0caa68 (enc aes-256 auth hmac-sha2-256 group \
ecp256 prf hmac-sha2-512)
spi=0x4b5549ef4b0caa68: ikev2_childsa_enable: loaded SPIs: 0xc2a9b5f5, 0xb4f40672 (enc unknown auth \
hmac-sha2-512 esn)
"""


def shown(sas: str, log: str = "") -> DaemonView:
    return parse_sas(f"{sas}{LOG_MARK}\n{log}", "net")


def test_an_initiator_whose_child_is_being_rekeyed() -> None:
    assert shown(REKEYING, LOG) == DaemonView(
        (
            IkeSa(
                initiator_spi="244ab8d41c28a14d",
                responder_spi="3cfab27c9dc734f8",
                is_initiator=True,
                state="ESTABLISHED",
                local_identity="west",
                remote_identity="east",
                encryption="ENCR_AES_GCM_16-128",
                prf="PRF_HMAC_SHA2_256",
                ke="CURVE25519",
                local="192.1.2.45",
                remote="192.1.2.23",
            ),
        ),
        (
            ChildSa(
                name="net",
                inbound_spi="3f789b6e",
                outbound_spi="c2b9851f",
                mode="",
                encryption="ENCR_AES_CBC-256",
                integrity="AUTH_HMAC_SHA2_384_192",
                esn=False,
                local_selectors=("192.0.1.0/24",),
                remote_selectors=("192.0.2.0/24",),
            ),
        ),
    )


def test_a_responder_whose_ike_sa_was_rekeyed() -> None:
    view = shown(RESPONDER_AFTER_A_REKEY, LOG_AFTER_A_REKEY)
    (ike,), (child,) = view.ike, view.children
    assert not ike.is_initiator
    assert (ike.local, ike.remote) == ("2001:db8:1:2::23", "2001:db8:1:2::45")
    assert (ike.local_identity, ike.remote_identity) == ("east", "west@example.com")
    assert ike.encryption == "ENCR_AES_CBC-256"
    assert ike.integrity == "AUTH_HMAC_SHA2_256_128"
    assert (ike.ke, ike.prf) == ("ECP_256", "PRF_HMAC_SHA2_512")
    assert (child.protocol, child.encryption, child.integrity) == ("ah", "", "AUTH_HMAC_SHA2_512_256")
    assert child.esn is True


def test_what_the_log_does_not_tell_is_empty() -> None:
    view = shown(REKEYING)
    assert view.ike[0].encryption == view.ike[0].local_identity == ""
    assert view.children[0].integrity == ""
    assert view.children[0].esn is None


def test_an_algorithm_without_iana_name_stays_as_iked_calls_it() -> None:
    view = shown(REKEYING, LOG.replace("curve25519", "sntrup761x25519"))
    assert view.ike[0].ke == "sntrup761x25519"


def test_no_sa() -> None:
    assert shown("") == DaemonView()


@pytest.mark.parametrize(
    "text", ["", REKEYING, "ikectl: connect: /var/run/iked.sock: No such file or directory\n"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=LOG_MARK):
        parse_sas(text, "net")
