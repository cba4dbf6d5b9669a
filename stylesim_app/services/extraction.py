"""From image files to descriptors, with the network that the settings name."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from django.core.files.storage import Storage
from numpy.typing import NDArray

from ..conf import conf
from ..core.errors import ImageError
from ..core.images import ImageFacts, check_size, load_pixels
from ..fields import image_limits
from ..messages import WorkError

if TYPE_CHECKING:
    from ..core.descriptors import Descriptor
    from ..core.vgg import Network

DECODING_THREADS = 4

#: A file as ``(storage, name)``; there may be no path.
ImageFile = tuple[Storage, str]


@dataclass(frozen=True, eq=False)
class Picture:
    """A file as the network sees it, ``(S, S, 3)``, with the hash of its bytes."""

    pixels: NDArray[np.uint8]
    facts: ImageFacts
    sha256: str


def get_network() -> Network:
    """The network, loaded once a process. Raises WeightsError."""
    return _load_network(conf.weights, conf.model_dir, conf.precision, conf.device)


@lru_cache(maxsize=1)
def _load_network(weights: str, model_dir: Path, precision: str, device: str) -> Network:
    from ..core.vgg import build_network
    from ..core.weights import load_weights

    return build_network(load_weights(weights, model_dir), precision=precision, device=device)


def read_picture(storage: Storage, name: str) -> Picture:
    """Read and decode a file. Raises ImageError, WorkError, or what the storage raises."""
    try:
        with storage.open(name, "rb") as file:
            check_size(file.size, image_limits())
            content = file.read()
    except FileNotFoundError as error:
        raise WorkError("file_missing", name=name) from error
    return decode_picture(content)


def decode_picture(content: bytes) -> Picture:
    """Decode the bytes of a file. Raises ImageError."""
    pixels, facts = load_pixels(content, image_limits())
    return Picture(pixels, facts, sha256=hashlib.sha256(content).hexdigest())


def read_pictures(files: Sequence[ImageFile]) -> list[Picture | ImageError | WorkError]:
    """Read and decode files beside one another; a failure takes the place of its picture."""

    def attempt(file: ImageFile) -> Picture | ImageError | WorkError:
        try:
            return read_picture(*file)
        except (ImageError, WorkError) as error:
            return error
        except (OSError, MemoryError) as error:
            return as_work_error(error)

    with ThreadPoolExecutor(DECODING_THREADS) as threads:
        return list(threads.map(attempt, files))


def describe(pictures: Sequence[Picture]) -> list[Descriptor]:
    """Raises WeightsError, DescriptorError, or WorkError if the device runs out of memory."""
    network = get_network()
    try:
        return network.describe(np.stack([picture.pixels for picture in pictures]))
    except (RuntimeError, MemoryError) as error:
        raise as_work_error(error) from error


def describe_file(path: Path) -> Descriptor:
    """The descriptor of a file that is not stored. Raises ImageError, WeightsError, OSError."""
    check_size(path.stat().st_size, image_limits())
    return describe([decode_picture(path.read_bytes())])[0]


def as_work_error(error: Exception) -> WorkError:
    """An unforeseen failure of the device or of storage, as something to store and show."""
    return WorkError("unexpected", kind=type(error).__name__, reason=error)
