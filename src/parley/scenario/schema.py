"""The scenario format: every table and key, and how each value is read.

docs/reference/scenarios.md is checked against it.
"""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from parley.daemon.registry import daemon_named
from parley.errors import UsageError
from parley.near import nearest
from parley.pki import KINDS
from parley.scenario.fields import (
    Key,
    Node,
    Section,
    choice,
    flag,
    member,
    number,
    seconds,
    several,
    text,
    word,
)
from parley.scenario.iana import EXCHANGES, NOTIFIES, PAYLOADS, TRANSFORMS, TransformType
from parley.scenario.model import Action, Method, Mode, Protocol, Role
from parley.wire.impair import parse_impairment

if TYPE_CHECKING:
    from collections.abc import Callable
    from ipaddress import IPv4Network, IPv6Network

    Network = IPv4Network | IPv6Network

# It guards the lab alone; both ends have it unless a scenario says otherwise.
LAB_SECRET = "parley-lab-secret-that-guards-nothing"  # noqa: S105 -- see above

BOTH = "both"
ESTABLISHED, REFUSED = "established", "refused"
SIGNATURES = ("rsa-pkcs1", "rsa-pss", "ecdsa", "ed25519")
CLOCKS = ("auto", "real", "virtual")

_DAY = 86400
_BYTES = 10**15


def _raw(node: Node) -> Node:
    return node


def _transform(kind: TransformType) -> Callable[[Node], str]:
    def read(node: Node) -> str:
        name = text(node)
        if name not in TRANSFORMS[kind]:
            lacks_length = [known for known in TRANSFORMS[kind] if known.startswith(f"{name}-")]
            hint = f"say the key length: {', '.join(lacks_length)}" if lacks_length else ""
            raise node.error(
                f"{node.name}: {name!r} is no transform of type {kind.name} (IANA, IKEv2 Parameters)",
                hint or nearest(name, TRANSFORMS[kind]),
            )
        return name

    return read


def _transforms(name: str, kind: TransformType, what: str) -> Key[tuple[str, ...]]:
    return Key(name, several(_transform(kind)), (), "list of names", "the daemon's own", what)


def _network(node: Node) -> Network:
    value = text(node)
    try:
        return ip_network(value)
    except ValueError as error:
        raise node.error(f"{node.name}: {error}", "a network such as 192.0.1.0/24") from error


def _address(node: Node) -> str:
    value = text(node)
    try:
        return str(ip_address(value))
    except ValueError as error:
        raise node.error(f"{node.name}: {error}") from error


def _impairment(node: Node) -> str:
    value = text(node)
    try:
        parse_impairment(value)
    except UsageError as error:
        raise node.error(str(error.args[0]), error.hint) from error
    return value


def _matching(pattern: str, example: str) -> Callable[[Node], str]:
    def read(node: Node) -> str:
        value = text(node)
        if not re.fullmatch(pattern, value):
            raise node.error(f"{node.name}: {value!r} is not of the form {example!r}")
        return value

    return read


def _regular_expression(node: Node) -> str:
    value = text(node)
    try:
        re.compile(value)
    except (re.error, OverflowError, RecursionError) as error:
        raise node.error(f"{node.name} is no regular expression: {error}") from error
    return value


def _by(node: Node) -> Role | None:
    value = choice(Role.INITIATOR, Role.RESPONDER, BOTH)(node)
    return None if value == BOTH else Role(value)


def _implementation(node: Node) -> str:
    name = word(node)
    try:
        return daemon_named(name).name
    except UsageError as error:
        raise node.error(str(error.args[0]), error.hint) from error


def _family(node: Node) -> int:
    return 4 if choice("ipv4", "ipv6")(node) == "ipv4" else 6


_name = _matching(r"[a-z][a-z0-9-]{0,30}", "net-1")
_networks = several(_network)

IDENTITY = Key("identity", word, "", "string", "the host's name, as FQDN", "The ID that this side claims.")
AUTH = Key("auth", member(Method), Method.PSK, "|".join(Method), "psk", "How this side proves its identity.")
SECRET = Key(
    "secret", word, "", "string", "one that both sides have", "Pre-shared key or EAP password that it holds."
)
CERTIFICATE = Key(
    "certificate",
    choice(*KINDS),
    "",
    "|".join(KINDS),
    "ecdsa where one is needed",
    "Kind of its certificate or raw public key.",
)
SIGNATURE = Key(
    "signature", choice(*SIGNATURES), "", "|".join(SIGNATURES), "the daemon's choice", "How it signs."
)
EXPECTS = Key("expects", word, "", "string", "the peer's identity", "The ID that it demands of its peer.")
SELECTORS: Key[tuple[Network, ...]] = Key(
    "selectors",
    _networks,
    (),
    "list of networks",
    "the network behind it",
    "What of this side's every Child SA protects.",
)
SIDE = (IDENTITY, AUTH, SECRET, CERTIFICATE, SIGNATURE, EXPECTS, SELECTORS)
INITIATOR = Section("[initiator]", SIDE, "The side that starts. Host `west`; behind a NAT, `road`.")

POOL = Key(
    "pool",
    _network,
    None,
    "network",
    "none",
    "Addresses that it leases to initiators that ask (RFC 7296 section 2.19).",
)
COOKIE = Key("cookie", flag, False, "boolean", "false", "It asks everybody for a cookie (section 2.6).")
DIFFERING_IKE = Key("ike", _raw, None, "table", "none", "What its IKE SA proposal says instead.")
DIFFERING_CHILD = Key("child", _raw, None, "table", "none", "What its Child SA proposal says instead.")
RESPONDER = Section(
    "[responder]",
    (*SIDE, POOL, COOKIE, DIFFERING_IKE, DIFFERING_CHILD),
    "The side that answers: host `east`.",
)

ENCRYPTION = _transforms("encryption", TransformType.ENCRYPTION, "Ciphers, most preferred first.")
INTEGRITY = _transforms(
    "integrity", TransformType.INTEGRITY, "Integrity algorithms; none goes with a combined cipher."
)
PRF = _transforms("prf", TransformType.PRF, "Pseudorandom functions.")
KE = _transforms("ke", TransformType.KE, "Key exchange methods; in a Child SA, perfect forward secrecy.")
ADDITIONAL = _transforms(
    "additional", TransformType.KE, "Additional key exchanges in their order (RFC 9370)."
)
ESN = Key("esn", flag, None, "boolean", "either", "Extended sequence numbers.")
LIFETIME = Key("lifetime", number(1, 30 * _DAY), None, "seconds", "the daemon's own", "When it is rekeyed.")
IKE_PROPOSAL = (ENCRYPTION, INTEGRITY, PRF, KE, ADDITIONAL)
CHILD_PROPOSAL = (ENCRYPTION, INTEGRITY, KE, ADDITIONAL, ESN)

FRAGMENTATION = Key(
    "fragmentation", flag, None, "boolean", "the daemon's own", "IKE fragmentation (RFC 7383)."
)
MOBIKE = Key("mobike", flag, None, "boolean", "the daemon's own", "MOBIKE (RFC 4555).")
FORCE_ENCAPSULATION = Key(
    "force_encapsulation",
    flag,
    False,
    "boolean",
    "false",
    "ESP in UDP where no NAT is (RFC 7296 section 2.23).",
)
DPD = Key(
    "dpd",
    number(1, _DAY),
    None,
    "seconds",
    "the daemon's own",
    "Idle time after which a peer is asked for life.",
)
PPK_ID = Key("ppk_id", word, "", "string", "none", "Identity of a post-quantum preshared key (RFC 8784).")
PPK_SECRET = Key("ppk_secret", word, "", "string", "none", "That key.")
CHILDLESS = Key("childless", flag, False, "boolean", "false", "IKE_AUTH without a Child SA (RFC 6023).")
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
    "[responder.ike]", IKE_PROPOSAL, "Where the responder's IKE proposal differs from [ike]."
)

NAME = Key("name", _name, "net", "string", "net", "The Child SA's name, for steps and configurations.")
MODE = Key("mode", member(Mode), Mode.TUNNEL, "|".join(Mode), "tunnel", "What it wraps.")
PROTOCOL = Key("protocol", member(Protocol), Protocol.ESP, "|".join(Protocol), "esp", "Its IPsec protocol.")
LIFETIME_BYTES = Key(
    "lifetime_bytes",
    number(1, _BYTES),
    None,
    "bytes",
    "the daemon's own",
    "Traffic after which it is rekeyed.",
)
IPCOMP = Key("ipcomp", flag, False, "boolean", "false", "IP compression (RFC 7296 section 2.22).")
INITIATOR_SELECTORS: Key[tuple[Network, ...]] = Key(
    "initiator", _networks, (), "list of networks", "[initiator] selectors", "The initiator's selectors."
)
RESPONDER_SELECTORS: Key[tuple[Network, ...]] = Key(
    "responder", _networks, (), "list of networks", "[responder] selectors", "The responder's selectors."
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
    "The Child SA; [[child]], once for each, where there are several.",
)
RESPONDER_CHILD = Section(
    "[responder.child]",
    (*CHILD_PROPOSAL, SELECTORS),
    "Where the responder's Child SA differs from [child]: to narrow, or to refuse.",
)

OUTER = Key("outer", _family, 4, "ipv4|ipv6", "ipv4", "The addresses between which IKE runs.")
INNER = Key("inner", _family, None, "ipv4|ipv6", "as outer", "The networks behind the hosts.")
NAT: Key[tuple[Role, ...]] = Key(
    "nat", several(member(Role)), (), "list of sides", "none", "The sides behind a NAT."
)
IKE_MTU = Key(
    "ike_mtu",
    number(576, 1500),
    None,
    "bytes",
    "none",
    "Largest IP packet of IKE that gets through; larger ones vanish (RFC 4821).",
)
IMPAIR: Key[tuple[str, ...]] = Key(
    "impair",
    several(_impairment),
    (),
    "list of strings",
    "none",
    "Impairments, as `parley run --impair` takes them.",
)
NETWORK = Section("[network]", (OUTER, INNER, NAT, IKE_MTU, IMPAIR), "What lies between the two.")

DO = Key("do", member(Action), None, "|".join(Action), "must be there", "What is done.")
BY: Key[Role | None] = Key("by", _by, Role.INITIATOR, "initiator|responder|both", "initiator", "Who does it.")
SECONDS = Key("seconds", seconds, 0.0, "number", "must be there for wait", "How long to wait.")
STEP_CHILD = Key("child", _name, "", "string", "the only one", "Which Child SA is meant.")
ADDRESS = Key("address", _address, "", "address", "must be there for move", "Where the side moves to.")
STEP_IMPAIR = Key(
    "impair", _impairment, "", "string", "must be there for impair", "The impairment that begins."
)
STEP = Section(
    "[[step]]",
    (DO, BY, SECONDS, STEP_CHILD, ADDRESS, STEP_IMPAIR),
    "What is done, in order. A string stands for a step with nothing but `do`.",
)

OUTCOME = Key(
    "outcome",
    choice(ESTABLISHED, REFUSED),
    ESTABLISHED,
    f"{ESTABLISHED}|{REFUSED}",
    ESTABLISHED,
    "How the attempt must end.",
)
NOTIFY = Key(
    "notify",
    choice(*NOTIFIES),
    "",
    "name of a notify",
    "any error",
    "The error with which the attempt must be refused.",
)
SEEN: Key[tuple[str, ...]] = Key(
    "seen",
    several(choice(*NOTIFIES, *PAYLOADS, *EXCHANGES)),
    (),
    "list of names",
    "nothing in particular",
    "Notifies, payloads and exchanges that must have been on the wire.",
)
EXPECT = Section("[expect]", (OUTCOME, NOTIFY, SEEN), "How it must end.")

KNOWN_INITIATOR = Key(
    "initiator", _implementation, "*", "implementation", "any", "The initiator that it is about."
)
KNOWN_RESPONDER = Key(
    "responder", _implementation, "*", "implementation", "any", "The responder that it is about."
)
REASON = Key(
    "reason", _regular_expression, "", "regular expression", "must be there", "How the failure reads."
)
FINDING = Key(
    "finding",
    _matching(r"docs/findings/[a-z0-9-]+\.md", "docs/findings/NAME.md"),
    "",
    "path",
    "must be there",
    "The page about the defect.",
)
KNOWN = Section(
    "[[known]]",
    (KNOWN_INITIATOR, KNOWN_RESPONDER, REASON, FINDING),
    "An open defect: cells that fail as it says are `known`, not `failed`.",
)

TITLE = Key("title", text, "", "string", "must be there", "One line for reports.")
DESCRIPTION = Key("description", text, "", "string", "none", "What it proves, and why it may fail.")
RFC: Key[tuple[str, ...]] = Key(
    "rfc",
    several(_matching(r"RFC [1-9]\d{2,4}( section [0-9A-Z](\.?[0-9A-Z])*)?", "RFC 7296 section 2.15")),
    (),
    "list of strings",
    "none",
    "What demands it.",
)
IPV6_READY: Key[tuple[str, ...]] = Key(
    "ipv6_ready",
    several(_matching(r"IKEv2Interop\.\d+\.\d+( Part [A-Z]{1,2})?", "IKEv2Interop.1.4 Part A")),
    (),
    "list of strings",
    "none",
    "Counterparts in the IPv6 Ready Logo Phase-2 IKEv2 Interoperability Test Scenario 1.1.0.",
)
CORE = Key("core", flag, False, "boolean", "false", "Whether it is one of the few that always run.")
CLOCK = Key("clock", choice(*CLOCKS), "auto", "|".join(CLOCKS), "auto", "Whose time the hosts live in.")


def _table(name: str, kind: str, header: str) -> Key[Node | None]:
    return Key(name, _raw, None, kind, "its defaults", f"See {header}.")


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
    (TITLE, DESCRIPTION, RFC, IPV6_READY, CORE, CLOCK, *TABLES),
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
