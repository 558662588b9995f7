"""Plays a scenario's steps in a booted lab and records what was done and shown. Judges nothing."""

from __future__ import annotations

import time
from ipaddress import ip_address, ip_network
from itertools import zip_longest
from typing import TYPE_CHECKING

from parley.cell import commands
from parley.cell.record import REFUSED, Checkpoint, CommandRecord, Flow
from parley.cell.systems import words_of
from parley.errors import CommandTimeoutError, LabError
from parley.lab.topology import NETWORK
from parley.scenario.model import Action, Mode, Role
from parley.wire.impair import parse_impairment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from parley.cell.commands import Address, Network
    from parley.daemon.driver import Driver
    from parley.lab.host import Host, Ticket
    from parley.lab.lab import Lab
    from parley.scenario.model import Child, ScenarioStep

# How long an echo may take that must come back, and one that must not (seconds).
_UP_SECONDS = 3.0
_DOWN_SECONDS = 0.1


class StoppedError(Exception):
    """The cell cannot go on; the text says why. What was recorded so far stands."""


class Player:
    """Drives both ends. `commands`, `checkpoints` and `flows` are what it leaves behind."""

    def __init__(
        self,
        lab: Lab,
        drivers: Mapping[Role, Driver],
        hosts: Mapping[Role, str],
        *,
        began: float,
        progress: Callable[[str], None],
    ) -> None:
        self._lab = lab
        self._scenario = drivers[Role.INITIATOR].scenario
        self._drivers = drivers
        self._hosts = {role: lab.hosts[name] for role, name in hosts.items()}
        self._words = {role: words_of(host.spec.platform) for role, host in self._hosts.items()}
        self._began = began
        self._index = 0
        self._progress = progress
        self.commands: list[CommandRecord] = []
        self.checkpoints: list[Checkpoint] = []
        self.flows: list[Flow] = []
        # The rekey that the next look is to prove.
        self._pending = ""

    def play(self) -> None:
        """The whole scenario. Raises StoppedError where it cannot go on, LabError where the lab broke."""
        self._prepare()
        started = self._both("start", {role: driver.start() for role, driver in self._drivers.items()})
        for role, status in started.items():
            if status != 0:
                raise StoppedError(f"{role}: the daemon did not start")
        pairs = self._protected_pairs()
        self._prepared("guard", {role: self._words[role].guard(pairs) for role in Role})
        # Before it has leased an address, nothing that the initiator could send is protected.
        if not self._scenario.connection.pool:
            routes = self._routes(Role.INITIATOR)[:1]
            blocked = self._words[Role.INITIATOR].ping(routes, seconds=_DOWN_SECONDS, sizes=(56,))
            self._run(Role.INITIATOR, "blocked", blocked)
        steps = self._scenario.steps
        for self._index, (step, following) in enumerate(zip_longest(steps, steps[1:])):
            self._progress(step.action)
            # Traffic looks at everything by itself: looking twice would only cost time.
            self._step(step, looks_next=following is not None and following.action is Action.TRAFFIC)
        self.finish()

    def finish(self) -> None:
        """Keep the session's keys, and take away what the lab itself put into the kernels."""
        self._both("keys", {role: self._drivers[role].keys() for role in Role})
        self._prepared("unguard", {role: self._words[role].unguard() for role in Role})

    def _prepare(self) -> None:
        nat = self._scenario.nat
        if nat.timeout:
            self._on_router("nat", commands.map_ports(nat.timeout))
        elif nat.initiator or nat.responder:
            inside = str(NETWORK.main_interface(self._hosts[Role.INITIATOR].name).ipv4.ip)
            self._on_router("nat", commands.translate(inside, both=nat.responder))
        self._prepared("configure", {role: self._configure(role) for role in Role})

    def _on_router(self, purpose: str, command: str) -> None:
        router = self._lab.hosts["nic"]
        self._require(self._record(router, purpose, router.start(command)))

    def _prepared(self, purpose: str, texts: Mapping[Role, str]) -> None:
        """Run what the lab itself needs: if it fails, nothing that follows says anything of the daemons."""
        for index in self._indices(purpose, texts).values():
            self._require(index)

    def _require(self, index: int) -> None:
        command = self.commands[index]
        if command.status != 0:
            complaint = self._lab.jail.read_text(command.error, default="").strip()[-300:]
            problem = f"{command.purpose} ended with status {command.status}: {complaint}"
            raise LabError(problem, host=command.host)

    def _configure(self, role: Role) -> str:
        """One command that puts the daemon's files and the host's further addresses in place.

        Files go through the share: contents need no quoting, and what a daemon was told is kept.
        """
        host = self._hosts[role]
        lines = ["set -e"]
        for path, file in self._drivers[role].files().items():
            self._lab.jail.write(f"{host.name}/files{path}", file.text.encode())
            lines.append(self._words[role].install(f"/parley/files{path}", path, file.mode))
        extra = [address for address in self._inner(role).values() if not self._owns(role, address)]
        if extra:
            interface = NETWORK.host(host.name).interfaces[0].name
            lines.append(self._words[role].add_addresses(extra, interface))
        return "\n".join(lines)

    def _step(self, step: ScenarioStep, *, looks_next: bool) -> None:
        match step.action:
            case Action.UP:
                self._up(step, looks_next=looks_next)
            case Action.TRAFFIC:
                self._look(self._pending or "traffic")
                self._pending = ""
            case Action.WAIT:
                host = self._hosts[Role.INITIATOR]
                self._record(host, "wait", host.start(f"sleep {step.seconds:g}"), longer=step.seconds)
            case Action.IMPAIR:
                self._lab.impair(parse_impairment(step.argument))
            case Action.MOVE:
                self._move(step)
            case Action.FLOW:
                self._flow(step)
            case Action.NOTICE:
                self._look(f"{Action.NOTICE} by {step.by or 'both'}", traffic=False)
            case Action.CLOCK:
                self._set_clocks(step.shift)
            case Action.REMAP:
                self._on_router("remap", commands.FORGET_MAPPINGS)
            case _:
                self._act(step, looks_next=looks_next)

    def _up(self, step: ScenarioStep, *, looks_next: bool) -> None:
        statuses = self._both("up", {role: self._drivers[role].up() for role in step.roles})
        failed = any(status != 0 for status in statuses.values())
        if step.refused or not self._scenario.expect.established:
            # Who answered IKE_AUTH has its SAs until it hears that it was not believed (RFC 7296 2.21.2).
            self._both("gone", {role: self._words[role].gone for role in Role})
        if step.refused:
            self._look(f"{REFUSED} (step {self._index + 1})", traffic=False)
            return
        if failed or not looks_next:
            self._look("up", traffic=False)
        if failed and self._scenario.expect.established:
            raise StoppedError("the connection did not come up")

    def _act(self, step: ScenarioStep, *, looks_next: bool) -> None:
        """An action of one side's daemon, or of both at once."""
        wanted = {role: self._command(role, step) for role in step.roles}
        missing = [role for role, command in wanted.items() if command is None]
        if missing:
            raise StoppedError(f"{missing[0]}: this daemon has no command for {step.action}")
        statuses = self._both(step.action, {role: text for role, text in wanted.items() if text})
        failed = [role for role, status in statuses.items() if status != 0]
        if step.action is Action.DOWN or (step.action is Action.DELETE_CHILD and self._has_one_child()):
            self._both("gone", {role: self._words[role].gone for role in Role})
        if step.action in {Action.DOWN, Action.DELETE_CHILD, Action.KILL, Action.RESTART}:
            self._look(step.action, traffic=False)
        elif not looks_next or failed:
            self._look(f"{step.action} by {step.by or 'both'}")
        else:
            self._pending = f"{step.action} by {step.by or 'both'}"
        if failed:
            raise StoppedError(f"{failed[0]}: {step.action} failed")

    def _command(self, role: Role, step: ScenarioStep) -> str | None:
        driver = self._drivers[role]
        child = self._child(step.argument)
        commands_of: dict[Action, Callable[[], str | None]] = {
            Action.REKEY_CHILD: lambda: driver.rekey_child(child),
            Action.REKEY_IKE: driver.rekey_ike,
            Action.REAUTHENTICATE: driver.reauthenticate,
            Action.DELETE_CHILD: lambda: driver.delete_child(child),
            Action.DOWN: driver.down,
            Action.KILL: driver.kill,
            Action.RESTART: driver.start,
        }
        return commands_of[step.action]()

    def _has_one_child(self) -> bool:
        return len(self._scenario.connection.children) == 1

    def _child(self, name: str) -> Child:
        children = self._scenario.connection.children
        return next((child for child in children if child.name == name), children[0])

    def _move(self, step: ScenarioStep) -> None:
        role = step.by or Role.INITIATOR
        interface = NETWORK.main_interface(self._hosts[role].name)
        new = f"{step.argument}/{interface.ipv4.network.prefixlen}"
        change = (
            f"ip address add {new} dev {interface.name} || exit\n"
            f"ip address del {interface.ipv4} dev {interface.name}\n"
            f"ip route replace default via {NETWORK.host(self._hosts[role].name).gateway4}"
        )
        self._prepared("move", {role: change})
        self._run(role, "wait", "sleep 1")
        self._look("move")

    def _flow(self, step: ScenarioStep) -> None:
        """Continuous traffic of one side or both, all along the step's time."""
        texts = {
            role: commands.flow(self._routes(role), seconds=step.seconds, every=step.every, size=step.size)
            for role in step.roles
        }
        self.flows.append(Flow(self._index, self._indices("flow", texts, longer=step.seconds)))

    def _set_clocks(self, shift: float) -> None:
        """Set every clock, once: hosts that share a kernel share its clock as well."""
        for host in {host.machine: host for host in self._lab.hosts.values()}.values():
            self._require(self._record(host, "clock", host.start(commands.set_clock(shift))))

    def _look(self, name: str, *, traffic: bool = True) -> None:
        """Record both kernels and both daemons; with traffic, echoes both ways and the kernels again."""
        kernel = self._indices("kernel", {role: self._words[role].kernel for role in Role})
        sent: dict[Role, int] = {}
        after: dict[Role, int] = {}
        if traffic:
            for role in Role:
                text = self._words[role].ping(self._routes(role), seconds=_UP_SECONDS)
                sent |= self._indices("traffic", {role: text})
            after = self._indices("kernel", {role: self._words[role].kernel for role in Role})
        status = self._indices("status", {role: driver.status() for role, driver in self._drivers.items()})
        self.checkpoints.append(Checkpoint(name, kernel, status, sent, after))

    def _routes(self, role: Role) -> list[tuple[str, str]]:
        """(source, destination) of echoes from `role`, one per pair of selectors that a child connects."""
        if self._scenario.connection.pool:
            return self._pool_routes(role)
        routes: dict[tuple[str, str], None] = {}
        for child in self._scenario.connection.children:
            for mine in child.selectors[role]:
                for theirs in child.selectors[role.peer]:
                    if mine.version == theirs.version:
                        routes[str(self._address(role, mine)), str(self._address(role.peer, theirs))] = None
        return list(routes)

    def _pool_routes(self, role: Role) -> list[tuple[str, str]]:
        pool = ip_network(self._scenario.connection.pool)
        listing = self._hosts[Role.INITIATOR].run(self._words[Role.INITIATOR].addresses).output.split()
        leased = [word.partition("/")[0] for word in listing if _lies_in(word, pool)]
        child = self._scenario.connection.children[0]
        inside = [str(self._address(Role.RESPONDER, net)) for net in child.selectors[Role.RESPONDER]]
        pairs = [(lease, address) for lease in leased or [""] for address in inside]
        return pairs if role is Role.INITIATOR else [(address, lease) for lease, address in pairs if lease]

    def _protected_pairs(self) -> list[tuple[Network, Network]]:
        pairs: dict[tuple[Network, Network], None] = {}
        for child in self._scenario.connection.children:
            for one in child.selectors[Role.INITIATOR]:
                for other in child.selectors[Role.RESPONDER]:
                    if one.version == other.version:
                        pairs[one, other] = None
        return list(pairs)

    def _inner(self, role: Role) -> dict[Network, Address]:
        return {
            network: self._address(role, network)
            for child in self._scenario.connection.children
            for network in child.selectors[role]
            if child.mode is Mode.TUNNEL and not (role is Role.INITIATOR and self._scenario.connection.pool)
        }

    def _address(self, role: Role, network: Network) -> Address:
        """An address of this side's host in a selector: its own if it has one, else the first."""
        for address in self._own(role):
            if address in network:
                return address
        return network[1] if network.num_addresses > 1 else network[0]

    def _own(self, role: Role) -> list[Address]:
        interfaces = NETWORK.host(self._hosts[role].name).interfaces
        return [address.ip for interface in interfaces for address in (interface.ipv4, interface.ipv6)]

    def _owns(self, role: Role, address: Address) -> bool:
        return address in self._own(role)

    def _run(self, role: Role, purpose: str, command: str) -> int | None:
        return self._both(purpose, {role: command})[role]

    def _both(self, purpose: str, texts: Mapping[Role, str]) -> dict[Role, int | None]:
        indices = self._indices(purpose, texts)
        return {role: self.commands[index].status for role, index in indices.items()}

    def _indices(self, purpose: str, texts: Mapping[Role, str], *, longer: float = 0.0) -> dict[Role, int]:
        """Run a command per role, side by side; return where each was recorded."""
        with self._lab.at_once():
            tickets = {role: self._hosts[role].start(text) for role, text in texts.items()}
        return {
            role: self._record(self._hosts[role], purpose, ticket, longer=longer)
            for role, ticket in tickets.items()
        }

    def _record(self, host: Host, purpose: str, ticket: Ticket, *, longer: float = 0.0) -> int:
        """Wait for a command, `longer` seconds more than its limit, and record it; returns its index."""
        status: int | None = None
        try:
            status = host.finish(ticket, self._lab.limits.command + longer).status
        except CommandTimeoutError:
            self._progress(f"{purpose} ran past its limit")
        stem = host.stem(ticket)
        self.commands.append(
            CommandRecord(
                host=host.name,
                purpose=purpose,
                command=ticket.command,
                started=round(ticket.started - self._began, 4),
                elapsed=round(time.monotonic() - ticket.started, 4),
                status=status,
                output=f"{stem}.out",
                error=f"{stem}.err",
            )
        )
        return len(self.commands) - 1


def _lies_in(word: str, pool: Network) -> bool:
    """Whether a word of a guest's is an address in `pool`, and nothing else: it goes into a command."""
    try:
        return "%" not in word and ip_address(word.partition("/")[0]) in pool
    except ValueError:
        return False
