"""One invocation of a command, from what was asked for to the exit code."""
