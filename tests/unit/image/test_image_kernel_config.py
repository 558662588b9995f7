from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.image.kernel_config import ESSENTIAL, WANTED, fragment, options, unmet
from parley.image.kernel_features import FEATURES, features

NAMES = st.from_regex(r"CONFIG_[A-Z0-9_]{1,20}", fullmatch=True)
VALUES = st.sampled_from(["y", "m", "n", "100", '"text"'])


def test_options_are_read_and_remarks_are_not() -> None:
    text = "# CONFIG_OFF is not set\n\nCONFIG_A=y\nCONFIG_HZ=100\n"
    assert options(text) == {"CONFIG_A": "y", "CONFIG_HZ": "100"}


def test_a_line_that_is_no_option_is_told() -> None:
    with pytest.raises(ValueError, match="line 2 is no option: 'A=y'"):
        options("CONFIG_A=y\nA=y\n")


def test_what_is_not_as_asked_is_told_with_what_it_is() -> None:
    asked = {"CONFIG_A": "y", "CONFIG_B": "m", "CONFIG_C": "n", "CONFIG_D": "y", "CONFIG_E": "n"}
    has = "CONFIG_A=y\nCONFIG_B=y\n# CONFIG_C is not set\nCONFIG_E=m\n"
    assert unmet(asked, has) == ("CONFIG_B=m (is y)", "CONFIG_D=y (is n)", "CONFIG_E=n (is m)")


@given(st.dictionaries(NAMES, VALUES))
def test_a_configuration_meets_itself(asked: dict[str, str]) -> None:
    lines = [f"# {name} is not set" if value == "n" else f"{name}={value}" for name, value in asked.items()]
    assert unmet(asked, "\n".join(lines)) == ()


def test_the_fragments_ask_for_each_option_once() -> None:
    essential, wanted = options(fragment(ESSENTIAL)), options(fragment(WANTED))
    lines = [line for line in (fragment(ESSENTIAL) + fragment(WANTED)).splitlines() if line[:1] == "C"]
    assert len(essential) + len(wanted) == len(lines)
    assert not essential.keys() & wanted.keys()


def test_the_essential_options_make_every_feature() -> None:
    asked = fragment(ESSENTIAL)
    assert features(asked, "\nseccomp=<on/auto/off>\num_seed=<words>\n") == set(FEATURES)


def test_what_cases_check_the_absence_of_is_not_built_in() -> None:
    asked = options(fragment(ESSENTIAL))
    assert {asked[f"CONFIG_{name}"] for name in ("NET_KEY", "NET_IPVTI", "IPV6_VTI")} == {"m"}
