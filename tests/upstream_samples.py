"""Records of Libreswan's own cases, built in Python."""

from __future__ import annotations

from parley.record.results import HostRecord


def guest(name: str) -> HostRecord:
    """A host of that suite."""
    return HostRecord(name, "fedora-like", "libreswan", "uml", "image", "kernel")
