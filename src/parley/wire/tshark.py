"""Runs tshark(1): as a dissector of single IKE messages, and as a user would, on a whole capture.

A dissector reads what hostile guests sent. It gets a profile of its own, no name resolution, no network, a
time limit, and, where Parley runs as root, the rights of nobody.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from parley.errors import LabError, MissingError
from parley.escape import visible
from parley.lab.jail import Owner
from parley.wire.frame import IKE_PORT, UDP
from parley.wire.keys import ESP_TABLE, IKE_TABLE
from parley.wire.pcapng import PcapngWriter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from parley.wire.keys import Keys

# Seconds; a message takes well under a millisecond.
_TIME_LIMIT = 60.0
_PREFERENCES = """\
esp.enable_encryption_decode: TRUE
esp.enable_authentication_check: TRUE
"""
# Only numbers come back, never text that a guest chose.
_FIELDS = (
    "frame.number",
    "isakmp.typepayload",
    "isakmp.notify.msgtype",
    "isakmp.enc.decrypted",
    "isakmp.ikev2.integrity_checksum",
)
# Proposals and transforms, which are parts of an SA payload (RFC 7296 section 3.3).
_SUBSTRUCTURES = {2, 3}


# With the number of the process behind it: what a killed one left is known for what it is.
_PREFIX = "parley-wireshark-"
# How much of tshark's last words an error quotes (characters): its paths alone may take 500.
_TAIL = 1000


@dataclass(frozen=True, slots=True)
class Dissection:
    """What one message holds: types of payloads and of notifies in order, those of SK or SKF at the end.

    `is_decrypted` holds only if the integrity check did.
    """

    payloads: tuple[int, ...] = ()
    notifies: tuple[int, ...] = ()
    is_decrypted: bool = False


def find_tool(name: str = "tshark") -> str:
    """Path of tshark or wireshark. Raises MissingError."""
    found = shutil.which(name)
    if found is None:
        raise MissingError(f"{name} is not installed", hint=f"apt install {name}")
    return found


@contextmanager
def profile(keys: Keys) -> Iterator[Path]:
    """A throw-away configuration directory of Wireshark's that holds `keys` (WIRESHARK_CONFIG_DIR)."""
    _sweep()
    with tempfile.TemporaryDirectory(prefix=f"{_PREFIX}{os.getpid()}-") as name:
        path = Path(name)
        write_profile(path, keys)
        yield path


def _sweep() -> None:
    """Remove what a process that was killed in the middle has left."""
    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        owner = path.name.removeprefix(_PREFIX).partition("-")[0]
        if owner.isdecimal() and not Path(f"/proc/{owner}").exists():
            shutil.rmtree(path, ignore_errors=True)


def write_profile(path: Path, keys: Keys) -> None:
    """Fill the configuration directory `path`."""
    (path / "preferences").write_text(_PREFERENCES, encoding="ascii")
    (path / IKE_TABLE).write_text(keys.ike_table, encoding="ascii")
    (path / ESP_TABLE).write_text(keys.esp_table, encoding="ascii")


def dissect(messages: Sequence[bytes], keys: Keys) -> list[Dissection]:
    """Dissect IKE messages, each whole and in a packet of its own; fragments (RFC 7383) in order.

    Raises MissingError without tshark, LabError if it fails.
    """
    tool = find_tool()
    if not messages:
        return []
    with profile(keys) as directory:
        _write_capture(directory / "messages.pcapng", messages)
        output = _run(tool, directory)
    found = [Dissection()] * len(messages)
    for line in output.splitlines():
        number, *values = line.split("\t")
        found[int(number) - 1] = _dissection(values)
    return found


def _run(tool: str, directory: Path) -> str:
    command = [tool, "-n", "-r", "messages.pcapng", "-T", "fields"]
    for field in _FIELDS:
        command += ["-e", field]
    owner = Owner.current()
    is_root = os.geteuid() == 0
    if is_root:
        for path in (directory, *directory.iterdir()):
            os.chown(path, owner.uid, owner.gid)
    try:
        done = subprocess.run(
            command,
            cwd=directory,
            env=_environment(directory),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIME_LIMIT,
            check=False,
            user=owner.uid if is_root else None,
            group=owner.gid if is_root else None,
            extra_groups=() if is_root else None,
        )
    except subprocess.TimeoutExpired as error:
        raise LabError(f"tshark did not end within {_TIME_LIMIT:.0f} s") from error
    if done.returncode:
        words = visible(done.stderr.decode("utf-8", "replace").strip())[-_TAIL:]
        raise LabError(f"tshark failed with {done.returncode}: {words}")
    return done.stdout.decode("ascii", "replace")


def _environment(directory: Path) -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(directory),
        "TMPDIR": str(directory),
        "WIRESHARK_CONFIG_DIR": str(directory),
        "LC_ALL": "C.UTF-8",
    }


def _write_capture(path: Path, messages: Sequence[bytes]) -> None:
    """Each message as UDP from and to port 500, between addresses that its SPIs give.

    So fragments of two SAs are never mixed up, whatever NAT or the guests made of addresses and ports.
    """
    with PcapngWriter.create(path) as writer:
        interface = writer.add_interface("ike")
        for number, message in enumerate(messages):
            writer.write(interface, number, _frame(message))


def _frame(message: bytes) -> bytes:
    size = 8 + len(message)
    both = b"\xfd" + sha256(message[:16]).digest()[:14]
    ends = (both + b"\1", both + b"\2")
    # The initiator flag (RFC 7296 section 3.1).
    source, destination = ends if message[19] & 0x08 else reversed(ends)
    port = IKE_PORT.to_bytes(2)
    return b"".join(
        (
            bytes(12),
            b"\x86\xdd\x60\0\0\0",
            size.to_bytes(2),
            bytes((UDP, 64)),
            source,
            destination,
            port,
            port,
            size.to_bytes(2),
            b"\0\0",
            message,
        )
    )


def _dissection(values: Sequence[str]) -> Dissection:
    payloads, notifies, decrypted, incorrect = values
    types = (number for number in _numbers(payloads) if number not in _SUBSTRUCTURES)
    return Dissection(tuple(types), tuple(_numbers(notifies)), is_decrypted=bool(decrypted and not incorrect))


def _numbers(text: str) -> list[int]:
    return [int(number, 0) for number in text.split(",")] if text else []
