from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from parley.errors import ImageError
from parley.image import kernel_source as module
from parley.image.kernel_source import SUITES, Source, ensure_source

if TYPE_CHECKING:
    from pathlib import Path

PATCH = """What for.

--- a/arch/um/time.c
+++ b/arch/um/time.c
@@ -1,2 +1,2 @@
-old
+new
 same
"""


def archive(place: Path, text: str) -> Path:
    """A source archive with one file that matters and one that does not."""
    root = place / "linux-source-7.2"
    for name, content in (("arch/um/time.c", text), ("drivers/gpu/drm/amd/include/big.h", "x\n")):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    path = place / "linux-source-7.2.tar.gz"
    subprocess.run(["tar", "-czf", path, "-C", place, root.name], check=True)
    return path


def have(monkeypatch: pytest.MonkeyPatch, path: Path | None, *gone: str) -> list[str]:
    """Have the mirror offer an archive in all suites but some; returns the suites that are asked."""
    asked: list[str] = []

    def fetch(suite: str, directory: Path, **_: object) -> tuple[Path, Source]:
        asked.append(suite)
        directory.mkdir()
        if suite in gone or path is None:
            raise ImageError(f"no such suite {suite}")
        return path, Source("linux-source-7.2", "7.2-1", suite)

    monkeypatch.setattr(module, "_fetch_from", fetch)
    return asked


def get(work: Path, lines: list[str] | None = None) -> Source:
    return ensure_source(work, PATCH, log=work / "log", progress=(lines if lines is not None else []).append)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def test_the_newest_source_is_unpacked_and_patched(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    have(monkeypatch, archive(tmp_path, "old\nsame\n"))
    assert get(work) == Source("linux-source-7.2", "7.2-1", "sid")
    assert (work / "tree/arch/um/time.c").read_text() == "new\nsame\n"
    assert not (work / "tree/drivers/gpu/drm/amd/include").exists()
    assert {path.name for path in work.iterdir()} >= {"tree", "source.json"}
    assert not (work / "apt").exists()


def test_an_older_suite_stands_in_with_a_warning(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = have(monkeypatch, archive(tmp_path, "old\nsame\n"), "sid")
    lines: list[str] = []
    assert get(work, lines).suite == "trixie-backports"
    assert asked == ["sid", "trixie-backports"]
    assert "warning: no kernel source from sid: no such suite sid" in lines


def test_when_there_is_none_every_reason_is_told(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    have(monkeypatch, None)
    with pytest.raises(ImageError, match=r"(?s)no kernel source can be had.*sid.*trixie-backports.*trixie"):
        get(work)
    assert SUITES[0] == "sid"


def test_a_build_goes_on_with_the_source_with_which_it_began(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    have(monkeypatch, archive(tmp_path, "old\nsame\n"))
    first = get(work)
    (work / "tree/main.o").touch()
    asked = have(monkeypatch, None)
    assert get(work) == first
    assert asked == []
    assert (work / "tree/main.o").exists()


def test_a_tree_whose_unpacking_was_stopped_is_unpacked_anew(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (work / "unpacking").mkdir()
    (work / "unpacking/half").touch()
    (work / "source.json").write_text(json.dumps({"half": True}))
    have(monkeypatch, archive(tmp_path, "old\nsame\n"))
    get(work)
    assert not (work / "tree/half").exists()


@pytest.mark.parametrize("text", ["other\nsame\n", "new\nsame\n", "old\nother\n"])
def test_a_patch_that_does_not_fit_ends_it(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    have(monkeypatch, archive(tmp_path, text))
    with pytest.raises(ImageError, match=r"Parley's patch does not fit linux-source-7.2 7.2-1"):
        get(work)
    assert not (work / "tree").exists()
