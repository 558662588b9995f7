"""Text of hosts as mark-up, for what is not made by a template."""

from __future__ import annotations

from typing import Final

from markupsafe import Markup, escape

from parley.escape import visible

# Between two hosts, by the way of a rung.
ARROWS: Final = {"there": "→", "back": "←", "both": "↔"}


def shown(text: str) -> Markup:
    """Any text, made harmless in the same way as templates do it (site.Site)."""
    return escape(visible(text, keep="\n\t"))
