"""A scenario as typed data. `load.py` reads it from TOML; daemon drivers render it.

Terms are those of RFC 7296. Algorithms have their IANA names, key lengths behind a dash:
`ENCR_AES_GCM_16-256`, `AUTH_HMAC_SHA2_256_128`, `PRF_HMAC_SHA2_256`, `CURVE25519`,
`ML_KEM_768` (see iana.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network
    from pathlib import Path


class Role(StrEnum):
    """The two ends of a connection; who initiates is the scenario's word, not the daemons'."""

    INITIATOR = "initiator"
    RESPONDER = "responder"

    @property
    def peer(self) -> Role:
        """The other end."""
        return Role.RESPONDER if self is Role.INITIATOR else Role.INITIATOR


class Method(StrEnum):
    """How a side proves its identity (RFC 7296 section 2.15)."""

    PSK = "psk"
    CERTIFICATE = "certificate"
    RAW_KEY = "raw-key"
    EAP_MSCHAPV2 = "eap-mschapv2"
    EAP_TLS = "eap-tls"


@dataclass(frozen=True, slots=True)
class Authentication:
    """One side's proof of identity.

    `secret` is the pre-shared key or EAP password. `certificate` is a kind of parley.pki, for
    certificates and raw keys alike. `signature` narrows how it signs: `rsa-pkcs1`, `rsa-pss`, `ecdsa`,
    `ed25519`; empty leaves it to the daemon.
    """

    method: Method
    secret: str = ""
    certificate: str = ""
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """One end. `identity` is an ID as configurations take it; empty means the host's name, as FQDN.

    `expects` is the identity it demands of its peer; empty means the peer's own.
    """

    host: str
    authentication: Authentication
    identity: str = ""
    expects: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Transforms offered for one SA, by type, most preferred first (RFC 7296 section 3.3).

    An empty tuple leaves the type to the daemon's defaults. `additional` are the additional key
    exchanges of RFC 9370, in order. `esn` is None where both may be offered.
    """

    encryption: tuple[str, ...] = ()
    integrity: tuple[str, ...] = ()
    prf: tuple[str, ...] = ()
    ke: tuple[str, ...] = ()
    additional: tuple[str, ...] = ()
    esn: bool | None = None

    @property
    def is_default(self) -> bool:
        """Whether everything is left to the daemons."""
        return self == Proposal()


@dataclass(frozen=True, slots=True)
class Lifetime:
    """When an SA is rekeyed (soft) by time in seconds or by bytes; None leaves it to the daemon."""

    seconds: int | None = None
    bytes: int | None = None


class Mode(StrEnum):
    """What a Child SA wraps."""

    TUNNEL = "tunnel"
    TRANSPORT = "transport"


class Protocol(StrEnum):
    """The IPsec protocol of a Child SA."""

    ESP = "esp"
    AH = "ah"


@dataclass(frozen=True, slots=True)
class Child:
    """One Child SA. `selectors` are those of each side, as both configurations hold them.

    `responder_selectors` stand in the responder's configuration instead of its own ones, when it is to
    narrow or to refuse.
    """

    name: str
    selectors: dict[Role, tuple[IPv4Network | IPv6Network, ...]]
    proposal: Proposal = Proposal()
    mode: Mode = Mode.TUNNEL
    protocol: Protocol = Protocol.ESP
    lifetime: Lifetime = Lifetime()
    ipcomp: bool = False
    responder_selectors: tuple[IPv4Network | IPv6Network, ...] = ()


@dataclass(frozen=True, slots=True)
class Connection:
    """All that both ends must be told. None leaves a feature to the daemon's default."""

    initiator: Side
    responder: Side
    ike: Proposal
    children: tuple[Child, ...]
    # What the responder's configuration says instead, when the two are to disagree.
    responder_ike: Proposal | None = None
    responder_child: Proposal | None = None
    responder_ike_lifetime: Lifetime | None = None
    responder_child_lifetime: Lifetime | None = None
    ike_lifetime: Lifetime = Lifetime()
    outer_family: int = 4
    fragmentation: bool | None = None
    mobike: bool | None = None
    force_encapsulation: bool = False
    dpd_seconds: int | None = None
    ppk_id: str = ""
    ppk_secret: str = ""
    # Address pool that the responder leases from (RFC 7296 section 2.19), empty: none is asked for.
    pool: str = ""
    always_cookie: bool = False
    childless: bool = False

    def side(self, role: Role) -> Side:
        """The side that plays `role`."""
        return self.initiator if role is Role.INITIATOR else self.responder

    def identity(self, role: Role) -> str:
        """The identity that `role` claims."""
        side = self.side(role)
        return side.identity or side.host

    def expected_identity(self, role: Role) -> str:
        """The identity that `role` demands of its peer."""
        return self.side(role).expects or self.identity(role.peer)

    def authority(self, role: Role) -> str:
        """The kind of certificates whose authority `role` trusts to vouch for its peer.

        It is that of the peer's certificate, but nobody knows the authority of kind `unknown` who does not
        hold such a certificate. Empty where the peer has no certificate.
        """
        peers = self.side(role.peer).authentication.certificate
        own = self.side(role).authentication.certificate
        return own if peers == "unknown" != own else peers

    def ike_proposal(self, role: Role) -> Proposal:
        """What `role`'s configuration offers or accepts for the IKE SA."""
        if role is Role.RESPONDER and self.responder_ike is not None:
            return self.responder_ike
        return self.ike

    def child_proposal(self, role: Role, child: Child) -> Proposal:
        """What `role`'s configuration offers or accepts for `child`."""
        if role is Role.RESPONDER and self.responder_child is not None:
            return self.responder_child
        return child.proposal

    def ike_life(self, role: Role) -> Lifetime:
        """When `role`'s configuration has the IKE SA rekeyed."""
        other = self.responder_ike_lifetime if role is Role.RESPONDER else None
        return other or self.ike_lifetime

    def child_life(self, role: Role, child: Child) -> Lifetime:
        """When `role`'s configuration has `child` rekeyed."""
        other = self.responder_child_lifetime if role is Role.RESPONDER else None
        return other or child.lifetime

    def selectors(self, role: Role, child: Child, owner: Role) -> tuple[IPv4Network | IPv6Network, ...]:
        """The selectors of `owner`'s side, as `role`'s configuration holds them."""
        if role is Role.RESPONDER and owner is Role.RESPONDER and child.responder_selectors:
            return child.responder_selectors
        return child.selectors[owner]


class Action(StrEnum):
    """What a step does."""

    UP = "up"
    TRAFFIC = "traffic"
    REKEY_CHILD = "rekey-child"
    REKEY_IKE = "rekey-ike"
    REAUTHENTICATE = "reauthenticate"
    DELETE_CHILD = "delete-child"
    DOWN = "down"
    WAIT = "wait"
    KILL = "kill"
    RESTART = "restart"
    MOVE = "move"
    IMPAIR = "impair"
    FLOW = "flow"
    NOTICE = "notice"
    CLOCK = "clock"
    REMAP = "remap"


@dataclass(frozen=True, slots=True)
class ScenarioStep:
    """One step. `by` says which side acts; None means both at once. `seconds` is how long it takes.

    `argument` is the impairment for IMPAIR, the child's name where there are several, the address for MOVE.
    FLOW sends an echo of `size` bytes every `every` seconds, and `may_lose` so many of each side. CLOCK sets
    clocks forward by `shift` seconds. An UP that is `refused` must leave no SA.
    """

    action: Action
    by: Role | None = Role.INITIATOR
    seconds: float = 0.0
    argument: str = ""
    every: float = 0.0
    size: int = 56
    may_lose: int = 0
    shift: float = 0.0
    refused: bool = False

    @property
    def roles(self) -> tuple[Role, ...]:
        """The sides that act."""
        return (self.by,) if self.by else tuple(Role)


@dataclass(frozen=True, slots=True)
class Expectation:
    """How it must end: established, or refused with this notify (IANA name; empty: any)."""

    established: bool = True
    notify: str = ""
    # Names of notifies and payloads that must be seen in the exchange, e.g. COOKIE, INVALID_KE_PAYLOAD.
    seen: tuple[str, ...] = ()
    # The least and the most SAs of a kind that were used, one after the other; None: any number.
    child_sas: tuple[int, int] | None = None
    ike_sas: tuple[int, int] | None = None
    # Sides whose retransmissions must come when their daemon's documentation says.
    retransmits: tuple[Role, ...] = ()


@dataclass(frozen=True, slots=True)
class Nat:
    """Address translation on the way: which sides sit behind one.

    With a `timeout`, ports are mapped too, and a mapping is forgotten after so many seconds of silence;
    without, addresses are mapped one to one and for good.
    """

    initiator: bool = False
    responder: bool = False
    timeout: int | None = None


@dataclass(frozen=True, slots=True)
class KnownFailure:
    """A defect with a page in docs/explanation/findings.

    Matching cells fail as `reason`, a regular expression, says; if only `sometimes`, a pass proves nothing.
    """

    initiator: str
    responder: str
    reason: str
    finding: str
    sometimes: bool = False


@dataclass(frozen=True, slots=True)
class Scenario:
    """A connection, what is done with it, and how it must end."""

    name: str
    title: str
    path: Path
    connection: Connection
    steps: tuple[ScenarioStep, ...]
    expect: Expectation = Expectation()
    nat: Nat = Nat()
    impairments: tuple[str, ...] = ()
    rfcs: tuple[str, ...] = ()
    ipv6_ready: tuple[str, ...] = ()
    description: str = ""
    clock: str = "auto"
    core: bool = False
    # Features that the kernel must have (image.kernel_features).
    needs: tuple[str, ...] = ()
    known: tuple[KnownFailure, ...] = ()
