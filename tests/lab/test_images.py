"""Images and kernels as they really are: made from Debian's packages, and booted."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import bare_kernels
from bare_kernels import wait_for
from parley.image.command import environment
from parley.image.ensure import Ready, ensure_all
from parley.image.recipe import IMPLEMENTATIONS
from parley.image.requirements import missing_requirements
from parley.image.store import Store

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(
        any(not requirement.optional for requirement in missing_requirements()),
        reason="this machine lacks what `parley doctor` names",
    ),
]

# What a daemon must find in its image: path, owner, group and mode as stat(1) shows them.
DAEMONS = {
    "libreswan": ("/usr/libexec/ipsec/pluto 0:0 755", "/var/lib/ipsec/nss/key4.db 0:0 600"),
    "openiked": ("/usr/sbin/iked 0:0 755", "/etc/iked.conf 0:0 600"),
    "strongswan": ("/usr/sbin/charon-systemd 0:0 755", "/etc/swanctl/private 0:0 700"),
}
COMMON = (
    *("/etc/shadow 0:42 640", "/usr/bin/su 0:0 4755", "/var/mail 0:8 2775"),
    *("/testing 0:0 755", "/parley 0:0 755"),
)
MODULES = "esp4 esp6 ah4 xfrm_user af_key overlay veth gcm cbc hmac"


@pytest.fixture(scope="module")
def ready() -> Ready:
    return ensure_all(Store.default(), IMPLEMENTATIONS)


def boot(ready: Ready, name: str, script: str, directory: Path) -> list[str]:
    """The console of the best kernel that runs a script on an image."""
    return bare_kernels.boot(ready.kernel, ready.images[name], script, directory)


@pytest.mark.parametrize("name", IMPLEMENTATIONS)
def test_an_image_boots_with_its_owners_and_modules(name: str, ready: Ready, tmp_path: Path) -> None:
    wanted = (*COMMON, *DAEMONS[name])
    paths = " ".join(line.split(" ", 1)[0] for line in wanted)
    script = f"""
stat -c '%n %u:%g %a' {paths}
modprobe -a {MODULES} && echo modules-loaded
touch /x || echo read-only
"""
    console = boot(ready, name, script, tmp_path)
    assert [line for line in wanted if line not in console] == [], console
    assert "modules-loaded" in console
    assert "read-only" in console


def test_the_nss_database_is_there_and_opens(ready: Ready, tmp_path: Path) -> None:
    script = "certutil -L -d sql:/var/lib/ipsec/nss && echo opened"
    assert "opened" in boot(ready, "libreswan", script, tmp_path)


def test_versions_are_recorded(ready: Ready) -> None:
    for name, image in ready.images.items():
        assert image.version
        assert image.version in image.packages.values()
        assert image.packages["iproute2"], name
    assert ready.kernel.version[0].isdigit()
    assert "pfkey" in ready.kernel.features


def test_everything_is_readable_by_nobody(ready: Ready) -> None:
    for path in (ready.kernel.binary, ready.kernel.modules, *(image.path for image in ready.images.values())):
        assert path is not None
        assert path.stat().st_mode & 0o444 == 0o444
        assert path.stat().st_mode & 0o222 == 0


@pytest.mark.slow
def test_a_build_killed_half_way_leaves_nothing_that_runs_and_is_made_again(tmp_path: Path) -> None:
    names = {**environment(), "PARLEY_CACHE": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "parley", "image", "build", "openiked"]
    with subprocess.Popen(command, env=names, stderr=subprocess.PIPE, text=True) as builder:
        assert builder.stderr is not None
        next(line for line in builder.stderr if "extracting archives" in line)
        assert _processes(tmp_path)
        builder.kill()
    wait_for(lambda: not _processes(tmp_path), "the build's programs to end")
    assert str(tmp_path) not in Path("/proc/mounts").read_text()
    subprocess.run(command, env=names, check=True, capture_output=True)
    found = {path.name for path in (tmp_path / "image").iterdir()}
    assert len(found) == 2
    assert not any(".tmp" in name for name in found)


def _processes(directory: Path) -> list[str]:
    """Command lines of all processes that work below a directory."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(directory) in str((process / "cwd").readlink()):
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue  # gone, or another user's
    return found
