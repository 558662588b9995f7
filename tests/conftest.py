from __future__ import annotations

import signal


def pytest_configure() -> None:
    """Hear Ctrl-C even where whoever started the tests (a shell, in the background) has it ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
