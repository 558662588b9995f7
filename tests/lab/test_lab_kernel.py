"""The lab kernel as it really is: what it is built for, done. It is not built here, unless one asks."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from bare_kernels import boot
from parley.image.kernel import Kernel, find_lab_kernel
from parley.image.kernel_features import FEATURES
from parley.image.kernel_lab import ensure_lab_kernel
from parley.image.rootfs import Image, ensure_image
from parley.image.store import Store

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.lab

_YEAR_2030 = 1_893_456_000

# What is tried: the word that a success prints, and what it takes.
_TRIED = {
    "xfrm-interface": "ip link add ipsec9 type xfrm dev lo if_id 9",
    "nftables-ipv4": "nft add table ip parley && nft add chain ip parley c && nft add rule ip parley c drop",
    "nftables-ipv6": "nft add table ip6 parley && nft add chain ip6 parley c",
    "iptables-ipv4": "iptables-legacy -A INPUT -m policy --dir in --pol none -j ACCEPT",
    "iptables-ipv6": "ip6tables-legacy -A INPUT -j ACCEPT",
    "connection-tracking": "nft add rule ip parley c ct state established accept",
    "esp": "ip xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x1000 mode tunnel"
    " aead 'rfc4106(gcm(aes))' 0x$(printf %072d 1) 128",
    "chacha20": "ip xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x1001 mode tunnel"
    " aead 'rfc7539esp(chacha20,poly1305)' 0x$(printf %072d 1) 128",
    "ah": "ip xfrm state add src 192.0.2.1 dst 192.0.2.2 proto ah spi 0x1002 mode tunnel"
    " auth-trunc 'hmac(sha256)' 0x$(printf %064d 1) 128",
    "espintcp": "ip xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x1003 mode tunnel"
    " encap espintcp 4500 4500 0.0.0.0 aead 'rfc4106(gcm(aes))' 0x$(printf %072d 1) 128",
    "netem": "tc qdisc add dev lo root netem delay 10ms loss 1%",
    "modules": "modprobe af_key && [ -e /proc/net/pfkey ]",
}
_ABSENT = (
    "grep -qE '^(af_key|ip_vti|ip6_vti) ' /proc/modules || [ -e /proc/net/pfkey ] || echo nothing-unasked"
)


@pytest.fixture(scope="module")
def kernel() -> Kernel:
    """The lab kernel that is there; built first with PARLEY_TEST_KERNEL=build (16 minutes of one core)."""
    store = Store.default()
    if os.environ.get("PARLEY_TEST_KERNEL") == "build":
        return ensure_lab_kernel(store)
    found = find_lab_kernel(store)
    if found is None:
        pytest.skip("no lab kernel is here: parley kernel build, or PARLEY_TEST_KERNEL=build")
    return found


@pytest.fixture(scope="module")
def image() -> Image:
    return ensure_image(Store.default(), "libreswan")


def test_it_has_every_feature(kernel: Kernel) -> None:
    assert set(FEATURES) <= kernel.features
    assert kernel.lacking(FEATURES) == ""
    assert {"af_key", "ip_vti", "ip6_vti"} <= (kernel.loadable or set())


def test_it_does_what_it_is_built_for(kernel: Kernel, image: Image, tmp_path: Path) -> None:
    tries = "\n".join(f"( {command} ) && echo {name}-works" for name, command in _TRIED.items())
    console = boot(kernel, image, f"{_ABSENT}\nmount -t tmpfs run /run\nip -o link | cat\n{tries}", tmp_path)
    assert "nothing-unasked" in console
    assert [name for name in _TRIED if f"{name}-works" not in console] == [], console
    cards = {line.split(": ")[1].partition("@")[0] for line in console if line[:1].isdigit() and ": " in line}
    assert cards == {"lo"}, "devices that nobody asked for"


def test_a_day_of_sleep_takes_no_time(kernel: Kernel, image: Image, tmp_path: Path) -> None:
    script = "date +began-%s\nsleep 86400\ndate +ended-%s"
    console = boot(kernel, image, script, tmp_path, virtual_start=_YEAR_2030 * 10**9)
    began, ended = (int(line.rpartition("-")[2]) for line in console if line.startswith(("began-", "ended-")))
    assert _YEAR_2030 <= began <= _YEAR_2030 + 2
    assert 86400 <= ended - began <= 86402
