"""Sessions on fake hosts: what a command would do, without images, kernels or a cache."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager, nullcontext
from typing import TYPE_CHECKING
from unittest.mock import patch

from fake_labs import equipment
from parley.backend.fake import FakeBackend
from parley.image.equip import Tools

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from parley.image.source import Source
    from toy_guests import Guests


class _FakeTools(Tools):
    """Tools that nobody could remove."""

    def held(self) -> AbstractContextManager[None]:  # type: ignore[override]  # as good as its generator
        return nullcontext()


@contextmanager
def on_guests(place: Path, guests: Guests) -> Iterator[list[tuple[str, ...]]]:
    """Have sessions run on `guests`, with images made of nothing; yields the names of those asked for."""
    asked: list[tuple[str, ...]] = []
    tools = equipment(place)

    def equip(
        images: Iterable[str],
        kinds: Iterable[str],
        *,
        kernel: str = "",
        sources: Iterable[tuple[Source, str]] = (),
    ) -> Tools:
        compiled = (source.image(base) for source, base in sources)
        asked.append((*images, *kinds, *filter(None, (kernel,)), *compiled))
        return _FakeTools(tools.kernel, dict(tools.images), tools.certificates)

    with ExitStack() as stack:
        for module in ("run", "matrix"):
            stack.enter_context(patch(f"parley.session.{module}.equip", equip))
        stack.enter_context(patch("parley.session.booting.make_backend", lambda _: FakeBackend(guests)))
        yield asked
