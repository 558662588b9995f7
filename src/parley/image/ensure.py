"""Making everything a run needs, two at a time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.image.command import stop_all
from parley.image.kernel import ensure_kernel
from parley.image.rootfs import ensure_image, image_key
from parley.image.store import Progress, Store, silent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from parley.image.kernel import Kernel
    from parley.image.rootfs import Image

# A build is bound by one processor or by the network; two keep both busy on a small machine.
_PARALLEL = 2


@dataclass(frozen=True, slots=True)
class Ready:
    """A kernel, and the images by the names that were asked for."""

    kernel: Kernel
    images: dict[str, Image]


def ensure_all(store: Store, names: Iterable[str], progress: Progress = silent) -> Ready:
    """Have the kernel and the images called `names`, making what is missing, two at a time.

    `progress` is called by one thread at a time. Names are checked before anything is made. When a
    build fails the others are finished first, then the first failure is raised.
    """
    wanted = list(dict.fromkeys(names))
    for name in wanted:
        image_key(name)
    tell = _one_at_a_time(progress)
    with ThreadPoolExecutor(_PARALLEL, thread_name_prefix="image") as pool:
        try:
            kernel = pool.submit(ensure_kernel, store, tell)
            images = {name: pool.submit(ensure_image, store, name, tell) for name in wanted}
            wait([kernel])
            wait(images.values())
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            stop_all()
            raise
        return Ready(kernel.result(), {name: future.result() for name, future in images.items()})


def _one_at_a_time(progress: Progress) -> Progress:
    lock = threading.Lock()

    def tell(line: str) -> None:
        with lock:
            progress(line)

    return tell
