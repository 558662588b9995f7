"""Forty of Libreswan's own cases, of all classes, out of Debian's source package."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from parley.image.apt import Apt, mirror
from parley.image.kernel import find_kernel
from parley.image.store import Store, silent

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# Two and a half minutes on two quiet cores, and as long again where the images are not there yet.
pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

# What all but a few of them need, and Debian's kernel lacks.
FEATURES = {"nftables-ipv4", "time-travel", "xfrm-interface"}

RUN = (
    *("addconn-22-authby-hash-algo", "addconn-31-pfs", "addconn-35-encapsulation"),
    *("addconn-38-keyword-obsolete", "addconn-41-ocsp-config", "basic-pluto-01"),
    *("basic-pluto-01-nokey", "basic-pluto-13-xfrm-ondemand", "ikev1-aggr-02-authby-secret"),
    *("ikev1-algo-esp-aes-gmac-128-sha1", "ikev1-x509-11-san-dns-match", "ikev2-62-host-ondemand"),
    *("ikev2-algo-06-aes-aes_xcbc", "ikev2-algo-esn-01"),
    *("ikev2-child-rekey-10-impair-rekey-respond-supernet", "ikev2-intermediate-02-psk"),
    *("ikev2-leak-02-no-psk", "ikev2-14-compress-mismatch"),
    *("ikev2-unknown-payload-01-sa-init-critical", "interop-ikev2-strongswan-10-nat-initiator"),
    *("interop-ikev2-strongswan-31-asymmetric-responder", "newoe-12-clear", "newoe-18-clear-cop"),
    *("nflog-02-conn", "nss-cert-03-ikev2", "nss-cert-crl-01-strict"),
    *("whack-delete-01-child-1then2-ikev1", "whack-down-01-child-1then2-ikev1", "xauth-pluto-14"),
    *("xfrm-algo-aes_gcm-01", "xfrm-vti-05"),
)

UNSUPPORTED = {
    "check-10-network-freebsd": "other platform",
    "interop-ikev2-openbsd-01-iked-responder": "other platform",
    "pfkeyv2-ondemand": "other platform",
    "fips-03-ikev1-md5": "FIPS",
    "ikev2-labeled-ipsec-05-any": "SELinux",
    "nss-cert-ocsp-01-ikev2": "OCSP",
    "ikev2-systemrole-01-host-to-host": "containers",
    "ikev1-l2tp-01": "other daemon",
    "ikev2-xfrmi-09-systemd-networkd": "systemd",
}


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The suite of the release that Debian trixie has, unpacked."""
    kernel = find_kernel(Store.default())
    if kernel is None or not kernel.features.issuperset(FEATURES):
        pytest.skip("Libreswan's cases need the lab kernel: parley kernel build")
    place = tmp_path_factory.mktemp("libreswan")
    archive = _fetch(place)
    tree = place / "tree"
    tree.mkdir()
    subprocess.run(["tar", "-xf", archive, "-C", tree, "--strip-components=1"], check=True)
    return tree / "testing" / "pluto"


def _fetch(place: Path) -> Path:
    apt = Apt(place / "apt", "trixie", log=place / "apt.log", progress=silent)
    sources = place / "apt" / "sources.list"
    sources.write_text(sources.read_text().replace("deb [", "deb-src [", 1))
    command = ["apt-get", "-q", "source", "--download-only", "libreswan"]
    environment = {**os.environ, "APT_CONFIG": str(place / "apt" / "apt.conf")}
    apt.update()
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, check=False)
    found = sorted(place.glob("libreswan_*.orig.tar.*z*"))
    archives = [path for path in found if path.suffix != ".asc"]
    if not archives:
        pytest.skip(f"{mirror()} does not give Libreswan's source package: {done.stderr.strip()[-200:]}")
    return archives[0]


def test_forty_cases_of_all_classes(
    suite: Path, parley: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    names = [*RUN, *UNSUPPORTED]
    assert len(names) == 40
    before = sorted(suite.rglob("*"))
    run = parley("run", *names, "--suite", str(suite), "--jobs", "2", "--retry", "1", timeout=900)
    assert run.returncode in {0, 1}, run.stderr
    results = {name: _result(tmp_path, name) for name in names}
    bad = {
        name: results[name]["reason"] for name in RUN if results[name]["verdict"] not in {"passed", "flaky"}
    }
    assert len(bad) <= 0.15 * len(RUN), bad
    assert {results[name]["verdict"] for name in UNSUPPORTED} == {"unsupported"}
    classes = {name: results[name]["reason"].partition(":")[0] for name in UNSUPPORTED}
    assert classes == UNSUPPORTED
    assert sorted(suite.rglob("*")) == before, "the checkout stays clean"

    site = tmp_path / "site"
    assert parley("report", "--format", "libreswan", "--output", str(site)).returncode == 0
    words = Counter(record["result"] for record in json.loads((site / "results.json").read_text()))
    assert words["unsupported"] == len(UNSUPPORTED)
    assert words["passed"] == len(RUN) - len(bad)


def _result(place: Path, name: str) -> dict[str, Any]:
    path = place / "parley-runs" / "latest" / "cases" / name / "result.json"
    loaded: dict[str, Any] = json.loads(path.read_text())
    return loaded
