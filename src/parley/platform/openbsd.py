"""OpenBSD hosts (docs/how-to/openbsd.md says which releases have been seen)."""

from __future__ import annotations

from parley.platform.bsd import Bsd
from parley.platform.nfs import mount_on_openbsd


class OpenBsd(Bsd):
    """Hosts with OpenBSD's own kernel and iked."""

    name = "openbsd"
    # vioblk(4) disks are sd(4): sd0 is the system's. Partition c of the raw device is all of the disk.
    inbound = "/dev/rsd1c"
    outbound = "/dev/rsd2c"
    settings = (
        "net.inet.ip.forwarding=1",
        "net.inet6.ip6.forwarding=1",
        "net.inet.ip.redirect=0",
        "net.inet6.ip6.redirect=0",
        # Duplicate address detection would cost a second before an IPv6 address may be used.
        "net.inet6.ip6.dad_count=0",
        "net.inet.esp.enable=1",
        "net.inet.ah.enable=1",
        "net.inet.ipcomp.enable=1",
        "net.inet.esp.udpencap=1",
        # A kernel that dies says so in its debugger, and not only in a message before it boots anew.
        "ddb.panic=1",
        "ddb.console=1",
    )

    @property
    def kernel_functions(self) -> str:
        """ipsecctl(8)'s two lists, counters and keys too."""
        return "sas() { ipsecctl -s sa -v -k; }\npolicies() { ipsecctl -s flow; }"

    def mount_share(self) -> str:
        """mount_nfs(8)."""
        return mount_on_openbsd(self.root)
