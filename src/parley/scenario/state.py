"""SA state as typed data, the same whether a Linux kernel, a BSD kernel or a daemon said it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IkeSa:
    """One IKE SA as a daemon sees it. SPIs are 16 hex digits; algorithms IANA names, empty where not told."""

    initiator_spi: str
    responder_spi: str
    is_initiator: bool
    state: str
    local_identity: str = ""
    remote_identity: str = ""
    encryption: str = ""
    integrity: str = ""
    prf: str = ""
    ke: str = ""
    local: str = ""
    remote: str = ""


@dataclass(frozen=True, slots=True)
class ChildSa:
    """One pair of IPsec SAs as a daemon sees it. SPIs are 8 hex digits; selectors CIDR texts."""

    name: str
    inbound_spi: str
    outbound_spi: str
    protocol: str = "esp"
    mode: str = "tunnel"
    encryption: str = ""
    integrity: str = ""
    esn: bool | None = None
    local_selectors: tuple[str, ...] = ()
    remote_selectors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DaemonView:
    """Everything a daemon says of its SAs."""

    ike: tuple[IkeSa, ...] = ()
    children: tuple[ChildSa, ...] = ()


@dataclass(frozen=True, slots=True)
class KernelSa:
    """One IPsec SA in a kernel (ip-xfrm(8), ipsecctl(8)).

    `encryption_key` and `integrity_key` are hex; judgements compare and show fingerprints only.
    """

    source: str
    destination: str
    protocol: str
    spi: str
    mode: str
    encryption: str = ""
    integrity: str = ""
    encryption_key: str = ""
    integrity_key: str = ""
    esn: bool = False
    encapsulation: str = ""
    packets: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class KernelPolicy:
    """One IPsec policy in a kernel; `direction` is in, out or fwd.

    `mode` is empty for a block or bypass, and where the kernel does not tell it (OpenBSD's flows).
    """

    source: str
    destination: str
    direction: str
    action: str = "allow"
    protocol: str = ""
    mode: str = ""
    outer_source: str = ""
    outer_destination: str = ""


@dataclass(frozen=True, slots=True)
class KernelView:
    """Everything a kernel holds."""

    sas: tuple[KernelSa, ...] = ()
    policies: tuple[KernelPolicy, ...] = ()
