from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cell_samples import AS_ASKED, IN, KEY, OTHER_KEY, OUT, Cell, kernel, pair, shown, status
from parley.cell.agreement import check_agreement
from parley.cell.evidence import fingerprint
from parley.cell.record import Checkpoint
from parley.scenario.model import Role
from scenario_files import scenario

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("toys")

CBC = "enc cbc(aes) 0x{key} (160 bits)"
SHA = "auth-trunc hmac(sha256) 0x{key} (256 bits) 128"


@pytest.fixture
def cell(tmp_path: Path) -> Cell:
    return Cell(tmp_path)


def complaints(cell: Cell) -> list[str]:
    return shown(list(check_agreement(cell.evidence)))


def test_two_ends_with_the_same_sas_agree(cell: Cell) -> None:
    cell.look("traffic", pair(), more=6)
    checks = list(check_agreement(cell.evidence))
    assert shown(checks) == []
    assert {check.name for check in checks} == {
        "kernels agree (traffic)",
        "selectors agree (traffic)",
        "SA as asked for",
        "daemons agree on the IKE SA",
        "daemon agrees with its kernel",
    }


def test_nothing_was_ever_established(cell: Cell) -> None:
    cell.look("down", ())
    assert complaints(cell) == ["established: no SA was ever looked at"]


@pytest.mark.parametrize("name", ["down", "kill", "restart", "delete-child"])
def test_no_sas_are_asked_of_ends_that_were_told_to_have_none(cell: Cell, name: str) -> None:
    cell.look("traffic", pair(), more=6)
    cell.look(name, pair(), ())
    assert not any("kernels agree" in line for line in complaints(cell))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"key": "c3" * 20}, "encryption key differs: fingerprints {mine} and {theirs}"),
        ({"mode": "transport"}, "mode is tunnel and transport"),
        ({"algorithm": "aead rfc4106(gcm(aes)) 0x{key} (160 bits) 96"}, "encryption is"),
        ({"algorithm": CBC}, "encryption is ENCR_AES_GCM_16-128 and ENCR_AES_CBC-160"),
        ({"algorithm": "aead rfc4106(gcm(aes)) 0x{key} (160 bits) 128\n\t" + SHA}, "integrity is  and"),
        ({"flags": "af-unspec esn"}, "esn is False and True"),
    ],
)
def test_an_sa_that_is_another_on_one_end_is_found_out(
    cell: Cell, change: dict[str, str], problem: str
) -> None:
    west = pair()
    cell.look("traffic", west, (replace(west[0], **change), west[1]), more=6)  # type: ignore[arg-type]  # by name
    problem = problem.format(mine=fingerprint(KEY), theirs=fingerprint("c3" * 20))
    assert complaints(cell)[0].startswith(f"kernels agree (traffic): SPI {OUT}: {problem}")


def test_another_integrity_key_is_found_out(cell: Cell) -> None:
    west = pair(algorithm=f"{CBC}\n\t{SHA}")
    other = replace(west[0], algorithm=f"{CBC}\n\t{SHA}".replace("0x{key} (256", "0x" + "c3" * 20 + " (256"))
    cell.look("traffic", west, (other, west[1]), more=6)
    assert "integrity key differs: fingerprints" in complaints(cell)[0]


def test_another_spi_on_one_end_is_found_out(cell: Cell) -> None:
    cell.look("traffic", pair(), pair(out="0badcafe"), more=6)
    assert complaints(cell)[0] == (
        "kernels agree (traffic): no pair of SAs is on both ends: "
        f"initiator {IN}, {OUT}; responder 0badcafe, {IN}"
    )


def test_an_end_without_any_sa_is_found_out(cell: Cell) -> None:
    cell.look("traffic", pair(), (), more=6)
    first = complaints(cell)[0]
    assert first.endswith(f"initiator {IN}, {OUT}; responder none")


def test_an_sa_of_another_protocol_with_the_same_number_is_not_the_same(cell: Cell) -> None:
    cell.look("traffic", pair(), pair(protocol="ah", algorithm=SHA), more=6)
    assert "no pair of SAs is on both ends" in complaints(cell)[0]


def test_the_sas_of_ipcomp_do_not_stand_in_for_keyed_ones(cell: Cell) -> None:
    cell.look("traffic", pair(protocol="comp", algorithm="comp deflate "), more=6)
    assert "initiator none; responder none" in complaints(cell)[0]


def test_keys_are_never_shown(cell: Cell) -> None:
    west = pair()
    cell.look("traffic", west, (replace(west[0], key="c3" * 20), west[1]), more=6)
    cell.look("rekey-child by initiator", pair("0000000a", "0000000b"), more=6)
    text = repr(list(check_agreement(cell.evidence)))
    assert fingerprint(KEY) in text
    for key in (KEY, OTHER_KEY, "c3" * 20):
        assert key[:16] not in text


def test_fingerprints_tell_keys_apart_and_no_key_is_none() -> None:
    assert fingerprint(KEY) != fingerprint(OTHER_KEY)
    assert fingerprint("") == "none"
    assert len(fingerprint(KEY)) == 12


def test_ends_that_tunnel_different_networks_are_found_out(cell: Cell) -> None:
    cell.look("traffic", pair())
    index = cell.ran(Role.RESPONDER, "kernel", kernel(Role.RESPONDER, pair(), other="192.0.3.0/24"))
    point = cell.checkpoints.pop()
    cell.checkpoints.append(replace(point, kernel={**point.kernel, Role.RESPONDER: index}))
    (line,) = complaints(cell)
    assert line == (
        "selectors agree (traffic): initiator sends 192.0.1.0/24 to 192.0.2.0/24; "
        "responder takes 192.0.1.0/24 to 192.0.3.0/24"
    )


def test_translated_addresses_of_transport_mode_are_not_compared(tmp_path: Path) -> None:
    text = AS_ASKED + 'mode = "transport"\n[network]\nnat = "initiator"\n'
    cell = Cell(tmp_path, scenario(text))
    cell.look("traffic", pair(mode="transport"), more=6)
    assert not any("selectors" in check.name for check in check_agreement(cell.evidence))


@pytest.mark.parametrize(
    ("asked", "change", "problem"),
    [
        (
            'encryption = "ENCR_AES_GCM_16-256"',
            {},
            "encryption is ENCR_AES_GCM_16-128, not ENCR_AES_GCM_16-256",
        ),
        (
            'encryption = "ENCR_AES_CBC-128"\nintegrity = "AUTH_HMAC_SHA2_512_256"',
            {"algorithm": "enc cbc(aes) 0x" + "a1" * 16 + " (128 bits)\n\t" + SHA},
            "integrity is AUTH_HMAC_SHA2_256_128, not AUTH_HMAC_SHA2_512_256",
        ),
        (
            'encryption = "ENCR_AES_CBC-128"\nintegrity = "AUTH_HMAC_SHA2_256_128"',
            {"algorithm": "enc cbc(aes) 0x" + "a1" * 16 + " (128 bits)"},
            "integrity is none, not AUTH_HMAC_SHA2_256_128",
        ),
        ('mode = "transport"', {}, "mode is tunnel, not transport"),
        ('protocol = "ah"', {}, "protocol is esp, not ah"),
        (
            "esn = true",
            {},
            "it has no extended sequence numbers, and extended sequence numbers were asked for",
        ),
        (
            "esn = false",
            {"flags": "af-unspec esnextra_flag dont-encap-dscp"},
            "it has extended sequence numbers, and no extended sequence numbers were asked for",
        ),
    ],
)
def test_what_was_not_asked_for_is_found_out(
    tmp_path: Path, asked: str, change: dict[str, str], problem: str
) -> None:
    cell = Cell(tmp_path, scenario(f"[child]\n{asked}\n"))
    cell.look("traffic", pair(**change), more=6)
    wanted = f"traffic: SPI {IN}: {problem}", f"traffic: SPI {OUT}: {problem}"
    found = [line for line in complaints(cell) if "SA as asked for" in line]
    assert [line.partition(": ")[0] for line in found] == ["SA as asked for [west]", "SA as asked for [east]"]
    assert all(line.partition(": ")[2] in wanted for line in found)


def test_an_algorithm_that_only_one_end_was_to_accept_is_found_out(tmp_path: Path) -> None:
    text = '[child]\nencryption = ["ENCR_AES_GCM_16-128", "ENCR_AES_GCM_16-256"]\n'
    cell = Cell(tmp_path, scenario(text + '[responder.child]\nencryption = "ENCR_AES_GCM_16-256"\n'))
    cell.look("traffic", pair(), more=6)
    assert "SA as asked for" in complaints(cell)[0]
    assert "not ENCR_AES_GCM_16-256" in complaints(cell)[0]


def test_any_of_several_that_were_asked_for_is_fine(tmp_path: Path) -> None:
    cell = Cell(tmp_path, scenario('[child]\nencryption = ["ENCR_AES_GCM_16-256", "ENCR_AES_GCM_16-128"]\n'))
    cell.look("traffic", pair(), more=6)
    assert complaints(cell) == []


def test_a_rekey_that_changes_the_algorithm_is_found_out(cell: Cell) -> None:
    cell.look("traffic", pair(), more=6)
    cell.look("rekey-child by initiator", pair("0000000a", "0000000b", algorithm=CBC), more=6)
    assert any(
        "SA as asked for [west]: rekey-child by initiator: SPI 0000000" in line for line in complaints(cell)
    )


def test_daemons_that_speak_of_different_ike_sas_are_found_out(cell: Cell) -> None:
    says = {Role.INITIATOR: status("00000000000000aa"), Role.RESPONDER: status("00000000000000ff")}
    cell.look("traffic", pair(), more=6, says=says)
    assert complaints(cell) == ["daemons agree on the IKE SA: they have no IKE SA with the same SPIs"]


def test_daemons_that_tell_of_different_algorithms_are_found_out(cell: Cell) -> None:
    cell.look("traffic", pair(), more=6, says={Role.INITIATOR: status(encryption="ENCR_Y")})
    assert complaints(cell) == ["daemons agree on the IKE SA: encryption: ENCR_Y and ENCR_X"]


def test_an_ike_algorithm_that_was_not_asked_for_is_found_out_in_any_ike_sa(tmp_path: Path) -> None:
    asked = '[ike]\nencryption = "ENCR_AES_GCM_16-256"\nprf = "PRF_HMAC_SHA2_256"\nke = "CURVE25519"\n'
    cell = Cell(tmp_path, scenario(AS_ASKED + asked))
    good = status("00000000000000ff", encryption="ENCR_AES_GCM_16-256")
    says = dict.fromkeys(Role, status() + good)
    cell.look("traffic", pair(), more=6, says=says)
    assert "daemons agree on the IKE SA: encryption is ENCR_X, not ENCR_AES_GCM_16-256" in complaints(cell)


def test_a_daemon_that_claims_an_spi_its_kernel_lacks_is_found_out(cell: Cell) -> None:
    says = {Role.RESPONDER: status(children=((OUT, IN), ("0badcafe", IN)))}
    cell.look("traffic", pair(), more=6, says=says)
    assert complaints(cell) == ["daemon agrees with its kernel [east]: its kernel lacks SPI 0badcafe"]


def test_a_daemon_that_shows_no_child_sa_is_found_out(cell: Cell) -> None:
    cell.look("traffic", pair(), more=6, says={Role.INITIATOR: status(children=())})
    assert complaints(cell) == ["daemon agrees with its kernel [west]: the daemon shows no Child SA"]


@pytest.mark.parametrize(
    "text", ["gibberish\n", "==== policy ====\n", "\x00\x1b[2J", "child \n", "done 0001 0\n"]
)
def test_a_status_that_is_none_is_an_error_that_names_the_host(cell: Cell, text: str) -> None:
    cell.look("traffic", pair(), more=6, says={Role.RESPONDER: text})
    (line,) = complaints(cell)
    assert line.startswith("daemon's view [east]: status not understood: ValueError: no status")


def test_a_mark_of_the_labs_own_in_a_guests_words_does_no_harm(cell: Cell) -> None:
    cell.look("traffic", pair(), more=6, says={Role.INITIATOR: "==== policy ====\n" + status()})
    assert len(complaints(cell)) == 1
    text = kernel(Role.INITIATOR, pair())
    cell.commands.clear()
    index = cell.ran(Role.INITIATOR, "kernel", "==== policy ====\n" + text)
    assert cell.evidence.kernel(index).sas == ()


@pytest.mark.parametrize(
    ("output", "code"),
    [("", 0), ("src 192.1.2.45", 0), (kernel(Role.INITIATOR, ()), 1), (b"\xff" * 99, None)],
)
def test_a_kernel_that_did_not_show_its_state_proves_nothing(
    cell: Cell, output: str | bytes, code: int | None
) -> None:
    index = cell.ran(Role.INITIATOR, "kernel", output, code=code)
    cell.checkpoints.append(Checkpoint("up", dict.fromkeys(Role, index), dict.fromkeys(Role, index)))
    with pytest.raises(ValueError, match=r"west did not show its kernel's state: share/west/cmd/0000\.out"):
        list(check_agreement(cell.evidence))
