"""Every mistake that the loader knows, each with the line on which it must be told."""

from __future__ import annotations

import pytest

from parley.errors import InputError
from parley.scenario.load import parse_scenario
from scenario_files import PATH, mistake

# What follows the title (which is line 1), the line to be named, and a part of what is said.
SYNTAX = [
    ("core = yes", 2, "no TOML"),
    ("core = true\ncore = false", 3, "no TOML"),
    ('[child]\nname = "open', 3, "no TOML"),
    ("description = '''\nopen\n", 3, "no TOML"),
    ("core = " + "9" * 5000, 2, "thousands of digits"),
    ("[expect]\nx = " + "[" * 2000, 1, "nested too deeply"),
]

KEYS = [
    ("titel = 1", 2, "top level has no key 'titel'"),
    ('[initiator]\nauth = "psk"\nsecrets = "x"', 4, "[initiator] has no key 'secrets'"),
    ("[responder]\n\n[responder.ike]\nprfs = 1", 5, "[responder.ike] has no key 'prfs'"),
    ('[child]\nprf = "PRF_HMAC_SHA1"', 3, "[child] has no key 'prf'"),
    ('[responder.child]\nname = "x"', 3, "[responder.child] has no key 'name'"),
    ("[ike]\nesn = true", 3, "[ike] has no key 'esn'"),
    ("[initiator]\ncookie = true", 3, "[initiator] has no key 'cookie'"),
    ("[network]\nmtu = 1280", 3, "[network] has no key 'mtu'"),
    ('[expect]\nsees = "COOKIE"', 3, "[expect] has no key 'sees'"),
    ('step = ["up", { do = "traffic",\n  bye = 1 }]'.replace("\n", " "), 2, "[[step]] has no key 'bye'"),
    ('[[step]]\ndo = "up"\n[[step]]\nd = "up"', 5, "[[step]] has no key 'd'"),
    ("[[known]]\nreasons = 1", 3, "[[known]] has no key 'reasons'"),
]

TYPES = [
    ("ike = 3", 2, "ike is 3, not a table"),
    ("[[initiator]]", 2, "initiator is [{}], not a table"),
    ('child = "net"', 2, "child is 'net', not a table"),
    ("child = []", 2, "child is an empty list"),
    ("[step]\ndo = 1", 2, "step is {'do': 1}, not an array of tables"),
    ("step = []", 2, "step is an empty list"),
    ("step = [7]", 2, "step is 7, not a table"),
    ('[known]\nreason = "x"', 2, "known is {'reason': 'x'}, not an array of tables"),
    ("core = 1", 2, "core is 1, not true or false"),
    ("description = true", 2, "description is True, not a string"),
    ('description = " "', 2, "description is empty"),
    ("[ike]\ndpd = true", 3, "ike.dpd is True, not a whole number from 1 to 86400"),
    ("[ike]\ndpd = 0", 3, "ike.dpd is 0, not a whole number"),
    ("[ike]\nlifetime = 1.5", 3, "ike.lifetime is 1.5, not a whole number"),
    ("[ike]\nlifetime = 0x" + "f" * 5000, 3, "is a number with thousands of digits, not a whole number"),
    ("[child]\nlifetime_bytes = -1", 3, "child.lifetime_bytes is -1"),
    ("[child]\nesn = 'on'", 3, "child.esn is 'on', not true or false"),
    ("[network]\nike_mtu = 9000", 3, "from 576 to 1500"),
    ("rfc = []", 2, "rfc is an empty list"),
    ('rfc = [\n  "RFC 7296",\n  "RFC 7296",\n]', 4, "rfc has 'RFC 7296' twice"),
    ('rfc = [\n  "RFC 7296",\n  7296,\n]', 4, "rfc is 7296, not a string"),
]

VALUES = [
    ('[initiator]\nauth = "pks"', 3, "initiator.auth is 'pks'"),
    ('[initiator]\nidentity = "a b"', 3, "initiator.identity is 'a b'"),
    ('[initiator]\nsecret = "it\'s"', 3, "initiator.secret is"),
    ('[initiator]\nauth = "certificate"\ncertificate = "rsa3072"', 4, "initiator.certificate is 'rsa3072'"),
    ('[initiator]\nauth = "certificate"\nsignature = "dsa"', 4, "initiator.signature is 'dsa'"),
    ('[initiator]\nselectors = ["192.0.1.0/24",\n"192.0.1.1/24"]', 4, "has host bits set"),
    ('[responder]\npool = "somewhere"', 3, "responder.pool"),
    ('[ike]\nencryption = "AES_CBC"', 3, "'AES_CBC' is no transform of type ENCRYPTION"),
    ('[ike]\nencryption = [\n"ENCR_AES_CBC-256",\n"ENCR_AES_CBC"]', 5, "'ENCR_AES_CBC' is no transform"),
    ('[ike]\nintegrity = "HMAC_SHA2_256_128"', 3, "is no transform of type INTEGRITY"),
    ('[ike]\nprf = "AUTH_HMAC_SHA2_256_128"', 3, "is no transform of type PRF"),
    ('[child]\nke = "MODP2048"', 3, "'MODP2048' is no transform of type KE"),
    ('[child]\nmode = "tunel"', 3, "child.mode is 'tunel'"),
    ('[child]\nprotocol = "ESP"', 3, "child.protocol is 'ESP'"),
    ('[child]\nname = "Net 1"', 3, "child.name: 'Net 1' is not of the form 'net-1'"),
    ('[network]\nouter = "ipv5"', 3, "network.outer is 'ipv5'"),
    ('[network]\nnat = ["initiator",\n"west"]', 4, "network.nat is 'west'"),
    ('[network]\nimpair = ["internet:los=5%"]', 3, "an impairment has no knob 'los'"),
    ('[network]\nimpair = "nowhere:loss=5%"', 3, "the test network has no segment 'nowhere'"),
    ('step = [\n"up",\n"trafic"]', 4, "step.do is 'trafic'"),
    ('[[step]]\ndo = "up"\nby = "west"', 4, "step.by is 'west'"),
    ('step = ["up",\n{ do = "wait", seconds = 0 }]', 3, "step.seconds is 0, not a number of seconds"),
    ('step = ["up",\n{ do = "wait", seconds = nan }]', 3, "step.seconds is nan"),
    ('step = ["up",\n{ do = "move", address = "192.1.2" }]', 3, "step.address: '192.1.2' does not appear"),
    ('step = ["up",\n{ do = "impair", impair = "internet" }]', 3, "is not SEGMENT[/HOST]:KNOB=VALUE"),
    ('[expect]\noutcome = "fails"', 3, "expect.outcome is 'fails'"),
    ('[expect]\nnotify = "AUTH_FAILED"', 3, "expect.notify is 'AUTH_FAILED'"),
    ('[expect]\nseen = [\n"COOKIE",\n"COKIE"]', 5, "expect.seen is 'COKIE'"),
    ('rfc = "7296"', 2, "rfc: '7296' is not of the form 'RFC 7296 section 2.15'"),
    ('ipv6_ready = "1.4"', 2, "ipv6_ready: '1.4' is not of the form"),
    ('clock = "fast"', 2, "clock is 'fast'"),
    (
        '[[known]]\ninitiator = "openiket"\nreason = "x"\nfinding = "docs/explanation/findings/x.md"',
        3,
        "no implementation is called 'openiket'",
    ),
    (
        '[[known]]\nreason = "(open"\nfinding = "docs/explanation/findings/x.md"',
        3,
        "known.reason is no regular expression",
    ),
    (
        '[[known]]\nreason = "[[a]"\nfinding = "docs/explanation/findings/x.md"',
        3,
        "known.reason is no regular expression",
    ),
    ('[[known]]\nfinding = "findings/x"\nreason = "x"', 3, "known.finding: 'findings/x' is not of the form"),
]

LONG_LIVES = [
    ('step = ["up",\n{ do = "flow", seconds = 60 }]', 3, "flow lacks every"),
    ('step = ["up",\n{ do = "flow", every = 60 }]', 3, "flow lacks seconds"),
    ('step = ["up",\n{ do = "flow", seconds = 5, every = 60 }]', 3, "a flow of 5 s has no second echo then"),
    ('step = ["up",\n{ do = "wait", seconds = 5, every = 1 }]', 3, "every belongs to flow, not to wait"),
    ('step = [{ do = "flow", seconds = 5, every = 1 }]', 2, "flow before up"),
    ('step = ["up",\n{ do = "flow", seconds = 5, every = 1, size = 9000 }]', 3, "from 56 to 1400"),
    ('step = ["up",\n{ do = "clock", shift = 0 }]', 3, "step.shift is 0, not a number of seconds"),
    ('step = ["up",\n{ do = "clock", shift = true }]', 3, "step.shift is True"),
    ('step = ["up",\n{ do = "clock", shift = 60, by = "both" }]', 3, "clock is nobody's doing"),
    ('step = ["up",\n"clock"]', 3, "clock lacks shift"),
    ('step = ["up",\n"remap"]', 3, "remap without a NAT that maps ports"),
    ('step = ["notice"]', 2, "notice before up"),
    ('step = ["up",\n"notice",\n"traffic"]', 4, "traffic after the connection went down"),
    ('step = [{ do = "up", refused = true }]', 2, "the first up is refused"),
    ('step = ["up",\n{ do = "down", refused = true }]', 3, "refused belongs to up, not to down"),
    ('step = ["up",\n"down",\n{ do = "up", refused = true },\n"traffic"]', 5, "after the connection went"),
    ('[network]\nnat = ["initiator", "responder"]\nnat_timeout = 60', 4, "only the initiator's NAT maps"),
    ("[network]\nnat_timeout = 60", 3, "only the initiator's NAT maps ports"),
    ("[expect]\nchild_sas = [9, 3]", 3, "not a number, nor the least and the most of it"),
    ("[expect]\nike_sas = [1, 2, 3]", 3, "nor the least and the most of it"),
    ("[expect]\nike_sas = []", 3, "nor the least and the most of it"),
    ("[expect]\nchild_sas = [\n1,\n-2]", 5, "not a whole number from 0"),
    ('[expect]\nretransmits = "west"', 3, "expect.retransmits is 'west'"),
    ("[responder.child]\nlifetime = 0", 3, "lifetime is 0, not a whole number"),
    ("[responder.ike]\nlifetime_bytes = 5", 3, "lifetime_bytes"),
    ('needs = ["xfrm-interfaces"]', 2, "needs is 'xfrm-interfaces'"),
]

PROOFS = [
    ('[initiator]\nsecret = ""', 3, "initiator.secret is empty"),
    ('[initiator]\nsecret = "only-mine"', 3, "responder has PSK without a secret"),
    ('[responder]\nsecret = "only-mine"', 3, "initiator has PSK without a secret"),
    ('[initiator]\ncertificate = "rsa"', 3, "certificate: psk needs none"),
    ('[initiator]\nauth = "certificate"\nsecret = "x"', 4, "secret: certificate needs none"),
    ('[initiator]\nsignature = "ecdsa"', 3, "signature: psk does not sign"),
    (
        '[initiator]\nauth = "certificate"\ncertificate = "rsa"\nsignature = "ecdsa"',
        5,
        "certificates of kind rsa hold a key of type rsa",
    ),
    ('[responder]\nauth = "eap-tls"', 3, "only an initiator authenticates by EAP"),
    ('[initiator]\nauth = "eap-mschapv2"', 3, "EAP wants a responder with a certificate"),
]

EIGHT = ["MODP_2048", "MODP_3072", "MODP_4096", "ECP_256", "ECP_384", "ECP_521", "ML_KEM_768", "ML_KEM_1024"]
CBC = 'encryption = "ENCR_AES_CBC-128"\nintegrity = "AUTH_HMAC_SHA2_256_128"'

PROPOSALS = [
    (
        '[ike]\nencryption = "ENCR_AES_GCM_16-256"\nintegrity = "AUTH_HMAC_SHA2_256_128"',
        4,
        "combined-mode cipher, so AUTH_HMAC_SHA2_256_128 has no place",
    ),
    (
        '[child]\nintegrity = "AUTH_HMAC_SHA2_256_128"\nencryption = "ENCR_CHACHA20_POLY1305"',
        3,
        "is a combined-mode cipher",
    ),
    ('[child]\nencryption = ["ENCR_AES_CBC-128",\n"ENCR_AES_GCM_16-128"]', 3, "cannot share a proposal"),
    ('[child]\nencryption = "ENCR_AES_CBC-128"\nintegrity = "NONE"', 4, "does not protect integrity"),
    ('[child]\nencryption = "ENCR_NULL"', 3, "protects nothing"),
    ('[ike]\nencryption = [\n"ENCR_NULL"]', 4, "ENCR_NULL must not protect an IKE SA"),
    ('[child]\nprotocol = "ah"\nencryption = "ENCR_AES_CBC-128"', 4, "AH does not encrypt"),
    ('[child]\nprotocol = "ah"\nintegrity = "NONE"', 4, "AH without it protects nothing"),
    ('[ike]\nadditional = "ML_KEM_768"', 3, "there is no first key exchange"),
    ('[ike]\nke = "ML_KEM_768"\nadditional = [\n"ML_KEM_1024",\n"ML_KEM_768"]', 6, "is in ke already"),
    (
        f'[ike]\nke = "CURVE25519"\nadditional = {EIGHT}',
        4,
        "more than 7 key exchanges",
    ),
    (
        f'[ike]\n{CBC}\n[responder.ike]\nencryption = "ENCR_AES_GCM_16-128"\nintegrity = "NONE"\nprf = "x"',
        8,
        "is no transform of type PRF",
    ),
]

CHILDREN = [
    ('[child]\ninitiator = "192.0.1.0/24"\nresponder = "2001:db8::/64"', 3, "of the initiator are IPv4"),
    ('[initiator]\nselectors = "2001:db8::/64"', 3, "of the initiator are IPv6, and those of the responder"),
    ('[child]\ninitiator = ["192.0.1.0/24", "2001:db8::/64"]', 3, "of the initiator are IPv6"),
    ('[responder]\npool = "2001:db8:0:3::/112"', 3, "of the initiator are IPv6"),
    ("[[child]]\n[[child]]", 3, "two Child SAs named net"),
    ('[child]\nmode = "transport"\ninitiator = "192.0.1.0/24"', 4, "transport mode protects the initiator"),
    ('[responder]\nselectors = "192.0.2.0/24"\n[child]\nmode = "transport"', 3, "transport mode protects"),
    (
        '[initiator]\nselectors = "10.0.0.0/8"\n[responder]\npool = "10.0.0.0/24"',
        3,
        "the address that it leases",
    ),
    (
        '[[child]]\nname = "a"\n[[child]]\nname = "b"\n[responder.child]\nesn = true',
        6,
        "[responder.child] with several Child SAs",
    ),
    ('[responder.child]\nselectors = "2001:db8::/64"', 3, "of another family"),
]

NETWORK = [
    ('[network]\nouter = "ipv6"\nnat = "initiator"', 4, "the lab translates IPv4 only"),
    ('[ike]\nppk_id = "x"', 3, "ppk_id without ppk_secret"),
    ('[ike]\nppk_secret = "x"', 3, "ppk_secret without ppk_id"),
]

STEPS = [
    ('step = ["up", "traffic", "down",\n"traffic"]', 3, "traffic after the connection went down"),
    ('step = ["traffic",\n"up"]', 2, "traffic before up"),
    ('step = [\n"rekey-child",\n"up"]', 3, "rekey-child before up"),
    ('[[step]]\ndo = "rekey-ike"', 2, "rekey-ike before up"),
    ('step = ["up",\n"up"]', 3, "up while the connection is up"),
    ('step = ["up", "down",\n"down"]', 3, "down after the connection went down"),
    ('step = [{ do = "wait", seconds = 1 }]', 2, "never bring the connection up"),
    ('step = ["up",\n{ do = "wait" }]', 3, "wait lacks seconds"),
    ('step = ["up",\n{ do = "move" }]\n[ike]\nmobike = true', 3, "move lacks address"),
    ('step = ["up",\n"impair"]', 3, "impair lacks impair"),
    ('step = [{ do = "up", seconds = 1 }]', 2, "seconds belongs to wait and flow, not to up"),
    ('step = ["up", { do = "traffic", address = "192.1.2.9" }]', 2, "address belongs to move"),
    ('step = ["up", { do = "wait", seconds = 1, impair = "internet:loss=1%" }]', 2, "belongs to impair"),
    ('[[step]]\nby = "initiator"', 2, "[[step]] lacks do"),
    ('step = ["up", {}]', 2, "[[step]] lacks do"),
    ('step = ["up", { do = "traffic", by = "responder" }]', 2, "by: traffic is nobody's doing"),
    ('step = ["up", { do = "kill", by = "both" }]', 2, "by: kill is one side's doing"),
    ('step = ["up", { do = "restart", by = "responder" }]', 2, "whose daemon was not killed"),
    ('step = ["up", "kill",\n"up"]', 3, "up while the initiator's daemon is dead"),
    ('step = ["up", "kill", "restart",\n"traffic"]', 3, "traffic after the connection went down"),
    ('step = ["up", { do = "down", child = "net" }]', 2, "child: down is not about one Child SA"),
    ('step = ["up", { do = "rekey-child", child = "nett" }]', 2, "there is no Child SA nett"),
    ('step = ["up", "delete-child",\n"rekey-child"]', 3, "rekey-child of a Child SA that was deleted"),
    ('step = ["up", "delete-child",\n"traffic"]', 3, "traffic after Child SA net was deleted"),
    (
        'step = ["up",\n"rekey-child"]\n[[child]]\nname = "a"\n[[child]]\nname = "b"',
        3,
        "rekey-child lacks child: a, b",
    ),
    ('step = ["up",\n{ do = "move", address = "192.1.2.46" }]', 3, "move in a connection without MOBIKE"),
    (
        'step = ["up",\n{ do = "move", address = "192.1.2.45" }]\n[ike]\nmobike = true',
        3,
        "192.1.2.45 is none that the initiator can move to",
    ),
    (
        'step = ["up",\n{ do = "move", address = "2001:db8:1:2::46" }]\n[ike]\nmobike = true',
        3,
        "is none that the initiator can move to",
    ),
    (
        'step = ["up",\n"traffic"]\n[responder]\nexpects = "x"\n[expect]\noutcome = "refused"',
        3,
        "traffic in a scenario whose connection must be refused",
    ),
    (
        'step = [\n"up",\n"down"]\n[responder]\nexpects = "x"\n[expect]\noutcome = "refused"',
        4,
        "down in a scenario whose connection must be refused",
    ),
]

SECRETS = '[initiator]\nsecret = "one"\n[responder]\nsecret = "two"\n'
CIPHERS = '[ike]\nencryption = "ENCR_AES_CBC-128"\n[responder.ike]\nencryption = "ENCR_AES_CBC-256"\n'

OUTCOMES = [
    ('[expect]\nnotify = "NO_PROPOSAL_CHOSEN"', 3, "is not refused with one"),
    (SECRETS + '[expect]\noutcome = "refused"\nnotify = "COOKIE"', 8, "notify: COOKIE is no error"),
    ('[expect]\noutcome = "refused"', 3, "nothing that the two sides disagree about"),
    (SECRETS, 1, "cannot be established: the two secrets differ"),
    (SECRETS + '[expect]\noutcome = "established"', 7, "the two secrets differ"),
    (
        SECRETS + '[expect]\noutcome = "refused"\nnotify = "TS_UNACCEPTABLE"',
        8,
        "the two secrets differ, which is refused with AUTHENTICATION_FAILED",
    ),
    (CIPHERS + "[expect]\nseen = 'KE'", 6, "there is no common encryption for the IKE SA"),
    (
        '[initiator]\nexpects = "south"\n[expect]\nseen = "KE"',
        4,
        "the responder is east, the initiator expects",
    ),
    (
        '[initiator]\nauth = "certificate"\ncertificate = "expired"\n[expect]\nseen = "KE"',
        5,
        "the initiator's certificate is expired",
    ),
    (
        '[responder]\nauth = "certificate"\ncertificate = "unknown"\n[expect]\nseen = "KE"',
        5,
        "the initiator does not know the authority of the responder's certificate",
    ),
    (
        '[child]\nesn = true\n[responder.child]\nesn = false\n[expect]\noutcome = "established"',
        7,
        "there is no common esn for Child SA net",
    ),
    (
        '[responder.child]\nselectors = "10.0.0.0/8"\n[expect]\noutcome = "established"',
        5,
        "no address of Child SA net's responder is in both",
    ),
]

KNOWN = [
    ('[[known]]\nfinding = "docs/explanation/findings/x.md"', 2, "[[known]] lacks reason"),
    ('[[known]]\nreason = "x"', 2, "[[known]] lacks finding"),
]

ALL = [
    *SYNTAX,
    *KEYS,
    *TYPES,
    *VALUES,
    *LONG_LIVES,
    *PROOFS,
    *PROPOSALS,
    *CHILDREN,
    *NETWORK,
    *STEPS,
    *OUTCOMES,
    *KNOWN,
]


@pytest.mark.parametrize(("text", "line", "message"), ALL)
def test_mistakes_are_told_where_they_are(text: str, line: int, message: str) -> None:
    error = mistake(text)
    assert (error.path, error.line) == (PATH, line), str(error)
    assert str(error).startswith(f"a-scenario.toml:{line}: ")
    assert message in str(error)


def test_a_title_must_be_there() -> None:
    with pytest.raises(InputError, match=r"^a-scenario\.toml:1: the scenario lacks title"):
        parse_scenario(PATH, "core = true")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ('[ike]\nke = "CURVE2519"', "did you mean CURVE25519?"),
        (
            '[ike]\nencryption = "ENCR_AES_GCM_16"',
            "say the key length: ENCR_AES_GCM_16-128, ENCR_AES_GCM_16-192",
        ),
        ("tittle = 1", "did you mean title?"),
        ('[initiator]\nauth = "certificat"', "did you mean certificate?"),
        ('[expect]\nnotify = "AUTHENTICATION_FAIL"', "did you mean AUTHENTICATION_FAILED?"),
        ('step = ["up", "rekey-sa"]', "did you mean rekey-"),
        (
            '[[known]]\nresponder = "strongwan"\nreason = "x"\nfinding = "docs/explanation/findings/x.md"',
            "did you mean strongswan?",
        ),
    ],
)
def test_the_nearest_valid_word_is_offered(text: str, hint: str) -> None:
    assert hint in mistake(text).hint


def test_of_several_mistakes_the_first_in_the_file_is_told() -> None:
    text = """
        clock = "fast"
        [child]
        mode = "tunel"
        [initiator]
        auth = "pks"
    """
    assert mistake(text).line == 3
    assert mistake(text.replace("fast", "auto")).line == 5
    assert mistake(text.replace("fast", "auto").replace("tunel", "tunnel")).line == 7


def test_a_long_value_is_quoted_short() -> None:
    assert len(str(mistake(f'clock = "{"x" * 5000}"'))) < 250


def test_control_characters_of_a_file_never_reach_the_terminal() -> None:
    assert "\x1b" not in str(mistake('clock = "\\u001B[2J"'))
    assert "\x1b" not in str(mistake('"\\u001B[2J" = 1'))
