"""The scenario format: every table and key, and how each value is read.

docs/reference/scenarios.md is checked against it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from parley.image.kernel_features import FEATURES
from parley.pki import KINDS
from parley.scenario.fields import (
    Key,
    Section,
    choice,
    flag,
    member,
    number,
    several,
    text,
    word,
)
from parley.scenario.iana import TransformType
from parley.scenario.model import Method, Mode, Protocol, Role
from parley.scenario.schema_steps import EXPECT, STEP
from parley.scenario.values import (
    address_family,
    impairment,
    implementation,
    matching,
    network,
    raw,
    regular_expression,
    transform,
)

if TYPE_CHECKING:
    from parley.scenario.fields import Node
    from parley.scenario.values import Network

# It guards the lab alone; both ends have it unless a scenario says otherwise.
LAB_SECRET = "parley-lab-secret-that-guards-nothing"  # noqa: S105 -- see above

SIGNATURES = ("rsa-pkcs1", "rsa-pss", "ecdsa", "ed25519")
CLOCKS = ("auto", "real", "virtual")

_DAY = 86400
_BYTES = 10**15


def _transforms(name: str, kind: TransformType, example: str, what: str) -> Key[tuple[str, ...]]:
    return Key(name, several(transform(kind)), (), "list of names", "the daemon's own", example, what)


_name = matching(r"[a-z][a-z0-9-]{0,30}", "net-1")
_networks = several(network)

IDENTITY = Key(
    "identity",
    word,
    "",
    "string",
    "the host's name, as FQDN",
    '"gw.example"',
    "The ID that this side claims.",
)
AUTH = Key(
    "auth",
    member(Method),
    Method.PSK,
    "|".join(Method),
    "psk",
    '"certificate"',
    "How this side proves its identity.",
)
SECRET = Key(
    "secret",
    word,
    "",
    "string",
    "one that both sides have",
    '"a-secret-of-both"',
    "Pre-shared key or EAP password that it holds.",
)
CERTIFICATE = Key(
    "certificate",
    choice(*KINDS),
    "",
    "|".join(KINDS),
    "ecdsa where one is needed",
    '"rsa"',
    "Kind of its certificate or raw public key.",
)
SIGNATURE = Key(
    "signature",
    choice(*SIGNATURES),
    "",
    "|".join(SIGNATURES),
    "the daemon's choice",
    '"rsa-pss"',
    "How it signs.",
)
EXPECTS = Key(
    "expects", word, "", "string", "the peer's identity", '"stranger"', "The ID that it demands of its peer."
)
SELECTORS: Key[tuple[Network, ...]] = Key(
    "selectors",
    _networks,
    (),
    "list of networks",
    "the network behind it",
    '["192.0.1.0/24"]',
    "What every Child SA protects on this side.",
)
SIDE = (IDENTITY, AUTH, SECRET, CERTIFICATE, SIGNATURE, EXPECTS, SELECTORS)
INITIATOR = Section("[initiator]", SIDE, "The side that starts. Host `west`; behind a NAT, `road`.")

POOL = Key(
    "pool",
    network,
    None,
    "network",
    "none",
    '"192.0.3.0/24"',
    "Addresses that it leases to initiators that ask (RFC 7296 section 2.19).",
)
COOKIE = Key(
    "cookie", flag, False, "boolean", "false", "true", "It asks everybody for a cookie (section 2.6)."
)
DIFFERING_IKE = Key("ike", raw, None, "table", "none", "", "What it says of its IKE SA instead.")
DIFFERING_CHILD = Key("child", raw, None, "table", "none", "", "What it says of its Child SA instead.")
RESPONDER = Section(
    "[responder]",
    (*SIDE, POOL, COOKIE, DIFFERING_IKE, DIFFERING_CHILD),
    "The side that answers: host `east`.",
)

ENCRYPTION = _transforms(
    "encryption", TransformType.ENCRYPTION, '["ENCR_AES_GCM_16-256"]', "Ciphers, most preferred first."
)
INTEGRITY = _transforms(
    "integrity",
    TransformType.INTEGRITY,
    '["AUTH_HMAC_SHA2_256_128"]',
    "Integrity algorithms; none goes with a combined cipher.",
)
PRF = _transforms("prf", TransformType.PRF, '["PRF_HMAC_SHA2_256"]', "Pseudorandom functions.")
KE = _transforms(
    "ke",
    TransformType.KE,
    '["CURVE25519", "MODP_2048"]',
    "Key exchange methods; in a Child SA, perfect forward secrecy.",
)
ADDITIONAL = _transforms(
    "additional", TransformType.KE, '["ML_KEM_768"]', "Additional key exchanges in their order (RFC 9370)."
)
ESN = Key("esn", flag, None, "boolean", "either", "true", "Extended sequence numbers.")
LIFETIME = Key(
    "lifetime", number(1, 30 * _DAY), None, "seconds", "the daemon's own", "3600", "When it is rekeyed."
)
IKE_PROPOSAL = (ENCRYPTION, INTEGRITY, PRF, KE, ADDITIONAL)
CHILD_PROPOSAL = (ENCRYPTION, INTEGRITY, KE, ADDITIONAL, ESN)

FRAGMENTATION = Key(
    "fragmentation", flag, None, "boolean", "the daemon's own", "true", "IKE fragmentation (RFC 7383)."
)
MOBIKE = Key("mobike", flag, None, "boolean", "the daemon's own", "true", "MOBIKE (RFC 4555).")
FORCE_ENCAPSULATION = Key(
    "force_encapsulation",
    flag,
    False,
    "boolean",
    "false",
    "true",
    "ESP in UDP where no NAT is (RFC 7296 section 2.23).",
)
DPD = Key(
    "dpd",
    number(1, _DAY),
    None,
    "seconds",
    "the daemon's own",
    "10",
    "Idle time after which a peer is asked for life.",
)
PPK_ID = Key(
    "ppk_id",
    word,
    "",
    "string",
    "none",
    '"parley-ppk"',
    "Identity of a post-quantum preshared key (RFC 8784).",
)
PPK_SECRET = Key("ppk_secret", word, "", "string", "none", '"a-post-quantum-secret"', "That key.")
CHILDLESS = Key(
    "childless", flag, False, "boolean", "false", "true", "IKE_AUTH without a Child SA (RFC 6023)."
)
IKE = Section(
    "[ike]",
    (
        *IKE_PROPOSAL,
        LIFETIME,
        FRAGMENTATION,
        MOBIKE,
        FORCE_ENCAPSULATION,
        DPD,
        PPK_ID,
        PPK_SECRET,
        CHILDLESS,
    ),
    "The IKE SA.",
)
RESPONDER_IKE = Section(
    "[responder.ike]", (*IKE_PROPOSAL, LIFETIME), "Where the responder's IKE SA differs.", "as in `[ike]`"
)

NAME = Key(
    "name", _name, "net", "string", "net", '"net-1"', "The Child SA's name, for steps and configurations."
)
MODE = Key("mode", member(Mode), Mode.TUNNEL, "|".join(Mode), "tunnel", '"transport"', "What it wraps.")
PROTOCOL = Key(
    "protocol", member(Protocol), Protocol.ESP, "|".join(Protocol), "esp", '"ah"', "Its IPsec protocol."
)
LIFETIME_BYTES = Key(
    "lifetime_bytes",
    number(1, _BYTES),
    None,
    "bytes",
    "the daemon's own",
    "1000000",
    "Traffic after which it is rekeyed.",
)
IPCOMP = Key("ipcomp", flag, False, "boolean", "false", "true", "IP compression (RFC 7296 section 2.22).")
INITIATOR_SELECTORS: Key[tuple[Network, ...]] = Key(
    "initiator",
    _networks,
    (),
    "list of networks",
    "`[initiator]` selectors",
    '["192.0.1.0/24"]',
    "The initiator's selectors.",
)
RESPONDER_SELECTORS: Key[tuple[Network, ...]] = Key(
    "responder",
    _networks,
    (),
    "list of networks",
    "`[responder]` selectors",
    '["192.0.2.0/24"]',
    "The responder's selectors.",
)
CHILD = Section(
    "[child]",
    (
        NAME,
        PROTOCOL,
        MODE,
        *CHILD_PROPOSAL,
        LIFETIME,
        LIFETIME_BYTES,
        IPCOMP,
        INITIATOR_SELECTORS,
        RESPONDER_SELECTORS,
    ),
    "The Child SA; `[[child]]`, once for each, where there are several.",
)
NARROWED: Key[tuple[Network, ...]] = Key(
    "selectors",
    _networks,
    (),
    "list of networks",
    "as in `[child]`",
    '["192.0.2.128/25"]',
    "What its configuration holds of its own side.",
)
RESPONDER_CHILD = Section(
    "[responder.child]",
    (*CHILD_PROPOSAL, LIFETIME, LIFETIME_BYTES, NARROWED),
    "Where the responder's Child SA differs: to narrow, to refuse, or to live longer.",
    "as in `[child]`",
)

OUTER = Key(
    "outer", address_family, 4, "ipv4|ipv6", "ipv4", '"ipv6"', "The addresses between which IKE runs."
)
INNER = Key(
    "inner", address_family, None, "ipv4|ipv6", "as outer", '"ipv4"', "The networks behind the hosts."
)
NAT: Key[tuple[Role, ...]] = Key(
    "nat", several(member(Role)), (), "list of sides", "none", '["initiator"]', "The sides behind a NAT."
)
NAT_TIMEOUT = Key(
    "nat_timeout",
    number(1, _DAY),
    None,
    "seconds",
    "addresses are mapped one to one, for good",
    "60",
    "The initiator's NAT maps ports and forgets a mapping after that much silence.",
)
IKE_MTU = Key(
    "ike_mtu",
    number(576, 1500),
    None,
    "bytes",
    "none",
    "1280",
    "Largest IP packet of IKE that gets through; larger ones vanish (RFC 4821).",
)
IMPAIR: Key[tuple[str, ...]] = Key(
    "impair",
    several(impairment),
    (),
    "list of strings",
    "none",
    '["internet:loss=10%,only=ike"]',
    "Bad wires, as `parley matrix --impair` takes them.",
)
NETWORK = Section(
    "[network]", (OUTER, INNER, NAT, NAT_TIMEOUT, IKE_MTU, IMPAIR), "What lies between the two."
)

KNOWN_INITIATOR = Key(
    "initiator",
    implementation,
    "*",
    "implementation",
    "any",
    '"openiked"',
    "The initiator that it is about.",
)
KNOWN_RESPONDER = Key(
    "responder",
    implementation,
    "*",
    "implementation",
    "any",
    '"libreswan"',
    "The responder that it is about.",
)
REASON = Key(
    "reason",
    regular_expression,
    "",
    "regular expression",
    "must be there",
    '"no SA was ever .*"',
    "How the failure reads.",
)
FINDING = Key(
    "finding",
    matching(r"docs/explanation/findings/[a-z0-9-]+\.md", "docs/explanation/findings/NAME.md"),
    "",
    "path",
    "must be there",
    '"docs/explanation/findings/an-example.md"',
    "The page about the defect.",
)
SOMETIMES = Key(
    "sometimes",
    flag,
    False,
    "boolean",
    "false",
    "true",
    "It does not always show: a cell that passes is `passed`, not `fixed?`.",
)
KNOWN = Section(
    "[[known]]",
    (KNOWN_INITIATOR, KNOWN_RESPONDER, REASON, FINDING, SOMETIMES),
    "An open defect: cells that fail as it says are `known`, not `failed`.",
)

TITLE = Key("title", text, "", "string", "must be there", '"Pre-shared key"', "One line for reports.")
DESCRIPTION = Key(
    "description", text, "", "string", "none", '"Why it may fail."', "What it proves, and why it may fail."
)
RFC: Key[tuple[str, ...]] = Key(
    "rfc",
    several(matching(r"RFC [1-9]\d{2,4}( section [0-9A-Z](\.?[0-9A-Z])*)?", "RFC 7296 section 2.15")),
    (),
    "list of strings",
    "none",
    '["RFC 7296 section 2.15"]',
    "What demands it.",
)
IPV6_READY: Key[tuple[str, ...]] = Key(
    "ipv6_ready",
    several(matching(r"IKEv2Interop\.\d+\.\d+( Part [A-Z]{1,2})?", "IKEv2Interop.1.4 Part A")),
    (),
    "list of strings",
    "none",
    '["IKEv2Interop.1.1 Part C"]',
    "Counterparts in the IPv6 Ready Logo Phase-2 IKEv2 Interoperability Test Scenario 1.1.0.",
)
CORE = Key("core", flag, False, "boolean", "false", "true", "Whether it is one of the few that always run.")
CLOCK = Key(
    "clock", choice(*CLOCKS), "auto", "|".join(CLOCKS), "auto", '"virtual"', "Whose time the hosts live in."
)
NEEDS: Key[tuple[str, ...]] = Key(
    "needs",
    several(choice(*FEATURES)),
    (),
    "list of features",
    "none",
    '["xfrm-interface"]',
    "What the kernel must have; without it the scenario is unsupported.",
)


def _table(name: str, kind: str, header: str) -> Key[Node | None]:
    return Key(name, raw, None, kind, "its defaults", "", f"See `{header}`.")


INITIATOR_TABLE = _table("initiator", "table", "[initiator]")
RESPONDER_TABLE = _table("responder", "table", "[responder]")
IKE_TABLE = _table("ike", "table", "[ike]")
CHILD_TABLE = _table("child", "table or array of tables", "[child]")
NETWORK_TABLE = _table("network", "table", "[network]")
STEP_TABLE = _table("step", "array", "[[step]]")
EXPECT_TABLE = _table("expect", "table", "[expect]")
KNOWN_TABLE = _table("known", "array of tables", "[[known]]")
TABLES = (
    INITIATOR_TABLE,
    RESPONDER_TABLE,
    IKE_TABLE,
    CHILD_TABLE,
    NETWORK_TABLE,
    STEP_TABLE,
    EXPECT_TABLE,
    KNOWN_TABLE,
)
FILE = Section(
    "top level",
    (TITLE, DESCRIPTION, RFC, IPV6_READY, CORE, CLOCK, NEEDS, *TABLES),
    "One file is one scenario, named as the file without `.toml`.",
)

SECTIONS = (
    FILE,
    INITIATOR,
    RESPONDER,
    IKE,
    RESPONDER_IKE,
    CHILD,
    RESPONDER_CHILD,
    NETWORK,
    STEP,
    EXPECT,
    KNOWN,
)
