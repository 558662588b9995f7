"""Text of hosts as mark-up, for what is not made by a template."""

from __future__ import annotations

import re
from typing import Final

from markupsafe import escape

from parley.escape import visible

# Between two hosts, by the way of a rung.
ARROWS: Final = {"there": "→", "back": "←", "both": "↔"}
# Anything but printable ASCII that means nothing in HTML; most texts have none of it.
_SPECIAL: Final = re.compile(r"""[^ !#-%(-;=?-~]""")


def shown(text: str) -> str:
    """Any text, made harmless in the same way as templates do it (site.Site).

    A plain string: a page is put together of thousands, and Markup takes ten times as long to make.
    """
    if _SPECIAL.search(text) is None:
        return text
    return str(escape(visible(text, keep="\n\t")))
