"""Two runs of the same scenario in virtual time, compared message by message.

    python benchmarks/repeat.py SELECTOR...

Runs the cells twice and compares their IKE messages one by one: sender, exchange, message id, payloads and
time; and all captured frames byte by byte. SELECTOR may be an option of `parley matrix` too: `--seed=7`, with
which both run. Prints one line per cell and the first message that differs; exits 1 if the messages of a cell
are not the same.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from parley.record.layout import RunLayout
from parley.report.load import load_run
from parley.wire.capture import PcapngReader
from parley.wire.ladder import find_ladder

if TYPE_CHECKING:
    from parley.record.layout import CaseLayout
    from parley.wire.message import Message


def play(place: Path, selectors: list[str]) -> None:
    """Run the cells in virtual time, one after the other."""
    words = ("matrix", *selectors, "--clock=virtual", "--jobs=1", "--no-html", f"--output={place}")
    command = [sys.executable, "-m", "parley", *words]
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL)


def shown(message: Message | None) -> str:
    """All of a message that must be the same."""
    if message is None:
        return "nothing"
    return f"{message.sender} {message.exchange} {message.kind} {message.message_id} {message.content}"


def frames_apart(layouts: list[CaseLayout]) -> tuple[int, int, int]:
    """How many frames there are, how many of them differ, and how far times are apart (nanoseconds)."""
    pairs = list(zip_longest(*(PcapngReader(layout.capture) for layout in layouts)))
    differ = sum(left is None or right is None or left.data != right.data for left, right in pairs)
    times = (abs(left.time_ns - right.time_ns) for left, right in pairs if left and right)
    return len(pairs), differ, max(times, default=0)


def compare(case: str, layouts: list[CaseLayout]) -> bool:
    """Print how far two runs of a case differ; whether their messages are the same."""
    one, other = (find_ladder(layout).messages for layout in layouts)
    pairs = list(zip_longest(one, other))
    strange = next(((left, right) for left, right in pairs if shown(left) != shown(right)), None)
    frames, differ, apart = frames_apart(layouts)
    again = sum(message.is_retransmission for message in (*one, *other))
    verdict = "same" if strange is None else "DIFFERENT"
    print(
        f"{case:45} {len(one):5} messages  {verdict}  {again} sent again  "
        f"{frames:6} frames  {differ} differ  {apart} ns apart"
    )
    if strange is not None:
        print(f"    first: {shown(strange[0])}\n    then:  {shown(strange[1])}")
    return strange is None


def main() -> int:
    """Run twice, compare, return the exit code."""
    with tempfile.TemporaryDirectory(prefix="parley-repeat-") as directory:
        # Guests run as nobody when root runs this.
        Path(directory).chmod(0o755)
        runs = [Path(directory) / name for name in ("first", "second")]
        for run in runs:
            play(run, sys.argv[1:])
        cases = load_run(runs[0]).record.cases
        results = []
        for case in cases:
            layouts = [RunLayout(run).case(case) for run in runs]
            if all(layout.capture.exists() for layout in layouts):
                results.append(compare(case, layouts))
        return 0 if results and all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
