"""What is remembered of a run, and where it lies."""
