from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network
from typing import TYPE_CHECKING

import pytest

from fake_labs import ToyDriver, installed, toy
from parley.backend.fake import Answer
from parley.cell.player import _lies_in
from parley.cell.record import CellRecord, read_cell
from parley.lab.host import DEFAULT_LIMITS
from parley.run.worker import run_job
from parley.scenario.model import Role
from parley.verdict import Verdict
from toy_guests import HURRIED, Guests, cell_job, write_scenario

if TYPE_CHECKING:
    from pathlib import Path

    from parley.lab.host import Limits
    from parley.record.results import CaseResult
    from parley.scenario.model import Child

pytestmark = pytest.mark.usefixtures("toys")


def played(
    place: Path, guests: Guests, steps: str = "", more: str = "", limits: Limits = DEFAULT_LIMITS
) -> tuple[CaseResult, CellRecord]:
    """A cell with these steps, played by the guests and judged."""
    job = cell_job(place, guests, write_scenario(place, more, steps=steps), limits=limits)
    result = run_job(job, lambda _: None)
    return result, read_cell(job.layout.cell)


def purposes(record: CellRecord) -> list[str]:
    return list(dict.fromkeys(each.purpose for each in record.commands))


def test_a_scenario_is_played_from_start_to_end(tmp_path: Path) -> None:
    result, record = played(tmp_path, Guests())
    assert (result.verdict, result.reason) == (Verdict.PASSED, "")
    assert purposes(record) == [
        *("configure", "start", "guard", "blocked", "up", "kernel", "traffic", "status"),
        *("down", "gone", "keys", "unguard"),
    ]
    assert [point.name for point in record.checkpoints] == ["traffic", "down"]
    assert set(record.durations) == {"boot", "play", "collect"}
    assert result.cell is not None


def test_files_go_through_the_share_and_stay_there(tmp_path: Path) -> None:
    _, record = played(tmp_path, Guests())
    share = tmp_path / "cases/sample.toy.toy/share"
    assert (share / "west/files/etc/toy.conf").read_text() == "192.1.2.45 to 192.1.2.23\n"
    configure = next(each for each in record.commands if each.purpose == "configure")
    assert "install -D -m 600 -o root -g root /parley/files/etc/toy.conf /etc/toy.conf" in configure.command


def test_a_look_that_follows_an_action_is_not_taken_twice(tmp_path: Path) -> None:
    _, record = played(tmp_path, Guests(), '"up", "traffic", "rekey-child", "traffic", "rekey-ike", "down"')
    assert [point.name for point in record.checkpoints] == [
        "traffic",
        "rekey-child by initiator",
        "rekey-ike by initiator",
        "down",
    ]


def test_rekeys_that_are_real_pass(tmp_path: Path) -> None:
    steps = (
        '"up", "traffic", "rekey-child", "traffic", {do = "rekey-ike", by = "responder"}, "traffic", "down"'
    )
    result, _ = played(tmp_path, Guests(), steps)
    assert (result.verdict, result.reason) == (Verdict.PASSED, "")


@pytest.mark.parametrize("what", ["rekey net", "rekey-ike"])
def test_a_rekey_that_only_says_so_fails(tmp_path: Path, what: str) -> None:
    steps = f'"up", "traffic", "{"rekey-child" if "net" in what else what}", "traffic", "down"'
    result, _ = played(tmp_path, Guests({f"toy {what}": Answer(b"rekeyed successfully\n")}), steps)
    assert result.verdict is Verdict.FAILED
    assert result.reason.startswith("rekeyed (")


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (
            Answer(b"no proposal chosen\n", status=1),
            "steps: initiator: rekey-child failed: no proposal chosen",
        ),
        (Answer(status=None), "steps: initiator: rekey-child failed"),
    ],
)
def test_a_step_that_fails_or_hangs_ends_the_cell_and_is_looked_at(
    tmp_path: Path, answer: Answer, problem: str
) -> None:
    steps = '"up", "traffic", "rekey-child", "traffic", "down"'
    result, record = played(tmp_path, Guests({"toy rekey net": answer}), steps, limits=HURRIED)
    assert result.verdict is Verdict.FAILED
    assert result.reason.startswith(problem)
    assert [point.name for point in record.checkpoints] == ["traffic", "rekey-child by initiator"]
    assert purposes(record)[-2:] == ["keys", "unguard"]


def test_a_connection_that_does_not_come_up_is_looked_at_and_ends(tmp_path: Path) -> None:
    result, record = played(tmp_path, Guests({"toy up": Answer(error=b"TS_UNACCEPTABLE\n", status=1)}))
    assert result.verdict is Verdict.FAILED
    assert result.reason.startswith("steps: the connection did not come up: TS_UNACCEPTABLE")
    assert [point.name for point in record.checkpoints] == ["up"]


def test_a_daemon_that_does_not_start_ends_the_cell(tmp_path: Path) -> None:
    result, record = played(tmp_path, Guests({"east: toy start": Answer(error=b"bad option\n", status=1)}))
    assert result.verdict is Verdict.FAILED
    assert result.reason.startswith("steps: responder: the daemon did not start: bad option")
    assert record.checkpoints == ()


def test_a_teardown_that_did_nothing_fails(tmp_path: Path) -> None:
    result, _ = played(tmp_path, Guests({"toy down": Answer()}))
    assert result.verdict is Verdict.FAILED
    assert result.reason.startswith("west: SAs gone (down): still there: 00000100, 00000101")


@pytest.mark.parametrize(
    "start", ["set -e", "ip -batch - <<'END'\nxfrm policy add", "ip xfrm policy list nosock | awk"]
)
def test_what_the_lab_itself_cannot_do_is_a_lab_error(tmp_path: Path, start: str) -> None:
    result, _ = played(tmp_path, Guests({f"west: {start}": Answer(error=b"RTNETLINK answers\n", status=2)}))
    assert result.verdict is Verdict.LAB_ERROR
    assert "west:" in result.reason
    assert "ended with status 2: RTNETLINK answers" in result.reason


@pytest.mark.parametrize("command", ["toy up", "toy status", "ip -s xfrm state", "one() {"])
def test_a_kernel_that_dies_is_a_lab_error_with_all_that_came_before(tmp_path: Path, command: str) -> None:
    panic = Answer(dies=True, console=b"Kernel panic - not syncing: Attempted to kill init!\n")
    result, record = played(tmp_path, Guests({command: panic}))
    assert result.verdict is Verdict.LAB_ERROR
    assert "not syncing" in result.reason
    assert purposes(record)[:2] == ["configure", "start"]


def test_an_action_that_a_daemon_has_no_command_for_ends_the_cell(tmp_path: Path) -> None:
    class Poor(ToyDriver):
        def rekey_child(self, child: Child) -> str | None:
            return None if child else ""

    with installed(toy(driver=Poor)):
        result, _ = played(tmp_path, Guests(), '"up", "traffic", "rekey-child", "traffic", "down"')
    assert result.reason.startswith("steps: initiator: this daemon has no command for rekey-child")


def test_no_sas_are_asked_of_a_daemon_that_was_killed_and_started_again(tmp_path: Path) -> None:
    steps = '"up", "traffic", {do = "kill", by = "initiator"}, {do = "restart", by = "initiator"}, '
    result, record = played(tmp_path, Guests(), steps + '"up", "traffic", "down"')
    assert (result.verdict, result.reason) == (Verdict.PASSED, "")
    assert [point.name for point in record.checkpoints] == ["traffic", "kill", "restart", "traffic", "down"]


def test_both_ends_may_act_at_once(tmp_path: Path) -> None:
    steps = '"up", "traffic", {do = "rekey-child", by = "both"}, "traffic", "down"'
    guests = Guests()
    _, record = played(tmp_path, guests, steps)
    rekeys = [each.host for each in record.commands if each.purpose == "rekey-child"]
    assert rekeys == ["west", "east"]
    assert record.checkpoints[1].name == "rekey-child by both"


def test_a_wait_may_take_as_long_as_it_says(tmp_path: Path) -> None:
    steps = '"up", "traffic", {do = "wait", seconds = 90}, "traffic", "down"'
    result, record = played(tmp_path, Guests(), steps)
    assert (result.verdict, result.reason) == (Verdict.PASSED, "")
    assert [each.command for each in record.commands if each.purpose == "wait"] == ["sleep 90"]


def test_a_segment_can_be_impaired_on_the_way(tmp_path: Path) -> None:
    steps = '"up", "traffic", {do = "impair", impair = "internet:loss=0%"}, "traffic", "down"'
    result, _ = played(tmp_path, Guests(), steps)
    assert (result.verdict, result.reason) == (Verdict.PASSED, "")


MOVE = '"up", "traffic", {do = "move", address = "192.1.2.46"}, "traffic", "down"'
MOBIKE = "[ike]\nmobike = true\n"


def test_an_end_moves_to_another_address_and_is_looked_at(tmp_path: Path) -> None:
    _, record = played(tmp_path, Guests(), MOVE, MOBIKE)
    (move,) = [each for each in record.commands if each.purpose == "move"]
    assert move.host == "west"
    assert move.command.splitlines() == [
        "ip address add 192.1.2.46/24 dev eth1 || exit",
        "ip address del 192.1.2.45/24 dev eth1",
        "ip route replace default via 192.1.2.254",
    ]
    assert [point.name for point in record.checkpoints] == ["traffic", "move", "traffic", "down"]


def test_an_end_that_cannot_move_is_the_labs_failure(tmp_path: Path) -> None:
    refused = Answer(error=b"RTNETLINK answers: File exists\n", status=2)
    result, _ = played(tmp_path, Guests({"ip address add": refused}), MOVE, MOBIKE)
    assert result.verdict is Verdict.LAB_ERROR
    assert result.reason.startswith("lab: west: move ended with status 2: RTNETLINK answers: File exists")


def test_a_child_that_is_deleted_is_named(tmp_path: Path) -> None:
    steps = '"up", "traffic", {do = "delete-child", by = "responder"}, "down"'
    result, record = played(tmp_path, Guests(), steps)
    assert (result.verdict, result.reason) == (Verdict.PASSED, "")
    assert [(each.host, each.command) for each in record.commands if each.purpose == "delete-child"] == [
        ("east", "toy delete net")
    ]


def test_an_initiation_by_both_is_one_of_both(tmp_path: Path) -> None:
    _, record = played(tmp_path, Guests(), '{do = "up", by = "both"}, "traffic", "down"')
    assert [each.host for each in record.commands if each.purpose == "up"] == ["west", "east"]


def test_a_router_translates_before_anything_starts(tmp_path: Path) -> None:
    _, record = played(tmp_path, Guests(), more='[network]\nnat = "initiator"\n')
    assert [(each.host, each.purpose) for each in record.commands[:2]] == [
        ("nic", "nat"),
        ("road", "configure"),
    ]
    assert record.roles == {Role.INITIATOR: "road", Role.RESPONDER: "east"}


def test_a_router_that_cannot_translate_is_a_lab_error(tmp_path: Path) -> None:
    guests = Guests({"nic: tc": Answer(error=b"Unknown qdisc\n", status=1)})
    result, _ = played(tmp_path, guests, more='[network]\nnat = "initiator"\n')
    assert result.verdict is Verdict.LAB_ERROR
    assert result.reason.startswith("lab: nic: nat ended with status 1: Unknown qdisc")


def test_with_a_pool_nothing_is_tried_before_and_the_leased_address_is_used_after(tmp_path: Path) -> None:
    lease = Answer(b"2: eth1    inet 192.0.3.7/32 scope global eth1\n")
    _, record = played(
        tmp_path, Guests({"ip -o address": lease}), more='[responder]\npool = "192.0.3.0/24"\n'
    )
    assert "blocked" not in purposes(record)
    pings = [each.command for each in record.commands if each.purpose == "traffic"]
    assert "one 192.0.3.7 192.0.2.254 56 &" in pings[0]
    assert "one 192.0.2.254 192.0.3.7 56 &" in pings[1]


@pytest.mark.parametrize(
    ("word", "lies"),
    [
        ("192.0.3.7/32", True),
        ("192.0.3.7", True),
        ("192.0.4.7/32", False),
        ("eth1", False),
        ("$(reboot)", False),
        ("2001:db8::1%$(reboot)", False),
        ("", False),
    ],
)
def test_only_addresses_of_the_pool_go_from_a_guest_into_commands(word: str, lies: bool) -> None:
    networks = [ip_network("192.0.3.0/24"), ip_network("2001:db8::/32")]
    assert any(_lies_in(word, network) for network in networks) is lies


HOSTILE = (b"\x00" * 99, b"\xff" * 99, b"==== policy ====\n" * 9, b"done 0001 0\n", b"9" * 9999)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("command", ["toy status", "ip -s xfrm state", "one() {", "toy up", "ip -o address"])
def test_whatever_a_guest_prints_the_cell_has_a_verdict(tmp_path: Path, command: str, text: bytes) -> None:
    answer = Answer(text, text, noise=text + b"\n")
    result, _ = played(tmp_path, Guests({command: answer}), more='[responder]\npool = "192.0.3.0/24"\n')
    assert result.verdict in {Verdict.FAILED, Verdict.LAB_ERROR}


def test_a_refusal_is_looked_at_after_the_refused_has_heard_of_it(tmp_path: Path) -> None:
    refused = '[expect]\noutcome = "refused"\n[initiator]\nexpects = "stranger"\n'
    _, record = played(tmp_path, Guests({"toy up": Answer(error=b"not who I want\n", status=1)}), "", refused)
    order = [each.purpose for each in record.commands]
    assert order.index("up") < order.index("gone") < order.index("kernel")


def test_a_flow_is_sent_by_both_ends_for_as_long_as_it_says(tmp_path: Path) -> None:
    steps = '"up", {do = "flow", seconds = 90, every = 2}, "traffic", "down"'
    told = {"flow() {": Answer(b"192.0.1.254 192.0.2.254 sent 45 received 45\n")}
    result, record = played(tmp_path, Guests(told), steps, limits=HURRIED)
    (flow,) = record.flows
    assert flow.step == 1
    sent = {role: record.commands[index] for role, index in flow.commands.items()}
    assert {role: command.host for role, command in sent.items()} == {
        Role.INITIATOR: "west",
        Role.RESPONDER: "east",
    }
    assert all(" -c 45 -i 2 " in command.command for command in sent.values())
    # West's echoes came back; what east says is of other addresses than its own.
    assert result.reason.startswith("east: flow from responder (step 2): 45 of 45 echoes lost")


def test_who_must_have_noticed_is_looked_at(tmp_path: Path) -> None:
    steps = '"up", {do = "kill", by = "responder"}, {do = "notice", by = "initiator"}'
    _, record = played(tmp_path, Guests(), steps)
    assert [point.name for point in record.checkpoints] == ["up", "kill", "notice by initiator"]


def test_clocks_of_all_hosts_are_set(tmp_path: Path) -> None:
    _, record = played(tmp_path, Guests(), '"up", "traffic", {do = "clock", shift = -60}, "down"')
    assert [each.host for each in record.commands if each.purpose == "clock"] == ["west", "east"]


def test_a_clock_that_cannot_be_set_is_the_labs_failure(tmp_path: Path) -> None:
    guests = Guests({"date -s": Answer(error=b"date: cannot set date\n", status=1)})
    result, _ = played(tmp_path, guests, '"up", {do = "clock", shift = 60}, "down"')
    assert result.verdict == Verdict.LAB_ERROR
    assert "clock ended with status 1: date: cannot set date" in result.reason


def test_an_up_that_must_be_refused_is_no_end_of_the_cell(tmp_path: Path) -> None:
    steps = '"up", "traffic", "down", {do = "up", refused = true}'
    result, record = played(tmp_path, Guests(), steps)
    assert [point.name for point in record.checkpoints] == ["traffic", "down", "refused (step 4)"]
    assert result.verdict == Verdict.FAILED
    assert "refused (step 4): SAs are still there" in result.reason


def test_a_nat_that_maps_ports_is_set_up_and_forgets(tmp_path: Path) -> None:
    network = '[network]\nnat = "initiator"\nnat_timeout = 60\n'
    job = cell_job(tmp_path, Guests(), write_scenario(tmp_path, network, steps='"up", "remap", "down"'))
    kernel = replace(job.equipment.kernel, features=frozenset({"nftables-ipv4"}))
    able = replace(job, equipment=replace(job.equipment, kernel=kernel))
    assert run_job(job, lambda _: None).verdict == Verdict.UNSUPPORTED
    run_job(able, lambda _: None)
    record = read_cell(job.layout.cell)
    on_nic = [(each.host, each.purpose) for each in record.commands if each.host == "nic"]
    assert on_nic == [("nic", "nat"), ("nic", "remap")]
