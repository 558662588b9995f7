from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from parley.case.model import HostSpec
from parley.image.kernel import Kernel
from parley.lab.jail import Jail
from parley.lab.topology import NETWORK
from parley.platform.debian import MODULES, Debian, guest_script, modules_for, root_fstab

HOSTS = [host.name for host in NETWORK.hosts]


@pytest.fixture
def share(tmp_path: Path) -> Path:
    jail = Jail(tmp_path)
    for host in HOSTS:
        assert Debian().prepare(jail, HostSpec(host), NETWORK, "/testing/suite/case") == f"{host}/boot.sh"
    return tmp_path


@pytest.mark.parametrize("host", HOSTS)
def test_every_host_has_all_that_its_first_process_reads(share: Path, host: str) -> None:
    for name in ("boot.sh", "agent.sh", "session.sh", "prepare.sh", "modules", "fstab", "sysctl", "network"):
        assert (share / host / name).is_file()
    for name in ("cmd", "step", "log", "state", "core"):
        assert (share / host / name).is_dir()
    assert (share / host / "boot.sh").read_text().startswith(f"PARLEY_HOST={host}\n")
    assert (share / host / "session.sh").read_text().startswith("set -- /testing/suite/case\n")


@pytest.mark.parametrize("name", ["boot.sh", "agent.sh", "session.sh"])
def test_scripts_are_sound(share: Path, name: str) -> None:
    subprocess.run(["sh", "-n", share / "east" / name], check=True)


def test_a_gateways_network_has_its_addresses_routes_and_ways_out(share: Path) -> None:
    lines = (share / "west/network").read_text().splitlines()
    assert lines[:5] == [
        "link set lo up",
        "link set vec0 name eth0",
        "address add 192.0.1.254/24 dev eth0",
        "address add 2001:db8:0:1::254/64 dev eth0",
        "link set eth0 up",
    ]
    assert "address add 192.1.2.45/24 dev eth1" in lines
    assert lines[-4:] == [
        "route add default via 192.1.2.254",
        "route add default via 2001:db8:1:2::254",
        "route add 192.0.2.0/24 via 192.1.2.23",
        "route add 2001:db8:0:2::/64 via 2001:db8:1:2::23",
    ]


def test_a_router_has_no_way_out(share: Path) -> None:
    assert "default" not in (share / "nic/network").read_text()


def test_addresses_can_be_used_at_once(share: Path) -> None:
    lines = [line.split() for line in (share / "east/sysctl").read_text().splitlines()]
    assert {word for word, *_ in lines} == {"key"}
    settings = {name: value for _, name, value in lines}
    for device in ("all", "default", "vec0", "vec1"):
        assert settings[f"net/ipv6/conf/{device}/accept_dad"] == "0"
    assert settings["net/ipv4/ip_forward"] == "1"
    assert settings["kernel/core_pattern"].startswith("/var/crash/")


def test_a_host_sees_its_own_part_of_the_share_and_the_cases_files(share: Path) -> None:
    mounts = [line.split() for line in (share / "east/fstab").read_text().splitlines()]
    assert all(len(words) == 6 for words in mounts)
    shares = {words[1].rpartition("/")[2]: words[0] for words in mounts if words[0].startswith("/mnt")}
    assert shares == {"testing": "/mnt/testing", "parley": "/mnt/east"}


def test_what_a_prepared_host_still_mounts_is_the_end_of_what_others_mount(share: Path) -> None:
    whole, rest = ((share / "east" / name).read_text() for name in ("fstab", "fstab.host"))
    assert whole == root_fstab("/") + rest
    assert "east" not in root_fstab("/")
    assert all("/mnt" in line or "/parley/" in line for line in rest.splitlines())


def test_a_prepared_host_makes_no_second_root() -> None:
    script = "mount() { echo mount $*; }; mkdir() { echo mkdir $*; }; here=/h\n" + guest_script("root.sh")
    for prepared, expected in (
        ("", ["mount -t tmpfs tmpfs /tmp", "mkdir /tmp/upper /tmp/work /tmp/root", "mount -a -T /h/fstab"]),
        ("prepared", ["mount -a -T /h/fstab.host"]),
    ):
        run = subprocess.run(
            ["sh", "-c", f"prepared={prepared}\n{script}"], capture_output=True, text=True, check=True
        )
        assert run.stdout.splitlines() == expected


def kernel(loadable: frozenset[str] | None) -> Kernel:
    return Kernel("k", "7.2", Path("linux"), Path("modules"), "digest", frozenset(), loadable)


def test_all_modules_are_asked_of_a_kernel_that_says_nothing_of_its_own() -> None:
    assert modules_for(kernel(None), ["af_key", "af_key"]) == (*MODULES, "af_key")


def test_what_a_kernel_has_built_in_is_not_asked_for() -> None:
    has = kernel(frozenset({"af_key", "ip_vti", "crypto_aes"}))
    assert modules_for(has, ["af_key"]) == ("crypto-aes", "af_key")
    assert modules_for(kernel(frozenset()), ["af_key"]) == ()


def test_modules_stand_in_one_line_that_the_shell_itself_reads(tmp_path: Path) -> None:
    jail = Jail(tmp_path / "share")
    jail.create()
    Debian().prepare(jail, HostSpec("east"), NETWORK, "/root", modules=["esp4", "esp6"])
    assert (tmp_path / "share/east/modules").read_text() == "esp4 esp6\n"


def test_what_somebody_checks_the_absence_of_is_for_those_who_want_it() -> None:
    assert not {"af_key", "ip_vti", "ip6_vti"} & set(MODULES)


def test_modules_are_asked_for_once() -> None:
    assert len(MODULES) == len(set(MODULES))
    # Without these, ChaCha20-Poly1305 and IPComp in tunnel mode fail with a word that does not say so.
    assert {"chacha", "chacha20poly1305", "xfrm4_tunnel", "xfrm6_tunnel", "deflate"} <= set(MODULES)
