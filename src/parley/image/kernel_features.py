"""What kernels can do, in words for those who need it: cases, scenarios and labs."""

from __future__ import annotations

import re

SECCOMP = "seccomp"
SEED = "seed"
NFTABLES = "nftables-ipv4"

# Feature -> the lines of a kernel's configuration that make it, each built in or a module.
_OPTIONS = {
    "espintcp": ("CONFIG_INET_ESPINTCP",),
    "iptables-ipv4": ("CONFIG_IP_NF_FILTER",),
    "iptables-ipv6": ("CONFIG_IP6_NF_FILTER",),
    "iptfs": ("CONFIG_XFRM_IPTFS",),
    "modules": ("CONFIG_MODULES",),
    NFTABLES: ("CONFIG_NF_TABLES", "CONFIG_NF_TABLES_IPV4"),
    "nftables-ipv6": ("CONFIG_NF_TABLES", "CONFIG_NF_TABLES_IPV6"),
    "pfkey": ("CONFIG_NET_KEY",),
    "time-travel": ("CONFIG_UML_TIME_TRAVEL_SUPPORT",),
    "xfrm-interface": ("CONFIG_XFRM_INTERFACE",),
}

# Feature -> the parameter of a kernel's command line that `--help` tells of.
_PARAMETERS = {SECCOMP: "seccomp", SEED: "um_seed"}

# All that a kernel may have and a case may need.
FEATURES = tuple(sorted((*_OPTIONS, *_PARAMETERS)))


def features(configuration: str, usage: str) -> frozenset[str]:
    """What a kernel with this configuration (.config lines) and this `--help` text can do."""
    on = set(re.findall(r"^(CONFIG_\w+)=[ym]$", configuration, re.MULTILINE))
    found = {name for name, options in _OPTIONS.items() if on.issuperset(options)}
    found |= {name for name, option in _PARAMETERS.items() if re.search(f"^{option}=", usage, re.MULTILINE)}
    return frozenset(found)
