"""What User-mode Linux is started with: a shell script stands in for the kernel and tells."""

from __future__ import annotations

import os
import socket
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from parley.backend.base import BootRequest, Nic, linux_parts
from parley.backend.registry import make_backend
from parley.backend.uml import UmlBackend
from parley.errors import BootError, UsageError
from parley.image.kernel import Kernel
from parley.image.rootfs import Image
from parley.lab.jail import Owner

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parley.backend.base import Machine

TELL = """#!/bin/sh
for word; do echo "word $word"; done
env | sed 's/^/env /'
"""


@pytest.fixture
def request_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[BootRequest]:
    # Root would start the kernel as nobody, who cannot reach pytest's directories.
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    (tmp_path / "share").mkdir()
    (tmp_path / "share/secret-of-the-case").touch()
    for name in ("root.ext4", "modules.ext4"):
        (tmp_path / name).touch()
    with ExitStack() as stack:
        lines = tuple(stack.enter_context(end) for end in socket.socketpair())
        wires = [stack.enter_context(end) for end in socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)]
        yield BootRequest(
            host="east",
            kernel=Kernel("k", "1.0", tmp_path / "linux", tmp_path / "modules.ext4", "d", frozenset()),
            image=Image("toy", tmp_path / "root.ext4", {}, "digest"),
            share=tmp_path / "share",
            owner=Owner(os.getuid(), os.getgid()),
            boot_script="east/boot.sh",
            lines=lines,
            nics=(Nic("eth0", "12:00:00:dc:bc:ff", wires[0]),),
            kernel_log=tmp_path / "east.kernel.log",
            memory=256,
        )


def boot(request: BootRequest, script: str = TELL) -> Machine:
    kernel, _, _ = linux_parts(request)
    kernel.binary.write_text(script)
    kernel.binary.chmod(0o755)
    return UmlBackend().boot(request)


def ended(machine: Machine) -> int:
    while (status := machine.exited()) is None:
        time.sleep(0.01)
    return status


def told(request: BootRequest, script: str = TELL) -> list[str]:
    machine = boot(request, script)
    ended(machine)
    machine.kill()
    return request.kernel_log.read_text().splitlines()


def test_a_kernel_gets_its_memory_lines_cards_and_first_process(request_: BootRequest) -> None:
    words = [line.removeprefix("word ") for line in told(request_) if line.startswith("word ")]
    line, second = (end.fileno() for end in request_.lines)
    for word in (
        "mem=256M",
        "con0=null,fd:1",
        f"ssl0=fd:{line}",
        f"ssl1=fd:{second}",
        f"vec0:transport=fd,fd={request_.nics[0].wire.fileno()},mac=12:00:00:dc:bc:ff",
        "init=/bin/sh",
    ):
        assert word in words
    assert words[-1] == '"mount -t hostfs -o sync,hostfs=/ none /mnt && exec /bin/sh /mnt/east/boot.sh"'
    assert sum(word.startswith("ubd") for word in words) == 2


def test_a_kernel_without_modules_has_one_drive(request_: BootRequest) -> None:
    kernel, _, _ = linux_parts(request_)
    whole = replace(request_, kernel=replace(kernel, modules=None))
    assert sum(line.startswith("word ubd") for line in told(whole)) == 1


def test_the_share_and_the_image_are_reached_by_descriptors(request_: BootRequest) -> None:
    script = '#!/bin/sh\nfor word; do case $word in hostfs=*) ls "${word#hostfs=}/" ;; esac; done\n'
    assert told(request_, script) == ["secret-of-the-case"]
    names = [line for line in told(request_) if str(request_.share) in line or "root.ext4" in line]
    assert names == []


def test_nothing_of_the_users_environment_gets_in(
    request_: BootRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", "/slow/disk")
    monkeypatch.setenv("SECRET", "of the user")
    text = "\n".join(told(request_))
    assert "env HOME=/nonexistent" in text
    assert "SECRET" not in text
    assert "TMPDIR" not in text


def test_only_the_guests_descriptors_are_handed_over(request_: BootRequest, tmp_path: Path) -> None:
    with (tmp_path / "of-the-host").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        listing = told(request_, "#!/bin/sh\nls -l /proc/self/fd\n")
    assert not any("of-the-host" in line for line in listing)


def test_the_status_of_a_kernel_that_ended_is_told(request_: BootRequest) -> None:
    machine = boot(request_, "#!/bin/sh\nexit 7\n")
    assert ended(machine) == 7
    machine.kill()
    assert machine.exited() == 7


def test_a_kill_takes_all_processes_with_it_and_may_come_twice(request_: BootRequest) -> None:
    machine = boot(request_, "#!/bin/sh\nsleep 60 &\necho $!\nsleep 60\n")
    while not (text := request_.kernel_log.read_text().strip()):
        time.sleep(0.01)
    machine.kill()
    machine.kill()
    assert machine.exited() == -9
    state = Path("/proc", text, "stat")
    while state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z":
        time.sleep(0.01)


def test_nothing_is_left_of_the_place_for_a_management_socket(
    request_: BootRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = sorted(tmp_path.iterdir())
    told(request_)
    assert sorted(set(tmp_path.iterdir()) - {request_.kernel_log, tmp_path / "linux"}) == before


@pytest.mark.parametrize("gone", ["root.ext4", "modules.ext4", "share"])
def test_what_is_not_there_is_a_boot_error_with_a_cure(
    request_: BootRequest, tmp_path: Path, gone: str
) -> None:
    (tmp_path / gone).rename(tmp_path / "moved")
    with pytest.raises(BootError, match=rf"{gone}: No such file") as caught:
        boot(request_)
    assert caught.value.hint == "parley image build"


def test_without_setpriv_the_doctor_is_recommended(
    request_: BootRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(BootError, match="east: cannot start setpriv") as caught:
        boot(request_)
    assert caught.value.hint == "parley doctor"


def test_root_starts_kernels_as_nobody_without_any_right(
    request_: BootRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    (tmp_path / "setpriv").write_text(f'#!/bin/sh\necho "$*" >{tmp_path}/called\n')
    (tmp_path / "setpriv").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    told(replace(request_, owner=Owner(os.getuid(), os.getgid())))
    called = (tmp_path / "called").read_text()
    for words in (
        "--pdeathsig KILL",
        "--no-new-privs",
        f"--reuid {os.getuid()} --regid {os.getgid()} --clear-groups",
        "--bounding-set -all --inh-caps -all",
    ):
        assert words in called


def test_backends_are_found_by_name() -> None:
    assert isinstance(make_backend(), UmlBackend)
    assert make_backend("uml").name == "uml"
    with pytest.raises(UsageError, match="no backend is called ulm") as caught:
        make_backend("ulm")
    assert "uml" in caught.value.hint
