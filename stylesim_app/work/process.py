"""Settings of the worker's process, made when it starts; a web process makes none."""

from __future__ import annotations

import importlib.util
from contextlib import ExitStack
from functools import cache

from ..core.blas import one_thread
from ..core.decoding import has_opencv as has_opencv
from ..core.memory import keep_freed_memory


def has_torch() -> bool:
    """Return whether PyTorch is installed, which workers need and web processes do not."""
    return importlib.util.find_spec("torch") is not None


def has_psutil() -> bool:
    """Return whether psutil is installed, by which a worker ends its cluster."""
    return importlib.util.find_spec("psutil") is not None


@cache
def prepare() -> ExitStack:
    """Keep BLAS and OpenCV to one thread, and keep freed memory, in this process, from now on."""
    keep_freed_memory()
    if has_opencv():
        import cv2

        cv2.setNumThreads(1)
    for_good = ExitStack()
    for_good.enter_context(one_thread())
    return for_good
