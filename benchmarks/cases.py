"""What the lab costs on top of what the daemons themselves take.

    python benchmarks/cases.py [--repeat N] [--case NAME]

Runs a case N times by the command line, as a user does, and prints medians: the whole command, its
phases, and the daemons' own time (their start, the exchange, the teardown, as the steps took in the
guest). The last line is the ratio of the two. Run it on a quiet machine.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# Steps in which the daemons work; all others are the case's own proofs.
OWN = (
    "-start.sh",
    "ipsec up",
    "ipsec down",
    "iked-up.sh",
    "swanctl --initiate",
    "swanctl --terminate",
    "ikectl reset",
)


def measure(case: str, directory: Path) -> dict[str, float]:
    """Run `case` once; seconds by phase."""
    began = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "parley", "run", case, "--output", directory],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    whole = time.monotonic() - began
    record = json.loads((directory / "cases" / case / "play.json").read_text())
    own = sum(step["elapsed"] for step in record["steps"] if any(word in step["text"] for word in OWN))
    return {"command": whole, **record["durations"], "daemons": own}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=11)
    parser.add_argument("--case", default="interop-ikev2-openbsd-01")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as directory:
        # Hosts run as nobody when root runs this, and must reach the run.
        Path(directory).chmod(0o755)
        rows = [measure(options.case, Path(directory) / str(number)) for number in range(options.repeat + 1)]
    # The first run warms the page cache and is not counted.
    counted = rows[1:]
    print(f"{options.case} on {platform.platform()}, {options.repeat} runs, seconds")
    for name in counted[0]:
        values = [row[name] for row in counted]
        print(f"{name:<10} median {statistics.median(values):.2f}  ({min(values):.2f} to {max(values):.2f})")
    ratios = [row["command"] / row["daemons"] for row in counted]
    print(f"whole command to the daemons' own time: {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
