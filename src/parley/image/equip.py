"""All that cases need from the cache, made if it is missing, with progress on stderr."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from parley.image.ensure import ensure_all
from parley.image.source import ensure_source
from parley.image.store import Store
from parley.install.base import installed_bases
from parley.pki import ensure_certificates
from parley.platform.names import BSDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from parley.image.kernel import Kernel
    from parley.image.rootfs import Image
    from parley.image.source import Source
    from parley.install.base import Base


@dataclass(frozen=True, slots=True)
class Tools:
    """A kernel, images by name, and the directory with one sub-directory per kind of certificates.

    `systems` are the BSDs that are installed here, by platform.
    """

    kernel: Kernel
    images: dict[str, Image]
    certificates: Path
    systems: dict[str, Base] = field(default_factory=dict)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep all of it from being removed while a run uses it."""
        images = [image.path.parent for image in self.images.values()]
        systems = [system.disk.path.parent for system in self.systems.values()]
        with Store.default().hold(self.kernel.binary.parent, self.certificates, *images, *systems):
            yield


def equip(
    images: Iterable[str],
    certificates: Iterable[str],
    *,
    kernel: str = "",
    sources: Iterable[tuple[Source, str]] = (),
) -> Tools:
    """Have images and certificates by name, and the kernel of a suite or `lab` (empty: the best).

    `sources` are compiled, each for the image named beside it, and stand among the images under their
    labels. Raises MissingError with what root must install, or with how to have that kernel, and
    BuildError for sources that do not compile.
    """
    store = Store.default()
    compiled = {source.image(base): ensure_source(store, source, base, _tell) for source, base in sources}
    ready = ensure_all(store, [name for name in images if name not in compiled], _tell, kernel=kernel)
    systems = installed_bases(store, BSDS)
    return Tools(ready.kernel, ready.images | compiled, ensure_certificates(store, certificates), systems)


def _tell(line: str) -> None:
    click.echo(f"parley: {line}", err=True)
