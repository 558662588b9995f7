from __future__ import annotations

import io
import shutil
import tarfile
from typing import TYPE_CHECKING

import pytest

from fake_power import fake_power
from iso_samples import freebsd_iso, openbsd_iso
from parley.errors import InputError, LabError
from parley.image.store import Store
from parley.install import freebsd_image
from parley.install import freebsd_iso as editor
from parley.install.base import find_base
from parley.install.console import ConsoleTimeoutError, Limit
from parley.install.freebsd_image import Options, install_freebsd
from parley.install.iso import read_file
from parley.install.limits import Limits
from parley.install.media import Media

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(
    not (shutil.which("makefs") and shutil.which("xorriso")), reason="no makefs or no xorriso here"
)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setattr(freebsd_image, "make_disk", lambda path, _size: path.touch())
    return Store(tmp_path / "cache")


@pytest.fixture
def media(tmp_path: Path) -> Media:
    return Media(freebsd_iso(tmp_path / "disc1.iso", tmp_path), "ab" * 32, "a test")


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    path = tmp_path / "packages.tar"
    with tarfile.open(path, "w") as tar:
        for name in ("pkg-2.1.pkg", "strongswan-6.0.1.pkg"):
            tar.addfile(tarfile.TarInfo(name), io.BytesIO())
    return path


def test_an_edited_iso_keeps_its_loader_and_gets_its_script(media: Media, tmp_path: Path) -> None:
    edited = tmp_path / "edited.iso"
    editor.edited_iso(media.iso, edited, b"tar")
    assert editor.release_of(edited) == "14.3"
    assert read_file(edited, "/boot/loader.conf") == (
        b'kept="YES"\nboot_serial="YES"\nconsole="comconsole"\ncomconsole_speed="115200"\nautoboot_delay="1"\n'
    )
    assert read_file(edited, "/etc/installerconfig") == editor.installer_configuration().encode()
    assert read_file(edited, "/parley-packages.tar") == b"tar"


def test_the_script_does_not_say_that_it_has_finished_before_it_has() -> None:
    assert editor.FINISHED not in editor.installer_configuration()


def test_what_is_no_freebsd_or_has_no_sets_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no FreeBSD's"):
        editor.release_of(openbsd_iso(tmp_path / "openbsd.iso"))
    with pytest.raises(InputError, match="no FreeBSD's"):
        editor.release_of(freebsd_iso(tmp_path / "boot.iso", tmp_path, label="14_3_RELEASE_AMD64_BO"))


def test_a_release_is_installed_with_its_packages_and_frozen(
    store: Store, media: Media, packages: Path
) -> None:
    told: list[str] = []
    power = fake_power(system="freebsd")
    base = install_freebsd(store, media, Options(packages), power, told.append)
    assert (base.name, base.version) == ("freebsd-14.3", "14.3")
    assert base.facts["kernel"] == "FreeBSD 14.3-RELEASE fake"
    (entry,) = store.entries("disk")
    assert entry.made.packages == {"pkg": "2.1", "strongswan": "6.0.1"}
    assert find_base(store, "freebsd", "14.3") == base
    assert [line.partition(":")[0] for line in told] == [
        *("edit", "boot", "install", "reboot", "first boot", "packages", "check"),
    ]


def test_a_release_without_packages_has_none(store: Store, media: Media) -> None:
    install_freebsd(store, media, Options(), fake_power(system="freebsd"), print)
    assert store.entries("disk")[0].made.packages == {}


@pytest.mark.parametrize(
    ("fault", "message"),
    [("no-disk", "bsdinstall gave up.*(.|\\n)*vtbd0': Invalid"), ("no-ipsec", "IPsec is in the kernel")],
)
def test_what_goes_wrong_is_told_and_nothing_is_kept(
    store: Store, media: Media, fault: str, message: str
) -> None:
    with pytest.raises(LabError, match=message) as caught:
        install_freebsd(store, media, Options(), fake_power(fault, system="freebsd"), print)
    assert str(store.root / "logs") in str(caught.value)
    assert store.entries("disk") == []


def test_an_installer_that_does_not_reboot_ends_at_the_limit(
    store: Store, media: Media, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = Limits.times(1)
    fields = {name: getattr(limits, name) for name in Limits.__dataclass_fields__}
    monkeypatch.setattr(Limits, "times", lambda _factor: Limits(**fields | {"halt": Limit("halt", 0.5)}))
    with pytest.raises(ConsoleTimeoutError, match="halt limit"):
        install_freebsd(store, media, Options(), fake_power("no-reboot", system="freebsd"), print)
