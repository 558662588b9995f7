from __future__ import annotations

import subprocess
from importlib.resources import files

import pytest

AGENT = (files("parley.platform") / "guest" / "agent.sh").read_text()
END_TREE = AGENT[AGENT.index("end_tree() {") :].partition("\n}\n")[0] + "\n}\n"

# Ends what looks for a tree in a shell of its own, as the agent does, and says whether any of it is left.
PLAY = """
( {command} ) >/dev/null 2>&1 &
tree=$!
until pgrep -P $tree >/dev/null; do sleep 0.01; done
sleep 0.1
below() {{ for pid in $(pgrep -P "$1"); do echo "$pid"; (below "$pid"); done; }}
all=$(below $tree)
end_tree $tree
wait $tree
alive() {{ [ -e "/proc/$1/stat" ] && [ "$(cut -d ' ' -f 3 "/proc/$1/stat")" != Z ]; }}
for pid in $all; do
    # What was killed takes a moment to die.
    tries=500
    while alive "$pid" && [ $tries -gt 0 ]; do tries=$((tries - 1)); sleep 0.01; done
    if alive "$pid"; then
        echo "$pid is left"
        kill -KILL "$pid"
    fi
done
"""


@pytest.mark.parametrize(
    "command",
    [
        "sleep 60; true",
        # A loop would start another one for each that is ended.
        "(while :; do sleep 60; done); true",
        "(until (sleep 60; false); do sleep 60; done); true",
        "(sh -c 'sh -c \"sleep 60; true\"; sleep 60'); true",
        "(sleep 60 & sleep 60 & wait); true",
    ],
)
def test_a_command_is_ended_however_deep(command: str) -> None:
    script = END_TREE + PLAY.format(command=command)
    ended = subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=20, check=False)
    assert (ended.stdout, ended.returncode) == ("", 0), ended.stderr
