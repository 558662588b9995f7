from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from parley.errors import MissingError
from parley.image import pc_kernel
from parley.image.pc_kernel import Tables, ensure_pc_kernel, find_pc_kernel, pc_kernel_key
from parley.image.store import Store

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def tables(tmp_path: Path) -> Tables:
    (tmp_path / "modules.dep").write_text(
        "kernel/a/base.ko:\n"
        "kernel/a/middle-part.ko: kernel/a/base.ko\n"
        "kernel/a/top.ko: kernel/a/middle-part.ko kernel/a/base.ko\n"
        "kernel/c/fast.ko:\nkernel/c/slow.ko:\n"
    )
    (tmp_path / "modules.alias").write_text(
        "# Aliases extracted from modules themselves.\n"
        "alias cipher fast\nalias cipher slow\nalias crypto-cipher slow\n"
    )
    return Tables.read(tmp_path)


def test_what_a_module_needs_is_loaded_before_it(tables: Tables) -> None:
    expected = ["kernel/a/base.ko", "kernel/a/middle-part.ko", "kernel/a/top.ko"]
    assert tables.in_order(["top"]) == expected
    assert tables.in_order(["middle_part", "top", "base"]) == expected


def test_a_name_may_stand_for_several_modules(tables: Tables) -> None:
    assert tables.in_order(["cipher"]) == ["kernel/c/fast.ko", "kernel/c/slow.ko"]
    assert tables.in_order(["crypto_cipher"]) == ["kernel/c/slow.ko"]


def test_what_is_no_module_is_built_in(tables: Tables) -> None:
    assert tables.in_order(["serial8250"]) == []


def test_names_are_written_as_the_kernel_writes_them(tables: Tables) -> None:
    assert tables.names() == {"base", "middle_part", "top", "fast", "slow"}
    assert tables.names(["kernel/a/middle-part.ko"]) == {"middle_part"}


def test_another_first_process_makes_another_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    before = pc_kernel_key()
    monkeypatch.setattr(pc_kernel, "_scripts", lambda: {"init": "#!/bin/sh\n"})
    assert pc_kernel_key() != before


def test_a_machine_that_cannot_sort_modules_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pc_kernel, "require", lambda: None)
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(MissingError, match="depmod") as caught:
        ensure_pc_kernel(Store(tmp_path))
    assert "kmod" in caught.value.hint
    assert find_pc_kernel(Store(tmp_path)) is None


def test_a_machine_goes_on_only_with_its_own_random_numbers() -> None:
    script = pc_kernel._scripts()["desk.sh"]
    restored = script[script.index("= resume") :]
    assert restored.index("virtual machine fork") < restored.index("going")


@pytest.mark.parametrize("name", ["init", "desk.sh"])
def test_scripts_of_a_pc_are_sound(name: str) -> None:
    subprocess.run(["sh", "-n", "-c", pc_kernel._scripts()[name]], check=True)


def test_the_root_is_made_before_a_guest_is_saved() -> None:
    script = pc_kernel._scripts()["desk.sh"]
    assert script.index('mount -a -T "$here/fstab"') < script.index("echo ready")
    assert script.index("echo ready") < script.index("prepared=prepared") < script.index('. "/mnt/$script"')
