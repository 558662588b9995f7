"""What all unit tests share."""

from __future__ import annotations

from hypothesis import settings

# A deadline an example is a timing assertion, and machines that run tests are busy.
settings.register_profile("parley", deadline=None)
settings.load_profile("parley")
