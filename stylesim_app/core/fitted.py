"""The bytes of what was fitted to a sample of descriptors, with the provenance of the sample."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from .descriptors import Provenance
from .errors import DescriptorError
from .images import PREPROCESSING_VERSION, VERSIONS_OF_CUTTING

Tensors = Mapping[str, NDArray[Any]]


def digest_tensors(tensors: Tensors, provenance: Provenance) -> str:
    """Return the SHA-256 of what was fitted, and of the provenance that it was fitted to."""
    digest = hashlib.sha256(provenance.digest.encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype.str} {tensor.shape}".encode())
        digest.update(np.ascontiguousarray(tensor).tobytes())
    return digest.hexdigest()


def check_same_network(provenance: Provenance, fitted: Provenance) -> None:
    """Raise DescriptorError unless what was fitted to one provenance suits another.

    The precision may differ: it moves a number by less than the pictures of a sample do. So may
    the cutting of surroundings: the pictures of a sample hardly have any.
    """
    if _describe_network(provenance) != _describe_network(fitted):
        raise DescriptorError("descriptor_provenance", left=provenance.digest, right=fitted.digest)


def save_fitted(tensors: Tensors, provenance: Provenance, origin: Mapping[str, str]) -> bytes:
    """Serialise what was fitted to descriptors: safetensors, with the provenance in the header.

    The same arrays give the same bytes: there is one entry, since entries have no fixed order.
    """
    header = json.dumps({**origin, "provenance": provenance.to_json()}, sort_keys=True)
    arrays = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    return save(arrays, {"fitted": header})


def load_fitted(content: bytes) -> tuple[dict[str, NDArray[Any]], Provenance]:
    """Read the bytes that ``save_fitted`` wrote. Raises DescriptorError."""
    try:
        size = int.from_bytes(content[:8], "little")
        header = json.loads(content[8 : 8 + size])
        fitted = json.loads(header["__metadata__"]["fitted"])
        provenance = Provenance.from_json(fitted["provenance"])
        return load(content), provenance
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise DescriptorError("descriptor_unreadable", reason=error) from error


def _describe_network(provenance: Provenance) -> Provenance:
    """Return what a provenance tells of network and preprocessing, without names and precision."""
    preprocessing = provenance.preprocessing
    if preprocessing in VERSIONS_OF_CUTTING:
        preprocessing = PREPROCESSING_VERSION
    return replace(provenance, weights="", precision="", preprocessing=preprocessing)
