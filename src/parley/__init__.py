"""Parley: an IKEv2 interoperability lab."""

from __future__ import annotations

__version__ = "0.1.0"

__all__ = ["__version__"]
