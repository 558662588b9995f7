"""Each sanitizer by itself: what it hides, and what right beside it must stay (data/rules.txt)."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from parley.errors import UsageError
from parley.transcript import registry
from parley.transcript.registry import SANITIZERS, sanitizer
from parley.transcript.sanitize import Symbols
from transcript_samples import DATA


@dataclass(frozen=True)
class Sample:
    """`before` becomes `after` when it is the output of `command`."""

    rule: str
    command: str
    before: str
    after: str


def read_samples() -> list[Sample]:
    """Parts of data/rules.txt: `>>> RULE: COMMAND`, text before, `<<<`, text after, a blank line."""
    samples = []
    for part in (DATA / "rules.txt").read_text(encoding="utf-8").split(">>> ")[1:]:
        head, _, texts = part.partition("\n")
        rule, _, command = head.partition(": ")
        before, _, after = texts.partition("<<<\n")
        samples.append(Sample(rule, command, before, after.removesuffix("\n\n").removesuffix("\n") + "\n"))
    return samples


SAMPLES = read_samples()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.rule}: {sample.command}")
def test_a_rule_hides_its_noise_and_leaves_the_rest(sample: Sample) -> None:
    known = next(known for known in SANITIZERS if known.name == sample.rule)
    assert known.is_for(sample.command)
    symbols = Symbols()
    assert symbols.number([known.rule(sample.before, symbols.at("west"))]) == [sample.after]


def test_every_rule_has_a_sample() -> None:
    assert {sample.rule for sample in SAMPLES} == {known.name for known in SANITIZERS}


@pytest.mark.parametrize("known", SANITIZERS, ids=lambda known: known.name)
def test_every_rule_says_what_it_hides(known: registry.Sanitizer) -> None:
    assert known.purpose.startswith("Hides ")


@pytest.mark.parametrize(
    ("rule", "command"),
    [
        ("kernel_spis", "echo spi"),
        ("pluto_spis", "ipsec _kernel state"),
        ("pluto_retransmits", "ipsec status"),
        ("ping_times", "cat shopping.txt"),
        ("ikectl_pointers", "cat /tmp/iked.log"),
        ("file_dates", "ls /etc"),
        ("link_addresses", "ip xfrm state"),
        ("process_ids", "ls steps"),
    ],
)
def test_a_rule_keeps_away_from_other_commands(rule: str, command: str) -> None:
    known = next(known for known in SANITIZERS if known.name == rule)
    assert not known.is_for(command)


def test_a_rule_must_say_what_it_hides_and_have_a_name_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "SANITIZERS", [])

    def silent(output: str, _naming: object) -> str:
        return output

    with pytest.raises(UsageError, match="silent does not say"):
        sanitizer("x")(silent)
    silent.__doc__ = "Hides nothing."
    sanitizer("x")(silent)
    with pytest.raises(UsageError, match="two sanitizers are called silent"):
        sanitizer("x")(silent)
