"""Compiling in a guest, on the console double, with a gmake that only copies."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest

from fake_consoles import console_plan
from fake_labs import equipment
from parley.image.source import BuildError, source_of
from parley.image.store import Store
from parley.run import bsd_build
from parley.run.bsd_build import ensure_bsd_build, pack_tree

if TYPE_CHECKING:
    from pathlib import Path

GMAKE = """\
#!/bin/sh
case $1 in
base) [ ! -f broken ] || { echo "pluto.c:1:1: error: broken" >&2; exit 2; } ;;
install-base) to=${2#DESTDIR=}; mkdir -p $to/usr/local/sbin; cp ipsec $to/usr/local/sbin/ipsec ;;
-s) echo 5.3-test ;;
esac
"""


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Sources, and the programs that compile them."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("gmake", "cc", "bison", "flex", "pkg-config", "certutil"):
        (tools / name).write_text(GMAKE if name == "gmake" else "#!/bin/sh\n")
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    tree = tmp_path / "libreswan"
    (tree / "programs/pluto").mkdir(parents=True)
    (tree / "programs/pluto/Makefile").touch()
    (tree / "ipsec").write_text("#!/bin/sh\necho ipsec\n")
    (tree / "ipsec").chmod(0o755)
    return tree


def build(place: Path, tree: Path) -> Path:
    guest = place / "guest"
    guest.mkdir()
    with patch("parley.run.bsd_build.plan_bsd", return_value=console_plan(guest)):
        source = source_of("libreswan", tree)
        store = Store(place / "store")
        return ensure_bsd_build(store, source, "openbsd", equipment(place), lambda _: None)


def test_what_a_guest_compiles_comes_out_as_an_archive_for_its_likes(tmp_path: Path, tree: Path) -> None:
    with tarfile.open(build(tmp_path, tree)) as archive:
        member = archive.getmember("./usr/local/sbin/ipsec")
        assert member.mode & 0o111
        content = archive.extractfile(member)
        assert content
        assert content.read() == b"#!/bin/sh\necho ipsec\n"


def test_a_tree_that_does_not_compile_says_what_the_compiler_said(tmp_path: Path, tree: Path) -> None:
    (tree / "broken").touch()
    with pytest.raises(BuildError, match=r"pluto\.c:1:1: error: broken") as caught:
        build(tmp_path, tree)
    assert caught.value.exit_code == 125


def test_programs_that_the_system_lacks_are_named(
    tmp_path: Path, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = bsd_build._script().replace("flex pkg-config", "reflex pkg-config")
    monkeypatch.setattr(bsd_build, "_script", lambda: script)
    with pytest.raises(BuildError, match="this system lacks reflex"):
        build(tmp_path, tree)


def test_links_and_executable_bits_travel(tmp_path: Path) -> None:
    (tmp_path / "script").write_text("x")
    (tmp_path / "script").chmod(0o755)
    (tmp_path / "link").symlink_to("script")
    with tarfile.open(fileobj=io.BytesIO(pack_tree(tmp_path, ["link", "script"]))) as archive:
        link, script = archive.getmembers()
    assert (link.linkname, script.mode & 0o777, script.uid) == ("script", 0o755, 0)
