from __future__ import annotations

import pytest

from parley.backend.registry import Choice, make_backend, parse_choice
from parley.errors import UsageError


def test_user_mode_linux_boots_what_nobody_chose_for() -> None:
    assert parse_choice([]) == Choice("uml", {})


def test_a_host_may_have_a_backend_of_its_own() -> None:
    assert parse_choice(["qemu", "west=uml"]) == Choice("qemu", {"west": "uml"})


def test_the_last_word_counts() -> None:
    assert parse_choice(["west=uml", "qemu", "west=libvirt", "uml"]) == Choice("uml", {"west": "libvirt"})


@pytest.mark.parametrize(
    ("word", "hint"), [("qemo", "qemu"), ("west=libvirtd", "libvirt"), ("wets=qemu", "west"), ("west=", "")]
)
def test_a_mistyped_word_is_told_with_the_nearest(word: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_choice([word])
    assert hint in caught.value.hint


@pytest.mark.parametrize("name", ["uml", "qemu", "qemu-disk", "libvirt", "libvirt-disk"])
def test_backends_call_themselves_what_they_are_called(name: str) -> None:
    assert make_backend(name).name == name
