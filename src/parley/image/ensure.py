"""Making everything a run needs, two at a time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.image.command import stop_all
from parley.image.kernel import Kernel, ensure_kernel, is_kernel, kernel_suite
from parley.image.rootfs import ensure_image, image_key
from parley.image.store import Progress, Store, silent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from parley.image.rootfs import Image

# A build is bound by one processor or by the network; two keep both busy on a small machine.
_PARALLEL = 2


@dataclass(frozen=True, slots=True)
class Ready:
    """A kernel, and the images by the names that were asked for."""

    kernel: Kernel
    images: dict[str, Image]


def ensure_all(store: Store, names: Iterable[str], progress: Progress = silent, *, kernel: str = "") -> Ready:
    """Have the images called `names`, and the kernel of a suite or `lab` (empty: the best).

    See `ensure_each`.
    """
    wanted = f"kernel@{kernel}" if kernel else "kernel"
    made = ensure_each(store, [wanted, *names], progress)
    chosen = made.pop(wanted)
    if not isinstance(chosen, Kernel):
        raise TypeError(f"not a kernel: {chosen}")
    return Ready(chosen, {name: image for name, image in made.items() if not isinstance(image, Kernel)})


def ensure_each(store: Store, names: Iterable[str], progress: Progress = silent) -> dict[str, Kernel | Image]:
    """Have images and kernels (`kernel`, `kernel@SUITE`), making what is missing, two at a time.

    `progress` is called by one thread at a time. All names are checked before anything is made
    (UsageError). When a build fails, the others are finished first and the first failure is raised.
    """
    wanted = list(dict.fromkeys(names))
    for name in wanted:
        check_name(name)
    tell = _one_by_one(progress)
    with ThreadPoolExecutor(_PARALLEL, thread_name_prefix="image") as pool:
        try:
            futures = {name: pool.submit(_ensure, store, name, tell) for name in wanted}
            wait(futures.values())
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            stop_all()
            raise
        return {name: future.result() for name, future in futures.items()}


def check_name(name: str) -> None:
    """Raise UsageError unless `name` is something that can be made."""
    if is_kernel(name):
        kernel_suite(name)
    else:
        image_key(name)


def _ensure(store: Store, name: str, progress: Progress) -> Kernel | Image:
    if is_kernel(name):
        return ensure_kernel(store, progress, suite=kernel_suite(name))
    return ensure_image(store, name, progress)


def _one_by_one(progress: Progress) -> Progress:
    """Pass lines on from one thread at a time, and a warning that several builds give only once."""
    lock = threading.Lock()
    warnings: set[str] = set()

    def tell(line: str) -> None:
        with lock:
            if line in warnings:
                return
            if line.startswith("warning: "):
                warnings.add(line)
            progress(line)

    return tell
