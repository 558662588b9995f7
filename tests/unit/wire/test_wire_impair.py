from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.errors import UsageError
from parley.wire.impair import Impairment, parse_impairment


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "internet:loss=10%,delay=50ms,jitter=5ms,seed=7",
            Impairment(segment="internet", loss=0.1, delay=0.05, jitter=0.005, seed=7),
        ),
        ("internet/east:loss=100%", Impairment(segment="internet", sender="east", loss=1.0)),
        ("nicnet:mtu=1280", Impairment(segment="nicnet", mtu=1280)),
        (
            "nicnet:rate=2mbit,burst=16kb,queue=1mb",
            Impairment(segment="nicnet", rate=2e6, burst=16384, queue=1048576),
        ),
        ("internet:partition=10s", Impairment(segment="internet", partition=10)),
        ("internet:partition=2min@5s", Impairment(segment="internet", partition=120, partition_start=5)),
        (
            "internet:duplicate=2.5%,reorder=1%,only=ike",
            Impairment(segment="internet", duplicate=0.025, reorder=0.01, only="ike"),
        ),
    ],
)
def test_what_is_understood(text: str, expected: Impairment) -> None:
    assert parse_impairment(text) == expected
    assert text.startswith(f"{expected.target}:")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"not SEGMENT\[/HOST\]:KNOB=VALUE"),
        ("internet", "not SEGMENT"),
        ("internet:", "not SEGMENT"),
        ("internett:loss=1%", r"no segment 'internett'[\s\S]*internet\?"),
        ("internet/eats:loss=1%", r"no host 'eats'[\s\S]*east\?"),
        ("internet/road:loss=1%", r"road is not on internet[\s\S]*nicnet"),
        ("internet:los=1%", r"no knob 'los'[\s\S]*loss\?"),
        ("internet:loss=1%,", "no knob ''"),
        ("internet:loss=1%,loss=2%", "says loss twice"),
        ("internet:loss=10", "loss='10' is not a share such as 10%"),
        ("internet:loss=101%", "at most 100%"),
        ("internet:loss=-1%", "a share"),
        ("internet:loss=nan%", "a share"),
        ("internet:loss", "loss='' is not"),
        ("internet:delay=50", "delay='50' is not a time such as 50ms"),
        ("internet:delay=50parsec", "a time"),
        ("internet:delay=5ms,jitter=6ms", "jitter is larger than delay"),
        ("internet:mtu=-5", "a size"),
        ("internet:rate=2", "a rate such as 500kbit"),
        ("internet:burst=5kb", "burst without rate"),
        ("internet:partition=5s@", "a time"),
        ("internet:only=ikea", "only='ikea' is not one of ike, esp, ip"),
        ("internet:seed=1.5", "a whole number"),
    ],
)
def test_what_is_refused_says_what_was_expected(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_impairment(text)


@given(st.text(alphabet="internet/eas:loss=10%,dy@m", max_size=40))
def test_nothing_but_usage_errors(text: str) -> None:
    try:
        parse_impairment(text)
    except UsageError as error:
        assert error.hint  # noqa: PT017 -- both outcomes are right
