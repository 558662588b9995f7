from __future__ import annotations

from typing import TYPE_CHECKING

from driver_samples import gathered_keys
from parley.daemon.strongswan.config import KEY_LOG
from parley.daemon.strongswan.keys import gather_keys

if TYPE_CHECKING:
    from pathlib import Path

INTEGRITY = '"HMAC_SHA2_256_128 [RFC4868]"'


def dump(thread: str, name: str, octets: str) -> list[str]:
    """How charon prints octets: sixteen a line, and as text beside them."""
    lines = [f"{thread}[IKE] {name} => {len(octets) // 2} bytes @ 0x5500000fc660"]
    for offset in range(0, len(octets), 32):
        part = octets[offset : offset + 32].upper()
        pairs = " ".join(part[index : index + 2] for index in range(0, len(part), 2))
        lines.append(f"{thread}[IKE] {offset // 2:4}: {pairs:<47}  .B{{,O: 12: AB CD")
    return lines


def derived(thread: str, seed: str, *, integrity: bool = True) -> list[str]:
    keys = {"d": "0" * 64}
    if integrity:
        keys |= {"ai": f"{seed}1" * 32, "ar": f"{seed}2" * 32}
    keys |= {"ei": f"{seed}3" * 20, "er": f"{seed}4" * 20, "pi": "0" * 64, "pr": "0" * 64}
    return [line for name, key in keys.items() for line in dump(thread, f"Sk_{name} secret", key)]


def row(seed: str, cipher: str = "AES-CBC-128 [RFC3602]", *, integrity: bool = True) -> str:
    check = f"{f'{seed}1' * 32},{f'{seed}2' * 32},{INTEGRITY}" if integrity else ',,"NONE [RFC4306]"'
    return f'{f"{seed}3" * 20},{f"{seed}4" * 20},"{cipher}",{check}'


def exchange(thread: str, name: str) -> str:
    return f"{thread}[ENC] parsed {name} response 1 [ SA KE No ]"


CHOSEN = "[CFG] selected proposal: IKE:AES_CBC_128/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/ECP_256"
CHOSEN_AEAD = "[CFG] selected proposal: IKE:AES_GCM_16_128/PRF_HMAC_SHA2_256/CURVE_25519/KE1_ML_KEM_768"


def rows(tmp_path: Path, lines: list[str]) -> list[str]:
    return gathered_keys(gather_keys(), KEY_LOG, "\n".join(lines) + "\n", tmp_path)


def test_keys_of_an_initiator(tmp_path: Path) -> None:
    log = [
        "12[MGR] checkin IKEv2 SA parley[1] with SPIs f94f71ed297c4b43_i 0000000000000000_r",
        "13[MGR] checkout IKEv2 SA by message with SPIs f94f71ed297c4b43_i 3748f0654ff1a31c_r",
        exchange("13", "IKE_SA_INIT"),
        f"13{CHOSEN}",
        *derived("13", "a"),
        "13[MGR] checkin IKEv2 SA parley[1] with SPIs f94f71ed297c4b43_i 3748f0654ff1a31c_r",
        "13[MGR] checkin IKEv2 SA parley[1] with SPIs f94f71ed297c4b43_i 3748f0654ff1a31c_r",
    ]
    assert rows(tmp_path, log) == [f"f94f71ed297c4b43,3748f0654ff1a31c,{row('a')}"]


def test_a_rekeyed_ike_sa_has_a_row_of_its_own(tmp_path: Path) -> None:
    first, second = ("1111111111111111", "2222222222222222"), ("3333333333333333", "4444444444444444")
    log = [
        exchange("13", "IKE_SA_INIT"),
        f"13{CHOSEN}",
        *derived("13", "a"),
        f"13[MGR] checkin IKEv2 SA parley[1] with SPIs {first[0]}_i {first[1]}_r",
        f"05[MGR] checkout IKEv2 SA by message with SPIs {first[0]}_i {first[1]}_r",
        exchange("05", "CREATE_CHILD_SA"),
        f"05{CHOSEN}",
        *derived("05", "b"),
        # The responder of a rekey returns the old IKE SA first.
        f"05[MGR] checkin IKEv2 SA parley[1] with SPIs {first[0]}_i {first[1]}_r",
        f"05[MGR] checkin IKEv2 SA parley[2] with SPIs {second[0]}_i {second[1]}_r",
    ]
    assert rows(tmp_path, log) == [f"{','.join(first)},{row('a')}", f"{','.join(second)},{row('b')}"]


def test_keys_derived_again_after_an_intermediate_exchange_replace_the_first(tmp_path: Path) -> None:
    spis = "1111111111111111_i 2222222222222222_r"
    log = [
        exchange("13", "IKE_SA_INIT"),
        f"13{CHOSEN_AEAD}",
        *derived("13", "a", integrity=False),
        f"13[MGR] checkin IKEv2 SA parley[1] with SPIs {spis}",
        f"14[MGR] checkout IKEv2 SA by message with SPIs {spis}",
        exchange("14", "IKE_INTERMEDIATE"),
        *derived("14", "c", integrity=False),
        f"14[MGR] checkin IKEv2 SA parley[1] with SPIs {spis}",
    ]
    cipher = "AES-GCM-128 with 16 octet ICV [RFC5282]"
    assert rows(tmp_path, log) == [f"1111111111111111,2222222222222222,{row('c', cipher, integrity=False)}"]


def test_a_post_quantum_key_changes_other_keys_only(tmp_path: Path) -> None:
    spis = "1111111111111111_i 2222222222222222_r"
    again = [line for name in ("d", "pi", "pr") for line in dump("13", f"Sk_{name} secret", "7" * 64)]
    log = [
        exchange("13", "IKE_SA_INIT"),
        f"13{CHOSEN}",
        *derived("13", "a"),
        *again,
        f"13[MGR] checkin IKEv2 SA parley[1] with SPIs {spis}",
        "13[MGR] checkin IKEv2 SA parley[2] with SPIs 3333333333333333_i 4444444444444444_r",
    ]
    assert rows(tmp_path, log) == [f"1111111111111111,2222222222222222,{row('a')}"]


def test_no_keys_no_table(tmp_path: Path) -> None:
    assert rows(tmp_path, ["12[IKE] initiating IKE_SA parley[1] to 192.1.2.23"]) == []
