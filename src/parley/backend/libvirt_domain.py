"""A host as libvirt describes machines (libvirt's "Domain XML format")."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from parley.backend.qemu_command import KERNEL_PARAMETERS

if TYPE_CHECKING:
    from pathlib import Path

    from parley.backend.base import BootRequest, Disk, Hardware
    from parley.lab.jail import Owner

_QEMU = "http://libvirt.org/schemas/domain/qemu/1.0"
# Where on its bus a Linux guest's drives are: behind all that libvirt puts there itself.
_FIRST_SLOT = 0x10
_NICS = {"virtio-net-pci": "virtio"}
_DISKS = {"virtio-blk-pci": ("virtio", "vd"), "ide-hd": ("sata", "sd")}


@dataclass(frozen=True, slots=True)
class Cable:
    """Both ends of a network card's cable: UDP sockets on this machine's loopback, (address, port)."""

    ours: tuple[str, int]
    guests: tuple[str, int]


@dataclass(frozen=True, slots=True)
class Place:
    """What the daemon behind a connection is like: `accelerator` is kvm or tcg, `guards` its security models.

    `owner` is whom guests run as; None where that is the daemon's user anyway.
    """

    accelerator: str
    guards: tuple[str, ...] = ()
    owner: Owner | None = None


def describe(name: str, request: BootRequest, cables: tuple[Cable, ...], place: Place) -> str:
    """The XML of a transient domain for a request, with a pty for every line; see `line_names`."""
    domain = ET.Element("domain", type="kvm" if place.accelerator == "kvm" else "qemu")
    _text(domain, "name", name)
    _text(domain, "memory", str(request.memory), unit="MiB")
    _text(domain, "vcpu", "1")
    ET.SubElement(domain, "cpu", mode="host-passthrough" if place.accelerator == "kvm" else "maximum")
    ET.SubElement(ET.SubElement(domain, "features"), "acpi")
    ET.SubElement(domain, "clock", offset="utc")
    # A panic "reboots" the machine; here that is its end.
    for event in ("on_reboot", "on_crash"):
        _text(domain, event, "destroy")
    _boot(domain, request)
    devices = ET.SubElement(domain, "devices")
    _devices(devices, request, cables)
    _guards(domain, place)
    if request.kernel is not None:
        _images(domain, request)
    return ET.tostring(domain, encoding="unicode")


def line_names(request: BootRequest) -> tuple[str, ...]:
    """What libvirt calls the request's lines, first to last, and behind them a Linux guest's desk and log."""
    count = len(request.lines)
    if request.share is None:
        return tuple(f"serial{number}" for number in range(count))
    # The log is serial0, which libvirt shows as console0 too.
    return (*(f"console{number + 1}" for number in range(count + 1)), "serial0")


def _boot(domain: ET.Element, request: BootRequest) -> None:
    system = ET.SubElement(domain, "os")
    _text(system, "type", "hvm", arch="x86_64", machine=request.hardware.machine)
    if request.kernel is not None:
        _text(system, "kernel", str(request.kernel.binary))
        _text(system, "initrd", str(request.kernel.initrd))
        _text(system, "cmdline", KERNEL_PARAMETERS)
        return
    order = ("cdrom", "hd") if request.boots_from_cdrom else ("hd", "cdrom")
    for device in order:
        ET.SubElement(system, "boot", dev=device)


def _devices(devices: ET.Element, request: BootRequest, cables: tuple[Cable, ...]) -> None:
    ET.SubElement(devices, "controller", type="usb", model="none")
    ET.SubElement(devices, "memballoon", model="none")
    _text(ET.SubElement(devices, "rng", model="virtio"), "backend", "/dev/urandom", model="random")
    for number, disk in enumerate(request.disks):
        _disk(devices, number, disk, request.hardware)
    if request.cdrom is not None:
        _cdrom(devices, request.cdrom)
    for nic, cable in zip(request.nics, cables, strict=True):
        _card(devices, nic.mac, cable, request.hardware)
    if request.share is None:
        for number, _ in enumerate(request.lines):
            ET.SubElement(ET.SubElement(devices, "serial", type="pty"), "target", port=str(number))
        return
    ET.SubElement(ET.SubElement(devices, "serial", type="pty"), "target", port="0")
    ET.SubElement(ET.SubElement(devices, "console", type="pty"), "target", type="serial", port="0")
    for number in range(len(request.lines) + 1):
        console = ET.SubElement(devices, "console", type="pty")
        ET.SubElement(console, "target", type="virtio", port=str(number + 1))
    share = ET.SubElement(devices, "filesystem", type="mount", accessmode="squash", multidevs="remap")
    ET.SubElement(share, "source", dir=str(request.share))
    ET.SubElement(share, "target", dir="share")


def _card(devices: ET.Element, mac: str, cable: Cable, hardware: Hardware) -> None:
    card = ET.SubElement(devices, "interface", type="udp")
    ET.SubElement(card, "mac", address=mac)
    source = ET.SubElement(card, "source", address=cable.ours[0], port=str(cable.ours[1]))
    ET.SubElement(source, "local", address=cable.guests[0], port=str(cable.guests[1]))
    ET.SubElement(card, "model", type=_NICS.get(hardware.nic, hardware.nic))
    ET.SubElement(card, "rom", enabled="no")


def _disk(devices: ET.Element, number: int, disk: Disk, hardware: Hardware) -> None:
    bus, prefix = _DISKS.get(hardware.disk, ("sata", "sd"))
    element = ET.SubElement(devices, "disk", type="file", device="disk")
    ET.SubElement(element, "target", dev=f"{prefix}{chr(ord('a') + number)}", bus=bus)
    if disk.is_read_only:
        ET.SubElement(element, "readonly")
    _file(element, disk)


def _file(element: ET.Element, disk: Disk) -> None:
    if element.tag == "disk":
        ET.SubElement(element, "driver", name="qemu", type=disk.format)
    else:
        ET.SubElement(element, "format", type=disk.format)
    ET.SubElement(element, "source", file=str(disk.path))
    # An empty one says that nothing is behind it, so that no name inside the file is followed.
    backing = ET.SubElement(element, "backingStore")
    if disk.backing is not None:
        backing.set("type", "file")
        _file(backing, disk.backing)


def _cdrom(devices: ET.Element, path: Path) -> None:
    element = ET.SubElement(devices, "disk", type="file", device="cdrom")
    ET.SubElement(element, "driver", name="qemu", type="raw")
    ET.SubElement(element, "source", file=str(path))
    ET.SubElement(element, "target", dev="sdz", bus="sata")
    ET.SubElement(element, "readonly")


def _guards(domain: ET.Element, place: Place) -> None:
    """Have the guest run as its owner, and free of rules that cannot know of its drives."""
    for guard in place.guards:
        if guard == "dac" and place.owner is not None:
            label = ET.SubElement(domain, "seclabel", type="static", model="dac", relabel="no")
            _text(label, "label", f"+{place.owner.uid}:+{place.owner.gid}")
        elif guard != "dac":
            ET.SubElement(domain, "seclabel", type="none", model=guard)


def _images(domain: ET.Element, request: BootRequest) -> None:
    """Add a Linux guest's read-only drives.

    Hosts in User-mode Linux use the same files at the same time and lock them in a way that QEMU takes
    for a writer; libvirt has no word for a drive without locks.
    """
    ET.register_namespace("qemu", _QEMU)
    line = ET.SubElement(domain, f"{{{_QEMU}}}commandline")
    paths = [request.image.path if request.image else None, request.kernel and request.kernel.modules]
    for number, path in enumerate(path for path in paths if path is not None):
        file = {"driver": "file", "filename": str(path), "locking": "off"}
        node = {"driver": "raw", "node-name": f"image{number}", "read-only": True, "file": file}
        device = f"virtio-blk-pci,drive=image{number},bus=pcie.0,addr={_FIRST_SLOT + number:#x}"
        for word in ("-blockdev", json.dumps(node), "-device", device):
            ET.SubElement(line, f"{{{_QEMU}}}arg", value=word)


def _text(parent: ET.Element, tag: str, text: str, **attributes: str) -> None:
    ET.SubElement(parent, tag, attributes).text = text
