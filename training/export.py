"""The file of weights to ship: bfloat16, with its origin in the header."""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from stylesim_app.core.weights import Weights

FORMAT = "torchvision VGG19, features.0 to features.30 (conv5_2), batch normalisation folded in"


def export(tensors: dict[str, Tensor], origin: dict[str, str], path: Path) -> str:
    """Write weights under torchvision's names, and return their SHA-256."""
    rounded = {name: tensor.to(torch.bfloat16).contiguous() for name, tensor in tensors.items()}
    save_file(rounded, path, {**origin, "format": f"{FORMAT}, bfloat16"})
    return hashlib.sha256(path.read_bytes()).hexdigest()


def as_weights(tensors: dict[str, Tensor]) -> Weights:
    """Return the weights as the app would load them from the file."""
    short = {
        name.removeprefix("features."): tensor.to(torch.bfloat16)
        for name, tensor in tensors.items()
    }
    return Weights(name="trained", sha256="", tensors=short)
