"""The part of the scenario format that says what is done, and how it must end (see schema.py)."""

from __future__ import annotations

from parley.scenario.fields import (
    Key,
    Section,
    choice,
    flag,
    member,
    number,
    number_range,
    seconds,
    several,
    shift,
)
from parley.scenario.iana import EXCHANGES, NOTIFIES, PAYLOADS
from parley.scenario.model import Action, Role
from parley.scenario.values import acting_side, address, impairment, matching

ESTABLISHED, REFUSED = "established", "refused"

# Bytes of ICMP payload that a packet of 1500 bytes can carry through a tunnel, and echoes a second at most.
_LARGEST_ECHO = 1400
_MANY = 10**6

_name = matching(r"[a-z][a-z0-9-]{0,30}", "net-1")

DO = Key("do", member(Action), None, "|".join(Action), "must be there", '"rekey-child"', "What is done.")
BY: Key[Role | None] = Key(
    "by", acting_side, Role.INITIATOR, "initiator|responder|both", "initiator", '"responder"', "Who does it."
)
SECONDS = Key(
    "seconds", seconds, 0.0, "number", "must be there for wait and flow", "28800", "How long it takes."
)
EVERY = Key("every", seconds, 0.0, "number", "must be there for flow", "10", "Seconds from echo to echo.")
SIZE = Key("size", number(56, _LARGEST_ECHO), 56, "bytes", "56", "1300", "Payload of each echo of a flow.")
MAY_LOSE = Key(
    "may_lose", number(0, _MANY), 0, "number", "0", "3", "How many echoes of each side a flow may lose."
)
SHIFT = Key(
    "shift",
    shift,
    0.0,
    "number",
    "must be there for clock",
    "-3600",
    "Seconds by which clocks are set forward, or back where it is negative.",
)
MUST_FAIL = Key(
    "refused", flag, False, "boolean", "false", "true", "Whether this up must be refused, and leave no SA."
)
STEP_CHILD = Key("child", _name, "", "string", "the only one", '"net-1"', "Which Child SA is meant.")
ADDRESS = Key(
    "address", address, "", "address", "must be there for move", '"192.1.2.46"', "Where the side moves to."
)
STEP_IMPAIR = Key(
    "impair",
    impairment,
    "",
    "string",
    "must be there for impair",
    '"internet:loss=0%"',
    "The impairment that begins.",
)
STEP = Section(
    "[[step]]",
    (DO, BY, SECONDS, EVERY, SIZE, MAY_LOSE, SHIFT, MUST_FAIL, STEP_CHILD, ADDRESS, STEP_IMPAIR),
    "What is done, in order. A string stands for a step with nothing but `do`.",
)

OUTCOME = Key(
    "outcome",
    choice(ESTABLISHED, REFUSED),
    ESTABLISHED,
    f"{ESTABLISHED}|{REFUSED}",
    ESTABLISHED,
    '"refused"',
    "How the attempt must end.",
)
NOTIFY = Key(
    "notify",
    choice(*NOTIFIES),
    "",
    "name of a notify",
    "nothing in particular",
    '"AUTHENTICATION_FAILED"',
    "The error with which the attempt must be refused.",
)
SEEN: Key[tuple[str, ...]] = Key(
    "seen",
    several(choice(*NOTIFIES, *PAYLOADS, *EXCHANGES)),
    (),
    "list of names",
    "nothing in particular",
    '["COOKIE", "IKE_INTERMEDIATE"]',
    "Notifies, payloads and exchanges that must have been on the wire.",
)
CHILD_SAS = Key(
    "child_sas",
    number_range,
    None,
    "number, or least and most",
    "any number",
    "[23, 26]",
    "How many Child SAs carried packets of the initiator, one after the other.",
)
IKE_SAS = Key(
    "ike_sas",
    number_range,
    None,
    "number, or least and most",
    "any number",
    "[8, 10]",
    "How many IKE SAs were used, one after the other.",
)
RETRANSMITS: Key[tuple[Role, ...]] = Key(
    "retransmits",
    several(member(Role)),
    (),
    "list of sides",
    "none",
    '"initiator"',
    "The sides of which a request stayed unanswered: sent again when their documentation says, to its end.",
)
EXPECT = Section("[expect]", (OUTCOME, NOTIFY, SEEN, CHILD_SAS, IKE_SAS, RETRANSMITS), "How it must end.")
