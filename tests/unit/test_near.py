from __future__ import annotations

from pathlib import Path

import pytest

from parley.near import nearest, whence


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("psk", "did you mean psk?"),
        ("pks", "did you mean psk?"),
        ("rekey-chlid", "did you mean rekey-child?"),
        ("zebra", "known: psk, rekey-child, rekey-ike"),
        ("", "known: psk, rekey-child, rekey-ike"),
    ],
)
def test_the_nearest_word_or_all_of_them(word: str, hint: str) -> None:
    assert nearest(word, ["psk", "rekey-child", "rekey-ike"]) == hint


def test_a_hint_does_not_fill_the_screen() -> None:
    words = [f"word-{number:03}" for number in range(100)]
    assert nearest("zebra", words).endswith("word-023 and 76 more")
    assert nearest("word-99", words) == "did you mean word-099?"


def test_a_relative_path_may_have_been_meant_from_elsewhere() -> None:
    assert str(Path.cwd()) in whence(Path("mine"))
    assert not whence(Path("/mine"))


def test_any_iterable_will_do_once() -> None:
    assert nearest("zebra", iter(["psk"])) == "known: psk"
    assert nearest("psk", []) == "known: "
