"""The bytes of stored vectors: the digest of all that made them, then float16 numbers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from .descriptors import Descriptor, Provenance
from .errors import DescriptorError

DIGEST_SIZE = 32

Tensors = Mapping[str, NDArray[Any]]


def combine_digests(*digests: str) -> str:
    """Return the SHA-256 of several hexadecimal digests, in hexadecimal."""
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def digest_tensors(tensors: Tensors, provenance: Provenance) -> str:
    """Return the SHA-256 of what was fitted, and of the provenance that it was fitted to."""
    digest = hashlib.sha256(provenance.digest.encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype.str} {tensor.shape}".encode())
        digest.update(np.ascontiguousarray(tensor).tobytes())
    return digest.hexdigest()


def pack_vectors(vectors: NDArray[np.float32], digest: str) -> bytes:
    """Return the bytes of numbers of any shape: DIGEST_SIZE bytes, then little-endian float16."""
    return bytes.fromhex(digest) + vectors.astype("<f2").tobytes()


def unpack_vectors(content: bytes, digest: str, size: int) -> NDArray[np.float32]:
    """Return vectors ``(n, size)`` from the bytes that ``pack_vectors`` wrote.

    Raises DescriptorError if they are cut short or of another digest.
    """
    numbers = content[DIGEST_SIZE:]
    if not numbers or len(numbers) % (2 * size):
        reason = f"expected vectors of {2 * size} bytes, got {len(numbers)} bytes"
        raise DescriptorError("descriptor_unreadable", reason=reason)
    found = content[:DIGEST_SIZE].hex()
    if found != digest:
        raise DescriptorError("descriptor_provenance", left=digest, right=found)
    return np.frombuffer(numbers, "<f2").astype(np.float32).reshape(-1, size)


def check_same_network(descriptor: Descriptor, fitted: Provenance) -> None:
    """Raise DescriptorError unless what was fitted to one provenance suits a descriptor.

    The precision may differ: it moves a number by less than the pictures of a sample do.
    """
    if _describe_network(descriptor.provenance) != _describe_network(fitted):
        raise DescriptorError(
            "descriptor_provenance", left=descriptor.provenance.digest, right=fitted.digest
        )


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


def _describe_network(provenance: Provenance) -> dict[str, Any]:
    """Return what a provenance tells of network and preprocessing, without names and precision."""
    facts = provenance.to_json()
    return {name: fact for name, fact in facts.items() if name not in ("weights", "precision")}
