"""What this machine can do, found by doing it."""
