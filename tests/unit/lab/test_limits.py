from __future__ import annotations

import pytest

from parley.errors import LabError
from parley.lab.host import Limits, Outcome, step_name


def test_limits_scale_together() -> None:
    assert Limits(boot=1, command=2, collect=3).scaled(10) == Limits(boot=10, command=20, collect=30)


def test_an_outcome_is_true_on_success_and_explains_failure() -> None:
    good = Outcome("east", "true", 0, "", "", 0.1)
    bad = Outcome("east", "ip xfrm state", 2, "", "RTNETLINK: no\n", 0.1)
    assert good.check() is good
    assert not bad
    with pytest.raises(LabError, match=r"east: `ip xfrm state` ended with status 2: RTNETLINK: no"):
        bad.check()


def test_step_names_sort_as_they_are_played() -> None:
    assert sorted(map(step_name, (10, 9, 100))) == ["0009", "0010", "0100"]
