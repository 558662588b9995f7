"""The steps of a scenario file, followed in thought: what cannot happen in that order is a mistake."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import TYPE_CHECKING

from parley.lab.topology import NETWORK
from parley.near import nearest
from parley.scenario import schema_steps as schema
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
    Action.FLOW,
}
_NAME_CHILD = {Action.REKEY_CHILD, Action.DELETE_CHILD}
_OF_NOBODY = {Action.TRAFFIC, Action.WAIT, Action.IMPAIR, Action.CLOCK, Action.REMAP}
_OF_ONE_SIDE = {Action.KILL, Action.RESTART, Action.MOVE}
_WHEN_REFUSED = {Action.UP, Action.WAIT, Action.IMPAIR, Action.CLOCK}
# What a peer may do while the other end's daemon is dead.
_WITH_THE_DEAD = {
    *(Action.WAIT, Action.IMPAIR, Action.RESTART, Action.NOTICE, Action.CLOCK, Action.FLOW),
}

# Keys that some actions have and must have, and those that an action may have.
_MUST: dict[Action, tuple[Key[object], ...]] = {
    Action.WAIT: (schema.SECONDS,),
    Action.FLOW: (schema.SECONDS, schema.EVERY),
    Action.MOVE: (schema.ADDRESS,),
    Action.IMPAIR: (schema.STEP_IMPAIR,),
    Action.CLOCK: (schema.SHIFT,),
}
_MAY: dict[Action, tuple[Key[object], ...]] = {
    Action.FLOW: (schema.SIZE, schema.MAY_LOSE),
    Action.UP: (schema.MUST_FAIL,),
}
_OWNED = tuple(dict.fromkeys(key for keys in (*_MUST.values(), *_MAY.values()) for key in keys))


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
    _check_keys(table, action)
    _check_by(table, action)
    argument = table.get(schema.ADDRESS) or table.get(schema.STEP_IMPAIR) or table.get(schema.STEP_CHILD)
    if table.has(schema.STEP_CHILD) and action not in _NAME_CHILD:
        table.at(schema.STEP_CHILD).report(f"child: {action} is not about one Child SA")
    step = ScenarioStep(
        action=action,
        by=_acting(table, action),
        seconds=table.get(schema.SECONDS),
        argument=argument,
        every=table.get(schema.EVERY),
        size=table.get(schema.SIZE),
        may_lose=table.get(schema.MAY_LOSE),
        shift=table.get(schema.SHIFT),
        refused=table.get(schema.MUST_FAIL),
    )
    if action is Action.FLOW and step.every > step.seconds:
        table.at(schema.EVERY).report(f"every: a flow of {step.seconds:g} s has no second echo then")
    return Step(node, step)


def _acting(table: Table, action: Action) -> Role | None:
    """Who acts: of a flow both sides, unless it says otherwise."""
    return None if action is Action.FLOW and not table.has(schema.BY) else table.get(schema.BY)


def _check_keys(table: Table, action: Action) -> None:
    must, may = _MUST.get(action, ()), _MAY.get(action, ())
    for key in must:
        if not table.has(key):
            table.node.report(f"{action} lacks {key.name}")
    for key in _OWNED:
        if table.has(key) and key not in (*must, *may):
            owners = [each for each in Action if key in (*_MUST.get(each, ()), *_MAY.get(each, ()))]
            table.at(key).report(f"{key.name} belongs to {' and '.join(owners)}, not to {action}")


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
    return _tunnel_problem(step, story) or _child_problem(step, story)


def _tunnel_problem(step: ScenarioStep, story: _Story) -> str:
    action = step.action
    if action is Action.UP and story.is_up:
        return "up while the connection is up"
    if step.refused and not story.was_up:
        return 'the first up is refused: say [expect] outcome = "refused"'
    if action is Action.NOTICE and not story.was_up:
        return "notice before up"
    if action in _NEED_TUNNEL and not story.is_up:
        return f"{action} {'after the connection went down' if story.was_up else 'before up'}"
    return ""


def _child_problem(step: ScenarioStep, story: _Story) -> str:
    if step.action in _NAME_CHILD:
        if step.argument and step.argument not in story.children:
            return f"there is no Child SA {step.argument}: {nearest(step.argument, story.children)}"
        if not step.argument and len(story.children) > 1:
            return f"{step.action} lacks child: {', '.join(story.children)}"
        if (step.argument or story.children[0]) in story.deleted:
            return f"{step.action} of a Child SA that was deleted"
    if step.action in {Action.TRAFFIC, Action.FLOW} and story.deleted:
        return f"{step.action} after Child SA {', '.join(sorted(story.deleted))} was deleted"
    return ""


def _follow(step: ScenarioStep, story: _Story) -> None:
    match step.action:
        case Action.UP if not step.refused:
            story.is_up = story.was_up = True
            story.deleted.clear()
        case Action.DOWN | Action.NOTICE:
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


def check_remaps(steps: Sequence[Step], is_mapped: bool) -> None:
    """Report a NAT that is to forget what it never knew."""
    for written in steps:
        if written.step.action is Action.REMAP and not is_mapped:
            written.node.report("remap without a NAT that maps ports", "[network] nat_timeout = 60")
