"""Which platforms are no Linux: their hosts boot from a disk and speak in the words of their own system."""

from __future__ import annotations

BSDS = ("openbsd", "freebsd")
