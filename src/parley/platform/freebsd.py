"""FreeBSD hosts (docs/how-to/openbsd.md says what has been seen)."""

from __future__ import annotations

from parley.platform.bsd import Bsd
from parley.platform.nfs import mount_on_freebsd


class FreeBsd(Bsd):
    """Hosts with FreeBSD's kernel, strongSwan from packages or Libreswan from source."""

    name = "freebsd"
    # A virtio disk is a device of characters as it is: vtbd0 is the system's.
    inbound = "/dev/vtbd1"
    outbound = "/dev/vtbd2"
    settings = (
        "net.inet.ip.forwarding=1",
        "net.inet6.ip6.forwarding=1",
        "net.inet.ip.redirect=0",
        "net.inet6.ip6.redirect=0",
        "net.inet6.ip6.dad_count=0",
        # A kernel that dies says so in its debugger where it has one.
        "debug.debugger_on_panic=1",
    )

    @property
    def kernel_functions(self) -> str:
        """setkey(8)'s two lists."""
        return "sas() { setkey -D; }\npolicies() { setkey -DP; }"

    def mount_share(self) -> str:
        """mount_nfs(8)."""
        return mount_on_freebsd(self.root)
