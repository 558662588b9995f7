from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.errors import UsageError
from parley.image.recipe import IMPLEMENTATIONS, digest, recipe, split_name


@pytest.mark.parametrize("name", IMPLEMENTATIONS)
def test_each_implementation_has_its_recipe(name: str) -> None:
    wanted = recipe(name)
    assert wanted.suite == "trixie"
    assert wanted.implementation == wanted.name == name
    assert "iproute2" in wanted.packages
    assert re.fullmatch(r"[0-9a-f]{12}", wanted.digest)


def test_the_default_suite_is_no_other_image() -> None:
    assert recipe("strongswan@trixie") == recipe("strongswan")


def test_a_suite_is_another_image() -> None:
    sid = recipe("strongswan@sid")
    assert (sid.name, sid.suite) == ("strongswan@sid", "sid")
    assert sid.digest != recipe("strongswan").digest


def test_digests_differ_between_implementations() -> None:
    assert len({recipe(name).digest for name in IMPLEMENTATIONS}) == len(IMPLEMENTATIONS)


def test_everything_that_decides_the_content_is_in_the_recipe() -> None:
    wanted = recipe("libreswan")
    for part in (*wanted.packages, *wanted.hooks, *wanted.excluded, wanted.suite):
        assert part in wanted.text


def test_an_unknown_implementation_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="libreswam") as caught:
        recipe("libreswam")
    assert caught.value.hint == "libreswan"


@pytest.mark.parametrize(
    "name", ["libreswan@", "libreswan@Sid", "libreswan@../etc", "libreswan@a b", "libreswan@sid@x"]
)
def test_a_suite_that_is_no_word_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="suite"):
        recipe(name)


@given(st.text(), st.text())
def test_a_name_is_split_or_refused(stem: str, suite: str) -> None:
    name = f"{stem}@{suite}"
    try:
        got = split_name(name)
    except UsageError:
        return
    assert "@".join(got) == name
    assert re.fullmatch(r"[a-z][a-z0-9-]*", got[1])


def test_digest_is_sha256() -> None:
    assert digest("") == "e3b0c44298fc"
