from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from parley.case.needs import read_needs
from parley.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_case_without_the_file_needs_nothing(tmp_path: Path) -> None:
    assert read_needs(tmp_path) == ()


def test_features_stand_one_a_line_with_remarks(tmp_path: Path) -> None:
    (tmp_path / "needs").write_text("# for ipsec0\nxfrm-interface  # route based\n\niptfs\n")
    assert read_needs(tmp_path) == ("xfrm-interface", "iptfs")


def test_what_no_kernel_has_is_told_with_its_line_and_the_nearest_word(tmp_path: Path) -> None:
    (tmp_path / "needs").write_text("iptfs\nxfrm-interfaces\n")
    with pytest.raises(InputError, match=r"needs:2: no kernel has 'xfrm-interfaces'") as caught:
        read_needs(tmp_path)
    assert caught.value.hint == "did you mean xfrm-interface?"
