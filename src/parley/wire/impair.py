"""Bad wires on request: `internet/east:loss=10%,delay=50ms,seed=7`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from parley.errors import UsageError
from parley.lab.topology import NETWORK

if TYPE_CHECKING:
    from collections.abc import Callable

    from parley.lab.topology import Topology

# What `only` may say: IKE; ESP, AH and ESP-in-UDP; IP without the signalling of a link.
CLASSES = ("ike", "esp", "ip")


@dataclass(frozen=True, slots=True, kw_only=True)
class Impairment:
    """What a segment does to frames: to all, or (`sender`, a host's name) to those that one host sends.

    `loss`, `duplicate` and `reorder` are probabilities (0 to 1). A reordered frame is overtaken by the
    sender's next one. `delay` and `jitter` are seconds: the delay is uniform in delay +- jitter. `mtu`
    is in bytes of IP packet: larger ones vanish, as in a black hole (RFC 4821). `rate` is in bits per
    second (0: unlimited), with a token bucket of `burst` and a queue of `queue` bytes. From
    `partition_start` seconds after the impairment began, for `partition` seconds, nothing passes.
    `only` is one of `CLASSES`; empty: every frame. `seed` picks the random decisions.
    """

    segment: str
    sender: str = ""
    loss: float = 0.0
    delay: float = 0.0
    jitter: float = 0.0
    reorder: float = 0.0
    duplicate: float = 0.0
    mtu: int = 0
    rate: float = 0.0
    burst: int = 0
    queue: int = 65536
    partition: float = 0.0
    partition_start: float = 0.0
    only: str = ""
    seed: int = 0

    @property
    def target(self) -> str:
        """Where it lies, as in the text that it was parsed from."""
        return f"{self.segment}/{self.sender}" if self.sender else self.segment


def parse_impairment(text: str, topology: Topology = NETWORK) -> Impairment:
    """Parse `SEGMENT[/HOST]:KNOB=VALUE,...`, one impairment of all frames or of those that HOST sends.

    Knobs: loss, duplicate, reorder (`10%`); delay, jitter (`50ms`, `1.5s`); mtu (bytes); rate (`2mbit`);
    burst, queue (`64kb`); partition (`10s`, or `10s@5s`: for 10 s, from 5 s on); only (ike, esp, ip);
    seed. Raises UsageError, which says what was expected.
    """
    target, colon, knobs = text.partition(":")
    if not colon or not knobs:
        raise UsageError(f"impairment {text!r} is not SEGMENT[/HOST]:KNOB=VALUE,...", hint=_EXAMPLE)
    segment, _, sender = target.partition("/")
    topology.segment(segment)
    if sender:
        topology.host(sender).interface_on(segment)
    values: dict[str, float | int | str] = {}
    for knob in knobs.split(","):
        name, _, value = knob.partition("=")
        if name in values:
            raise UsageError(f"impairment {text!r} says {name} twice", hint=_EXAMPLE)
        values |= _knob(name, value)
    return _checked(Impairment(segment=segment, sender=sender, **values), text)  # type: ignore[arg-type]  # each parser returns its field's type


_EXAMPLE = "internet:loss=10%,delay=50ms,jitter=5ms,seed=7"
_TIMES = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0}
_SIZES = {"": 1, "b": 1, "kb": 1024, "mb": 1024 * 1024}
_RATES = {"bit": 1, "kbit": 10**3, "mbit": 10**6, "gbit": 10**9}


def _quantity(units: dict[str, int] | dict[str, float], example: str) -> Callable[[str], float]:
    def parse(value: str) -> float:
        match = re.fullmatch(r"(\d+(?:\.\d+)?)([a-z]*)", value)
        if not match or match[2] not in units:
            raise ValueError(example)
        return float(match[1]) * units[match[2]]

    return parse


_time = _quantity(_TIMES, "a time such as 50ms, 1.5s or 2min")
_size = _quantity(_SIZES, "a size such as 1400 or 64kb")
_rate = _quantity(_RATES, "a rate such as 500kbit or 2mbit")


def _percent(value: str) -> float:
    expected = "a share such as 10%, at most 100%"
    match = re.fullmatch(r"(\d+(?:\.\d+)?)%", value)
    if not match or float(match[1]) > 100:  # noqa: PLR2004 -- the whole
        raise ValueError(expected)
    return float(match[1]) / 100


def _bytes(value: str) -> int:
    return round(_size(value))


def _seed(value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,18}", value):
        raise ValueError("a whole number")
    return int(value)


def _only(value: str) -> str:
    if value not in CLASSES:
        raise ValueError(f"one of {', '.join(CLASSES)}")
    return value


_KNOBS: dict[str, Callable[[str], float | int | str]] = {
    "loss": _percent,
    "duplicate": _percent,
    "reorder": _percent,
    "delay": _time,
    "jitter": _time,
    "mtu": _bytes,
    "rate": _rate,
    "burst": _bytes,
    "queue": _bytes,
    "partition": _time,
    "only": _only,
    "seed": _seed,
}


def _knob(name: str, value: str) -> dict[str, float | int | str]:
    if name not in _KNOBS:
        near = get_close_matches(name, _KNOBS, n=1)
        hint = f"{near[0]}?" if near else f"one of {', '.join(_KNOBS)}"
        raise UsageError(f"an impairment has no knob {name!r}", hint=hint)
    values: dict[str, float | int | str] = {}
    try:
        if name == "partition":
            value, at, start = value.partition("@")
            values["partition_start"] = _time(start) if at else 0.0
        values[name] = _KNOBS[name](value)
    except ValueError as error:
        raise UsageError(f"impairment: {name}={value!r} is not {error}", hint=_EXAMPLE) from error
    return values


def _checked(impairment: Impairment, text: str) -> Impairment:
    if impairment.jitter > impairment.delay:
        raise UsageError(f"impairment {text!r}: jitter is larger than delay", hint="delay=50ms,jitter=5ms")
    if impairment.burst and not impairment.rate:
        raise UsageError(f"impairment {text!r}: burst without rate", hint="rate=2mbit,burst=16kb")
    return impairment
