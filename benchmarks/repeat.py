"""Two runs of the same scenario in virtual time, compared message by message.

    python benchmarks/repeat.py SELECTOR...

Runs the cells twice and compares their IKE messages one by one: sender, exchange, message id, payloads and
time. Keys and nonces differ, and what a daemon draws by chance does too: Libreswan's rekey margin, for
instance. Prints one line per cell and the first message that differs; exits 1 if the messages of a cell
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
from parley.wire.ladder import find_ladder

if TYPE_CHECKING:
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


def compare(case: str, one: tuple[Message, ...], other: tuple[Message, ...]) -> bool:
    """Print how far the messages of two runs differ; whether they are the same."""
    pairs = list(zip_longest(one, other))
    strange = next(((left, right) for left, right in pairs if shown(left) != shown(right)), None)
    apart = max((abs(left.seconds - right.seconds) for left, right in pairs if left and right), default=0)
    again = sum(message.is_retransmission for message in (*one, *other))
    verdict = "same" if strange is None else "DIFFERENT"
    print(f"{case:45} {len(one):5} messages  {verdict}  {apart * 1000:11.3f} ms apart  {again} sent again")
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
                ladders = [find_ladder(layout).messages for layout in layouts]
                results.append(compare(case, *ladders))
        return 0 if results and all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
