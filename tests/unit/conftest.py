"""What all unit tests share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from fake_labs import installed, toy

if TYPE_CHECKING:
    from collections.abc import Iterator

# A deadline an example is a timing assertion, and machines that run tests are busy.
settings.register_profile("parley", deadline=None)
settings.load_profile("parley")


@pytest.fixture
def toys() -> Iterator[None]:
    """Have the implementations `toy` and `other` installed, and no others (fake_labs.ToyDriver)."""
    with installed(toy(), toy("other")):
        yield
