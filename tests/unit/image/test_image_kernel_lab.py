"""The building of a lab kernel, with programs that only say so: a real one takes minutes (tests/lab)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from parley.errors import ImageError
from parley.image import kernel_lab as module
from parley.image.kernel_features import FEATURES
from parley.image.kernel_lab import build_tree, ensure_lab_kernel, lab_key
from parley.image.kernel_source import Source
from parley.image.store import Store

if TYPE_CHECKING:
    from pathlib import Path

MAKE = r"""#!/bin/sh
echo "make $*" >>$CALLS
case "$*" in
*olddefconfig) [ -z "$FORGET" ] || sed -i "/^$FORGET=/d" .config ;;
*defconfig) echo "# made by defconfig" >.config ;;
*modules_install*)
    for word; do case $word in INSTALL_MOD_PATH=*) root=${word#*=} ;; esac; done
    mkdir -p $root/lib/modules/7.2/kernel
    touch $root/lib/modules/7.2/kernel/af_key.ko $root/lib/modules/7.2/kernel/ip-vti.ko
    ln -s / $root/lib/modules/7.2/build ;;
*"linux modules")
    echo "  CC      init/main.o"
    if [ -e "$BROKEN" ]; then
        echo "net/key/af_key.c:40:5: error: expected ';' before 'return'"
        echo "make: *** [Makefile:251: __sub-make] Error 2"
        exit 2
    fi
    { echo "#!/bin/sh"; echo 'case $1 in --version) echo 7.2.99;; --showconfig) cat <<END'; cat .config
      echo END; echo ";; --help) echo 'seccomp=<on/auto/off>'; echo 'um_seed=<words>';; esac"; } >linux
    chmod +x linux ;;
esac
"""
STRIP = '#!/bin/sh\nfor last; do :; done\ncp "$last" "$3"\n'
SOURCE = Source("linux-source-7.2", "7.2.99-1", "sid", ("the mirror is old",))


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, text in (("make", MAKE), ("strip", STRIP)):
        (programs / name).write_text(text.replace("$CALLS", str(tmp_path / "calls")))
        (programs / name).chmod(0o755)
    make = programs / "make"
    make.write_text(make.read_text().replace("$BROKEN", str(tmp_path / "broken")))
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setattr(module, "require_for_kernel", lambda _root: None)
    monkeypatch.setattr(module, "check_reachable", lambda _root: None)
    monkeypatch.setattr(module, "as_root", lambda: None)
    monkeypatch.setattr(module, "pack", lambda _tree, image, **_: image.touch())
    monkeypatch.setattr(module, "ensure_source", _source)
    return Store(tmp_path / "cache")


def _source(work: Path, patch: str, **_: object) -> Source:
    assert "um_time" in patch
    (work / "tree").mkdir(exist_ok=True)
    (work / "source.json").touch()
    return SOURCE


def forget(store: Store, option: str) -> None:
    make = store.root.parent / "programs/make"
    make.write_text(make.read_text().replace("$FORGET", option))


def calls(store: Store) -> list[str]:
    return [line.split()[-1] for line in (store.root.parent / "calls").read_text().splitlines()]


def test_a_kernel_is_built_recorded_and_its_tree_removed(store: Store) -> None:
    lines: list[str] = []
    kernel = ensure_lab_kernel(store, lines.append, jobs=3)
    assert (kernel.name, kernel.version, kernel.digest) == ("kernel@lab", "7.2.99", lab_key().digest)
    assert kernel.features == set(FEATURES)
    assert kernel.loadable == frozenset({"af_key", "ip_vti"})
    (entry,) = store.entries("kernel")
    assert entry.made.packages == {"linux-source-7.2": "7.2.99-1"}
    assert entry.made.notes == ("the mirror is old",)
    assert "CONFIG_XFRM_INTERFACE=y" in (entry.path / "config").read_text()
    assert not build_tree(store, lab_key()).exists()
    assert "kernel@lab: compiling with 3 jobs" in lines
    assert ensure_lab_kernel(store) == kernel
    assert calls(store) == ["defconfig", "olddefconfig", "modules", "INSTALL_MOD_STRIP=1"]


def test_a_build_that_failed_shows_the_first_error_and_goes_on_where_it_was(store: Store) -> None:
    (store.root.parent / "broken").touch()
    with pytest.raises(ImageError, match=r"failed\nnet/key/af_key.c:40:5: error: expected ';'") as caught:
        ensure_lab_kernel(store)
    assert str(store.log(lab_key())) in caught.value.hint
    assert store.entries("kernel") == []
    assert (build_tree(store, lab_key()) / "configured").exists()
    (store.root.parent / "broken").unlink()
    lines: list[str] = []
    ensure_lab_kernel(store, lines.append)
    assert calls(store).count("defconfig") == 1
    assert any(line.endswith("1 objects are there") for line in lines)


def test_without_an_essential_option_there_is_no_kernel(store: Store) -> None:
    forget(store, "CONFIG_UML_TIME_TRAVEL_SUPPORT")
    with pytest.raises(ImageError, match=r"must\nCONFIG_UML_TIME_TRAVEL_SUPPORT=y \(is n\)"):
        ensure_lab_kernel(store)
    assert "modules" not in calls(store)
    # A newer Parley may ask for something else: it is configured again.
    assert not (build_tree(store, lab_key()) / "configured").exists()


def test_a_wanted_option_that_cannot_be_had_is_told_and_recorded(store: Store) -> None:
    forget(store, "CONFIG_EROFS_FS")
    lines: list[str] = []
    ensure_lab_kernel(store, lines.append)
    assert "kernel@lab: warning: not to be had: CONFIG_EROFS_FS=y (is n)" in lines
    (entry,) = store.entries("kernel")
    assert entry.made.facts["missing"] == ["CONFIG_EROFS_FS=y (is n)"]
