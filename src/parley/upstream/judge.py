"""Both layers of judgement of one of Libreswan's own cases.

Theirs decides: what their sanitizers make of a console is compared with the reference byte for byte, and
their checks of logs and consoles hold (testing/utils/fab/post.py). Ours, of leftovers, core files and the
wire, stand beside it as warnings, and change nothing.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from parley.errors import LabError
from parley.judge.state import check_state
from parley.judge.wire import check_wire
from parley.lab.jail import Jail
from parley.transcript.compare import compare
from parley.upstream.console import ALL, consoles
from parley.upstream.tree import Tree
from parley.verdict import Check, CheckState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parley.record.layout import CaseLayout
    from parley.record.results import PlayRecord

# Issue -> what its log (l), its raw (r) or its sanitized console (s) must not hold.
_PATTERNS = (
    ("ASSERTION", "lr", rb"ASSERTION FAILED"),
    ("EXPECTATION", "lr", rb"EXPECTATION FAILED"),
    ("PRINTF_NULL", "lrs", rb"\(null\)"),
    ("ISCNTRL", "l", rb"[^ -~\n]"),
    ("ISCNTRL", "s", rb"[^ -~\r\n\t]"),
    ("LEAK", "l", rb"leak detective found [0-9]+ leaks"),
    ("CORE", "r", rb"[\r\n]CORE FOUND"),
    ("SEGFAULT", "r", rb"SEGFAULT"),
    ("GPFAULT", "r", rb"GPFAULT"),
    ("REFCNT", "r", rb"FAIL: reference counts"),
    ("KERNEL", "s", rb"\[ *\d+\.\d+\] Call Trace:"),
)
_SANITIZER_LIMIT = 60.0  # seconds

SAME = "as the reference"
DIFFERENT = "output-different"
WHITESPACE = "output-whitespace"
UNCHECKED = "output-unchecked"
SANITIZER = "sanitizer-failed"
TRUNCATED = "output-truncated"
TIMEOUT = "TIMEOUT"
# Upstream's names of all that can be wrong with a case.
ISSUES = frozenset(
    {*(name for name, _, _ in _PATTERNS), DIFFERENT, WHITESPACE, UNCHECKED, SANITIZER, TIMEOUT, TRUNCATED}
)


def judge_upstream(layout: CaseLayout, record: PlayRecord) -> tuple[Check, ...]:
    """All checks of a played case. Writes consoles, raw and sanitized, as a by-product."""
    try:
        return tuple(_checks(layout, record))
    except LabError as error:
        return (Check("lab", CheckState.ERROR, "", str(error)),)


def _checks(layout: CaseLayout, record: PlayRecord) -> Iterator[Check]:
    jail = Jail(layout.share)
    if record.error:
        yield Check(TRUNCATED, CheckState.ERROR, "", record.error)
    if record.stopped:
        yield Check(TIMEOUT, CheckState.FAILED, "", record.stopped)
    raw = consoles(record, _outputs(jail, record))
    for name, text in raw.items():
        layout.raw_transcript(name).write_bytes(text)
    for name in [ALL] if "" in record.references else [host.name for host in record.hosts]:
        yield from _check_console(layout, record, name, raw[name])
    for host in record.hosts:
        yield from _check_log(jail, record.case, host.name)
    if not record.error:
        yield from _ours(layout, jail, record)


def _outputs(jail: Jail, record: PlayRecord) -> dict[int, bytes]:
    outputs = {}
    for step in record.steps:
        if step.output:
            try:
                outputs[step.index] = jail.read(step.output)
            except OSError:
                outputs[step.index] = b""
    return outputs


def _check_console(layout: CaseLayout, record: PlayRecord, name: str, raw: bytes) -> Iterator[Check]:
    host = "" if name == ALL else name
    yield from _scan("r", raw, host, layout.raw_transcript(name).name)
    try:
        clean = sanitize(Path(record.directory), name, raw)
    except (OSError, subprocess.SubprocessError) as error:
        yield Check(SANITIZER, CheckState.ERROR, host, _complaint(error))
        return
    layout.transcript(name).write_bytes(clean)
    yield from _scan("s", clean, host, layout.transcript(name).name)
    yield _compare(layout, record, name, clean)


def sanitize(case: Path, name: str, raw: bytes) -> bytes:
    """What the sanitizers of the tree that `case` lies in make of a console of host `name`.

    Raises OSError if they cannot be run, SubprocessError if one of them fails or complains: upstream
    takes any complaint for a failure.
    """
    tree = Tree(case.parent.parent.parent)
    with tempfile.TemporaryDirectory(prefix="parley-") as directory:
        # The script takes the host from the file's name.
        console = Path(directory, f"{name}.console.verbose.txt")
        console.write_bytes(raw)
        # They are written for GNU awk, and call it by the name that other systems have for another one.
        if gawk := shutil.which("gawk"):
            Path(directory, "awk").symlink_to(gawk)
        result = subprocess.run(
            ["bash", tree.sanitizer, console, case],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            timeout=_SANITIZER_LIMIT,
            env={"PATH": f"{directory}:/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        )
    if result.stderr:
        raise subprocess.CalledProcessError(0, "sanitizer.sh", stderr=result.stderr)
    return result.stdout


def _compare(layout: CaseLayout, record: PlayRecord, name: str, clean: bytes) -> Check:
    host = "" if name == ALL else name
    evidence = layout.transcript(name).name
    path = Path(record.directory) / f"{name}.console.txt"
    try:
        reference = path.read_bytes()
    except FileNotFoundError:
        return Check(UNCHECKED, CheckState.FAILED, host, "there is no reference", evidence)
    except OSError as error:
        return Check(UNCHECKED, CheckState.ERROR, host, f"{path}: {error.strerror}", evidence)
    if reference == clean:
        return Check(SAME, CheckState.OK, host)
    issue = WHITESPACE if _squeeze(reference) == _squeeze(clean) else DIFFERENT
    comparison = compare(_text(clean), _text(reference))
    return Check(issue, CheckState.DIFFERS, host, comparison.summary, evidence)


def _check_log(jail: Jail, case: str, host: str) -> Iterator[Check]:
    name = f"testing/pluto/{case}/OUTPUT/{host}.pluto.log"
    try:
        log = jail.read(name)
    except OSError:
        return
    yield from _scan("l", log, host, f"share/{name}")


def _scan(where: str, text: bytes, host: str, evidence: str) -> Iterator[Check]:
    for issue, places, pattern in _PATTERNS:
        found = re.search(pattern, text, re.MULTILINE) if where in places else None
        if found:
            start = text.rfind(b"\n", 0, found.start() + 1) + 1
            line = _text(text[start : start + 300].split(b"\n")[0])
            yield Check(issue, CheckState.FAILED, host, line, evidence)


def _ours(layout: CaseLayout, jail: Jail, record: PlayRecord) -> Iterator[Check]:
    ours = [check for host in record.hosts for check in check_state(jail, host.name)]
    for check in (*ours, check_wire(layout)):
        is_fine = check.state is CheckState.OK
        yield check if is_fine else replace(check, state=CheckState.WARNING)


def _squeeze(text: bytes) -> bytes:
    text = re.sub(rb"[ \t]+", b"", text)
    return re.sub(rb"\n+", b"\n", text).removeprefix(b"\n")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")


def _complaint(error: OSError | subprocess.SubprocessError) -> str:
    stderr = getattr(error, "stderr", None)
    return _text(stderr).strip()[-300:] if stderr else str(error)
