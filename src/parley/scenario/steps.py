"""The steps of a scenario file, followed in thought: what cannot happen in that order is a mistake."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import TYPE_CHECKING

from parley.lab.topology import NETWORK
from parley.near import nearest
from parley.scenario import schema
from parley.scenario.children import IPV4
from parley.scenario.fields import open_table, require
from parley.scenario.model import Action, Role, ScenarioStep

if TYPE_CHECKING:
    from collections.abc import Sequence

    from parley.scenario.fields import Key, Node, Table
    from parley.scenario.model import Connection

ESTABLISHED_STEPS = (
    ScenarioStep(Action.UP),
    ScenarioStep(Action.TRAFFIC),
    ScenarioStep(Action.DOWN),
)
REFUSED_STEPS = (ScenarioStep(Action.UP),)

_NEED_TUNNEL = {
    Action.TRAFFIC,
    Action.REKEY_CHILD,
    Action.REKEY_IKE,
    Action.REAUTHENTICATE,
    Action.DELETE_CHILD,
    Action.DOWN,
    Action.MOVE,
    Action.KILL,
}
_NAME_CHILD = {Action.REKEY_CHILD, Action.DELETE_CHILD}
_OF_NOBODY = {Action.TRAFFIC, Action.WAIT, Action.IMPAIR}
_OF_ONE_SIDE = {Action.KILL, Action.RESTART, Action.MOVE}
_WHEN_REFUSED = {Action.UP, Action.WAIT, Action.IMPAIR}
# What a peer may do while the other end's daemon is dead.
_WITH_THE_DEAD = {Action.WAIT, Action.IMPAIR, Action.RESTART}

# Keys that one action alone has, and must have.
_OWN: dict[Action, Key[str] | Key[float]] = {
    Action.WAIT: schema.SECONDS,
    Action.MOVE: schema.ADDRESS,
    Action.IMPAIR: schema.STEP_IMPAIR,
}


@dataclass(frozen=True, slots=True)
class Step:
    """A step where it is written, for what can only be said when all steps are known."""

    node: Node
    step: ScenarioStep


def read_steps(node: Node) -> list[Step]:
    """The steps as written; each wrong one is reported and left out."""
    if not isinstance(node.value, list):
        node.report(f"step is {node.shown}, not an array of tables", "[[step]]")
        return []
    if not node.value:
        node.report("step is an empty list", 'step = ["up", "traffic", "down"]')
    steps = [_read_step(element) for element in node.elements()]
    return [step for step in steps if step is not None]


def _read_step(node: Node) -> Step | None:
    if isinstance(node.value, str):
        node = replace(node, value={schema.DO.name: node.value})
    table = open_table(node, schema.STEP)
    require(table, schema.STEP.header, schema.DO)
    action = table.get(schema.DO)
    if action is None:
        return None
    for owner, key in _OWN.items():
        _check_own(table, action, owner, key)
    _check_by(table, action)
    argument = table.get(schema.ADDRESS) or table.get(schema.STEP_IMPAIR) or table.get(schema.STEP_CHILD)
    if table.has(schema.STEP_CHILD) and action not in _NAME_CHILD:
        table.at(schema.STEP_CHILD).report(f"child: {action} is not about one Child SA")
    return Step(node, ScenarioStep(action, table.get(schema.BY), table.get(schema.SECONDS), argument))


def _check_own(table: Table, action: Action, owner: Action, key: Key[str] | Key[float]) -> None:
    if action is owner and not table.has(key):
        table.node.report(f"{action} lacks {key.name}")
    if action is not owner and table.has(key):
        table.at(key).report(f"{key.name} belongs to {owner}, not to {action}")


def _check_by(table: Table, action: Action) -> None:
    if action in _OF_NOBODY and table.has(schema.BY):
        table.at(schema.BY).report(f"by: {action} is nobody's doing", "leave it out")
    if action in _OF_ONE_SIDE and table.get(schema.BY) is None:
        table.at(schema.BY).report(f"by: {action} is one side's doing", "initiator or responder")


@dataclass(slots=True)
class _Story:
    """What exists after the steps so far."""

    children: Sequence[str]
    is_up: bool = False
    was_up: bool = False
    dead: set[Role] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)


def check_order(steps: Sequence[Step], children: Sequence[str], *, established: bool) -> None:
    """Report the first step that cannot happen where it stands."""
    story = _Story(children)
    for written in steps:
        problem = _problem(written.step, story, established=established)
        if problem:
            written.node.report(problem)
            return
        _follow(written.step, story)
    if steps and not story.was_up:
        steps[-1].node.report("the steps never bring the connection up", 'step = ["up", ...]')


def _problem(step: ScenarioStep, story: _Story, *, established: bool) -> str:
    action = step.action
    if not established and action not in _WHEN_REFUSED:
        return f"{action} in a scenario whose connection must be refused"
    if action is Action.RESTART:
        return "" if step.by in story.dead else f"restart of the {step.by}, whose daemon was not killed"
    if story.dead and action not in _WITH_THE_DEAD:
        return f"{action} while the {next(iter(story.dead))}'s daemon is dead: restart it first"
    if action is Action.UP and story.is_up:
        return "up while the connection is up"
    if action in _NEED_TUNNEL and not story.is_up:
        return f"{action} {'after the connection went down' if story.was_up else 'before up'}"
    return _child_problem(step, story)


def _child_problem(step: ScenarioStep, story: _Story) -> str:
    if step.action in _NAME_CHILD:
        if step.argument and step.argument not in story.children:
            return f"there is no Child SA {step.argument}: {nearest(step.argument, story.children)}"
        if not step.argument and len(story.children) > 1:
            return f"{step.action} lacks child: {', '.join(story.children)}"
        if (step.argument or story.children[0]) in story.deleted:
            return f"{step.action} of a Child SA that was deleted"
    if step.action is Action.TRAFFIC and story.deleted:
        return f"traffic after Child SA {', '.join(sorted(story.deleted))} was deleted"
    return ""


def _follow(step: ScenarioStep, story: _Story) -> None:
    match step.action:
        case Action.UP:
            story.is_up = story.was_up = True
            story.deleted.clear()
        case Action.DOWN:
            story.is_up = False
        case Action.DELETE_CHILD:
            story.deleted.add(step.argument or story.children[0])
        case Action.KILL if step.by:
            story.dead.add(step.by)
        case Action.RESTART if step.by:
            # Whether the other end notices by itself is the daemons' matter, so both may come next.
            story.dead.discard(step.by)
            story.is_up = False
        case _:
            pass


def check_moves(steps: Sequence[Step], connection: Connection) -> None:
    """Report moves to where nothing can be, or by a connection that cannot move."""
    for written in steps:
        if written.step.action is not Action.MOVE or not written.step.argument:
            continue
        if not connection.mobike:
            written.node.report("move in a connection without MOBIKE (RFC 4555)", "[ike] mobike = true")
        interface = NETWORK.main_interface(connection.side(written.step.by or Role.INITIATOR).host)
        present = interface.ipv4 if connection.outer_family == IPV4 else interface.ipv6
        address = ip_address(written.step.argument)
        if address == present.ip or address not in present.network:
            written.node.at(schema.ADDRESS.name).report(
                f"address: {address} is none that the {written.step.by} can move to",
                f"another one in {present.network}",
            )
