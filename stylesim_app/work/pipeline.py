"""Extraction of descriptors from image files, with the network named by the settings."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from django.core.files.storage import Storage

from ..collection.decoders import decoders
from ..collection.fields import image_limits
from ..conf import conf
from ..core.boxes import Box
from ..core.decoding import Request
from ..core.descriptors import Descriptor, Window
from ..core.errors import CoreError, ImageError, WeightsError
from ..core.images import UNCUT_VERSION, Picture, check_size
from ..core.same_picture.detail import QUERY, Detail
from ..messages import WorkError
from . import process, signs

if TYPE_CHECKING:
    from ..core.vgg import Network

DECODING_THREADS = 4
#: Seconds that a batch waits for its files; what takes longer is computed later.
PATIENCE = 5.0
#: Batches that are computed at once. Each has its share of the cores: threads that work on one
#: product wait for the slowest, which is the one that shares its core with a decoder.
NETWORK_THREADS = 2

_NOT_REACHED = re.compile("Connect|Endpoint|Timeout")

#: A file as ``(storage, name)``; there may be no path. A third member is the box of the work that
#: a person chose.
ImageFile = tuple[Storage, str] | tuple[Storage, str, Box]


def get_network() -> Network:
    """Return the network, loaded once a process. Raises WeightsError."""
    network = _load_network(
        conf.weights, conf.model_dir, conf.precision, conf.device, conf.crop_borders
    )
    signs.note_provenance(network.provenance)
    return network


@lru_cache(maxsize=1)
def _load_network(
    weights: str, model_dir: Path, precision: str, device: str, crop_borders: bool
) -> Network:
    if not process.has_torch():
        raise WeightsError("weights_no_torch")
    from ..core.vgg import build_network
    from ..core.weights import load_weights

    process.prepare()
    network = build_network(load_weights(weights, model_dir), precision=precision, device=device)
    if not crop_borders:
        uncut = replace(network.provenance, preprocessing=UNCUT_VERSION)
        return replace(network, provenance=uncut)
    return network


def read_picture(
    storage: Storage,
    name: str,
    detail: Detail | None = None,
    sides: Sequence[int] = (),
    chosen: Box | None = None,
) -> Picture:
    """Read and decode a file, with local features in ``detail`` and thumbnails of ``sides``.

    The work is seen in the box that a person chose, or inside its surroundings.

    Raises ImageError, WorkError, or the storage's own error.
    """
    try:
        with storage.open(name, "rb") as file:
            check_size(file.size, image_limits())
            content = file.read()
    except FileNotFoundError as error:
        raise WorkError("file_missing", name=name) from error
    return decode_picture(content, detail, sides, chosen)


def decode_picture(
    content: bytes,
    detail: Detail | None = None,
    sides: Sequence[int] = (),
    chosen: Box | None = None,
) -> Picture:
    """Decode the bytes of a file in a process of its own, like ``read_picture``.

    Raises ImageError.
    """
    request = Request(image_limits(), detail, tuple(sides), conf.crop_borders, chosen)
    return decoders().decode(content, request, conf.decoder_seconds)


class Computed(NamedTuple):
    """A decoded picture, and the result of its kind of work."""

    picture: Picture
    result: Any


class Late(NamedTuple):
    """A file that takes long to decode, so that the rest of its batch goes on without it."""

    decoding: Future[Picture | CoreError]


#: The outcome of a file.
Outcome = Computed | CoreError | Late
#: Computes one result for each picture.
Compute = Callable[[Sequence[Picture]], Sequence[Any]]


class Pipeline:
    """Concurrent decoding of batches of files while the network processes earlier ones.

    It does not access the database. As a context manager, it drops pending batches on exit.
    """

    def __init__(self) -> None:
        self._decoders = ThreadPoolExecutor(DECODING_THREADS, "stylesim-decode")
        self._network = ThreadPoolExecutor(
            NETWORK_THREADS, "stylesim-network", initializer=_take_share_of_cores
        )

    def __enter__(self) -> Pipeline:
        return self

    def __exit__(self, *_: object) -> None:
        self._network.shutdown(cancel_futures=True)
        self._decoders.shutdown(cancel_futures=True)

    def start(
        self,
        files: Sequence[ImageFile],
        compute: Compute,
        detail: Detail | None = None,
        sides: Sequence[int] = (),
    ) -> Future[list[Outcome]]:
        """Start to decode a batch; the future holds the outcome of each file."""
        read = partial(_attempt_to_read, detail=detail, sides=sides)
        decoding = [self._decoders.submit(read, file) for file in files]
        return self._network.submit(_compute_decoded, decoding, compute)

    def resume(
        self, late: Sequence[Future[Picture | CoreError]], compute: Compute
    ) -> Future[list[Outcome]]:
        """Compute what was late, once it is decoded."""
        return self._network.submit(_compute_decoded, late, compute)


def _take_share_of_cores() -> None:
    from ..core.vgg import use_share_of_cores

    use_share_of_cores(NETWORK_THREADS)


def _attempt_to_read(
    file: ImageFile, detail: Detail | None, sides: Sequence[int]
) -> Picture | CoreError:
    try:
        storage, name, *chosen = file
        return read_picture(storage, name, detail, sides, *chosen)
    except (ImageError, WorkError) as error:
        return error
    # A bucket's errors have no common base.
    except Exception as error:  # noqa: BLE001
        return as_work_error(error)


def _compute_decoded(
    decoding: Sequence[Future[Picture | CoreError]], compute: Compute
) -> list[Outcome]:
    """Compute the results of a batch.

    A picture that cannot be read fails alone; if the computation fails, all do.
    """
    done, _ = wait(decoding, timeout=PATIENCE)
    read = [future.result() if future in done else Late(future) for future in decoding]
    pictures = [picture for picture in read if isinstance(picture, Picture)]
    try:
        results = iter(compute(pictures) if pictures else [])
    except CoreError as error:
        return [error if isinstance(picture, Picture) else picture for picture in read]
    return [
        Computed(picture, next(results)) if isinstance(picture, Picture) else picture
        for picture in read
    ]


def describe(pictures: Sequence[Picture]) -> list[Descriptor]:
    """Extract the descriptors of pictures.

    Raises WeightsError, DescriptorError, or WorkError if the device runs out of memory.
    """
    network = get_network()
    try:
        described = network.describe(np.stack([picture.pixels for picture in pictures]))
        return [
            replace(
                descriptor,
                windows=_describe_windows(network, picture),
                box=picture.surroundings.box,
            )
            for picture, descriptor in zip(pictures, described, strict=True)
        ]
    except (RuntimeError, MemoryError) as error:
        raise as_work_error(error) from error


def _describe_windows(network: Network, picture: Picture) -> tuple[Window, ...]:
    """Return the windows of a long picture as the network sees them."""
    if not picture.windows:
        return ()
    boxes, pixels = zip(*picture.windows, strict=True)
    described = network.describe(np.stack(pixels))
    return tuple(
        Window(box, descriptor.content) for box, descriptor in zip(boxes, described, strict=True)
    )


def read_file(path: Path, detail: Detail | None = QUERY) -> Picture:
    """Read and decode a file that is not stored, by default in the detail of a search.

    Raises ImageError, OSError.
    """
    check_size(path.stat().st_size, image_limits())
    return decode_picture(path.read_bytes(), detail)


def as_work_error(error: Exception) -> WorkError:
    """Return an unforeseen failure of the device or storage as an error to store and show."""
    kind = type(error).__name__
    return WorkError("unexpected", kind=kind, reason=error, cause=_cause_of(error))


def _cause_of(error: Exception) -> str:
    """Return the common cause of a failure, empty if it is none of them."""
    kind = type(error).__name__
    if isinstance(error, PermissionError):
        return "denied"
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
        return "memory"
    # A bucket's errors have no common base, but telling names.
    if isinstance(error, (ConnectionError, TimeoutError)) or _NOT_REACHED.search(kind):
        return "unreachable"
    return "unreadable" if isinstance(error, OSError) else ""
