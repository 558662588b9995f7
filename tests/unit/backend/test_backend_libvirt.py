"""What libvirt is told of a host, and how bytes are carried to and from it."""

from __future__ import annotations

import json
import socket
import time
from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from parley.backend import libvirt
from parley.backend.base import Disk, Hardware
from parley.backend.libvirt import LibvirtBackend, LibvirtDiskBackend
from parley.backend.libvirt_domain import Cable, Place, describe, line_names
from parley.backend.libvirt_relay import CableRelay
from parley.errors import BootError, MissingError, UnsupportedError
from parley.lab.jail import Owner

if TYPE_CHECKING:
    from pathlib import Path

    from parley.backend.base import BootRequest

CABLES = (Cable(("127.1.2.3", 5000), ("127.1.2.3", 4999)),)
EMULATED = Place("tcg")


def domain(request: BootRequest, place: Place = EMULATED) -> ET.Element:
    return ET.fromstring(describe("parley-x", request, CABLES, place))  # noqa: S314 -- our own


def test_a_linux_host_is_started_from_its_kernel_with_its_cards_and_share(pc_request: BootRequest) -> None:
    told = domain(pc_request)
    assert told.get("type") == "qemu"
    assert told.findtext("os/kernel") == str(pc_request.kernel and pc_request.kernel.binary)
    assert "panic=-1" in (told.findtext("os/cmdline") or "")
    card = told.find("devices/interface")
    assert card is not None
    assert card.find("mac[@address='12:00:00:dc:bc:ff']") is not None
    source, local = card.find("source"), card.find("source/local")
    assert source is not None
    assert local is not None
    assert (source.get("port"), local.get("port")) == ("5000", "4999")
    share = told.find("devices/filesystem/source")
    assert share is not None
    assert share.get("dir") == str(pc_request.share)


def test_images_are_used_without_locks(pc_request: BootRequest) -> None:
    words = [element.get("value", "") for element in domain(pc_request).iter() if element.tag.endswith("arg")]
    nodes = [json.loads(word) for word in words if word.startswith("{")]
    assert [node["read-only"] for node in nodes] == [True, True]
    assert {node["file"]["locking"] for node in nodes} == {"off"}


def test_the_processor_helps_where_it_can(pc_request: BootRequest) -> None:
    told = domain(pc_request, Place("kvm"))
    cpu = told.find("cpu")
    assert cpu is not None
    assert (told.get("type"), cpu.get("mode")) == ("kvm", "host-passthrough")


def test_roots_guests_run_as_their_owner_and_unconfined(pc_request: BootRequest) -> None:
    told = domain(pc_request, Place("tcg", ("apparmor", "dac"), Owner(65534, 65533)))
    assert told.findtext("seclabel[@model='dac']/label") == "+65534:+65533"
    assert told.find("seclabel[@model='apparmor'][@type='none']") is not None
    assert domain(pc_request, Place("tcg", ("dac",))).find("seclabel") is None


def test_lines_stand_behind_the_log_and_the_desk_behind_them(pc_request: BootRequest) -> None:
    assert line_names(pc_request) == ("console1", "console2", "console3", "serial0")
    consoles = domain(pc_request).findall("devices/console/target[@type='virtio']")
    assert [console.get("port") for console in consoles] == ["1", "2", "3"]


def test_another_system_boots_from_its_disks(pc_request: BootRequest, tmp_path: Path) -> None:
    base = Disk(tmp_path / "base.qcow2", "qcow2")
    request = replace(
        pc_request,
        kernel=None,
        image=None,
        share=None,
        disks=(Disk(tmp_path / "clone.qcow2", "qcow2", backing=base),),
        cdrom=tmp_path / "cd.iso",
        boots_from_cdrom=True,
        hardware=Hardware("pc", "e1000", "ide-hd"),
    )
    told = domain(request)
    assert [element.get("dev") for element in told.findall("os/boot")] == ["cdrom", "hd"]
    disk = told.find("devices/disk[@device='disk']")
    assert disk is not None
    files = [element.get("file") for element in disk.iter("source")]
    assert files == [str(tmp_path / "clone.qcow2"), str(base.path)]
    assert disk.find("backingStore/backingStore") is not None, "nothing is behind the base"
    assert told.find("devices/interface/model[@type='e1000']") is not None
    assert line_names(request) == ("serial0", "serial1")
    assert told.find("devices/filesystem") is None


def test_a_linux_host_that_boots_from_its_disk_keeps_its_share_and_lines(
    pc_request: BootRequest, tmp_path: Path
) -> None:
    disk = Disk(tmp_path / "clone.qcow2", "qcow2", backing=Disk(tmp_path / "base.qcow2", "qcow2"))
    told = domain(replace(pc_request, kernel=None, image=None, disks=(disk,)))
    assert told.find("os/kernel") is None
    assert told.find("devices/disk/target[@bus='virtio']") is not None
    assert told.find("devices/filesystem/source") is not None
    assert line_names(pc_request)[-1] == "serial0"


def test_a_disk_of_a_domain_is_gone_by_name_also_when_none_starts(
    pc_request: BootRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[BootRequest] = []

    def fake_boot(_backend: LibvirtBackend, request: BootRequest) -> None:
        started.append(request)
        assert request.disks[0].path.exists()
        raise BootError("refused")

    def fake_clone(_base: Disk, place: Path, _owner: Owner) -> Disk:
        place.touch()
        return Disk(place, "qcow2")

    monkeypatch.setattr("parley.backend.qemu.ensure_disk", lambda *_: Disk(tmp_path / "base.qcow2", "qcow2"))
    monkeypatch.setattr("parley.backend.qemu.clone", fake_clone)
    monkeypatch.setattr(LibvirtBackend, "boot", fake_boot)
    with pytest.raises(BootError, match="refused"):
        LibvirtDiskBackend("test:///default").boot(pc_request)
    assert [request.kernel for request in started] == [None]
    assert list(tmp_path.glob("*.qcow2")) == []


def test_frames_are_carried_both_ways() -> None:
    hub, card = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    relay = CableRelay()
    cable = relay.plug(card)
    assert cable.ours[0].startswith("127.")
    with hub, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as guest:
        guest.bind(cable.guests)
        guest.connect(cable.ours)
        guest.settimeout(30)
        hub.settimeout(30)
        relay.start()
        hub.send(b"to the guest" * 100)
        assert guest.recv(65536) == b"to the guest" * 100
        guest.send(b"from the guest")
        assert hub.recv(65536) == b"from the guest"
        relay.close()


def test_a_guest_that_is_not_there_yet_loses_frames_and_no_more() -> None:
    hub, card = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    relay = CableRelay()
    cable = relay.plug(card)
    relay.start()
    with hub, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as guest:
        for _ in range(3):
            hub.send(b"lost")
        guest.bind(cable.guests)
        guest.settimeout(0.05)
        deadline = time.monotonic() + 30
        heard = b""
        while not heard and time.monotonic() < deadline:
            hub.send(b"heard")
            try:
                heard = guest.recv(65536)
            except TimeoutError:
                continue
        assert heard in {b"heard", b"lost"}
        relay.close()


def test_without_its_module_libvirt_cannot_be_used(
    pc_request: BootRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(libvirt, "import_module", nothing)
    with pytest.raises(MissingError, match="Python module") as caught:
        LibvirtBackend("qemu:///session").boot(pc_request)
    assert "parley-ike[libvirt]" in caught.value.hint


def test_what_domains_cannot_do_is_refused(pc_request: BootRequest, tmp_path: Path) -> None:
    for request in (replace(pc_request, virtual_start=1), replace(pc_request, state=tmp_path)):
        with pytest.raises(UnsupportedError, match="boot from cold"):
            LibvirtBackend("qemu:///session").boot(request)


def test_root_is_told_where_nobody_may_walk(
    pc_request: BootRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    tmp_path.chmod(0o700)
    with pytest.raises(BootError, match="others may not walk through it"):
        LibvirtBackend("qemu:///system").boot(pc_request)


def test_which_daemon_is_said_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LIBVIRT_DEFAULT_URI", raising=False)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert LibvirtBackend().uri == "qemu:///system"
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert LibvirtBackend().uri == "qemu:///session"
    monkeypatch.setenv("LIBVIRT_DEFAULT_URI", "qemu+ssh://lab/system")
    assert LibvirtBackend().uri == "qemu+ssh://lab/system"
