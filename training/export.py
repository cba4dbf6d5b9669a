"""The file that ships: bfloat16, its origin in its header."""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from stylesim_app.core.weights import Weights

FORMAT = "torchvision VGG19, features.0 to features.30 (conv5_2), batch normalisation folded in"


def export(tensors: dict[str, Tensor], origin: dict[str, str], path: Path) -> str:
    """Write weights in torchvision's names, and say what their SHA-256 is."""
    rounded = {name: tensor.to(torch.bfloat16).contiguous() for name, tensor in tensors.items()}
    save_file(rounded, path, {**origin, "format": f"{FORMAT}, bfloat16"})
    return hashlib.sha256(path.read_bytes()).hexdigest()


def as_weights(tensors: dict[str, Tensor]) -> Weights:
    """Return what the app would load from the file."""
    short = {
        name.removeprefix("features."): tensor.to(torch.bfloat16)
        for name, tensor in tensors.items()
    }
    return Weights(name="trained", sha256="", tensors=short)
