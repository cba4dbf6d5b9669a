"""The three kinds of weights: shipped with the app, the paper's, or a custom file."""

from __future__ import annotations

import hashlib
import json
import pickle
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError

import torch
from safetensors import SafetensorError, safe_open
from torchvision.models import VGG19_Weights, vgg19

from .errors import WeightsError

PAINTINGS = "paintings"
IMAGENET = "imagenet"

PAINTINGS_PATH = Path(__file__).parents[1] / "weights" / "vgg19-paintings.safetensors"
PAINTINGS_SHA256 = "31b68304ef68a5931a5f3d013a36d1153903b04b4b7062a212b7e8fe7ff477ab"
IMAGENET_FILE = Path(VGG19_Weights.IMAGENET1K_V1.url).name

#: Convolutions of torchvision's ``vgg19().features`` up to ``conv5_2``.
CONVOLUTIONS = (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30)
_IMAGENET_MEAN = (0.485, 0.456, 0.406)
_IMAGENET_STD = (0.229, 0.224, 0.225)

Triple = tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class Weights:
    """Tensors of VGG19's convolutions to ``conv5_2``, and the statistics to normalise the input.

    ``tensors`` is named as in ``vgg19().features``, that is ``0.weight`` to ``30.bias``.
    """

    name: str
    sha256: str
    tensors: Mapping[str, torch.Tensor]
    mean: Triple = _IMAGENET_MEAN
    std: Triple = _IMAGENET_STD


def load_weights(name: str, model_dir: Path) -> Weights:
    """Load ``paintings``, ``imagenet``, or a state dict in torchvision's names from a path.

    ``model_dir`` keeps the one download that ``imagenet`` needs. Raises WeightsError.
    """
    if name == PAINTINGS:
        return _load_file(PAINTINGS, PAINTINGS_PATH, expected_sha256=PAINTINGS_SHA256)
    if name == IMAGENET:
        return _load_file(IMAGENET, _download_imagenet(model_dir))
    return _load_file(name, Path(name))


def _download_imagenet(model_dir: Path) -> Path:
    path = model_dir / IMAGENET_FILE
    if not path.exists():
        try:
            VGG19_Weights.IMAGENET1K_V1.get_state_dict(
                model_dir=str(model_dir), check_hash=True, progress=False
            )
        except (URLError, OSError, RuntimeError) as error:
            raise WeightsError(
                "weights_no_network", reason=error, file=IMAGENET_FILE, folder=model_dir
            ) from error
    return path


def _load_file(name: str, path: Path, expected_sha256: str | None = None) -> Weights:
    if path.suffix not in (".safetensors", ".pth"):
        raise WeightsError("weights_suffix", path=path)
    if not path.is_file():
        raise WeightsError("weights_missing", path=path)
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    if expected_sha256 is not None and sha256 != expected_sha256:
        raise WeightsError("weights_changed", path=path, actual=sha256, expected=expected_sha256)
    state, metadata = _read_safetensors(path) if path.suffix == ".safetensors" else _read_pth(path)
    return Weights(
        name=name,
        sha256=sha256,
        tensors=_select_convolutions(path, state),
        mean=_triple(path, metadata.get("mean"), _IMAGENET_MEAN),
        std=_triple(path, metadata.get("std"), _IMAGENET_STD),
    )


def _read_safetensors(path: Path) -> tuple[Mapping[str, object], Mapping[str, str]]:
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118  (no mapping)
    except (SafetensorError, OSError, ValueError, json.JSONDecodeError) as error:
        raise WeightsError("weights_unreadable", path=path, reason=error) from error


def _read_pth(path: Path) -> tuple[Mapping[str, object], Mapping[str, str]]:
    try:
        state = torch.load(path, weights_only=True, map_location="cpu")
    except pickle.UnpicklingError as error:
        reason = str(error).splitlines()[0]
        raise WeightsError("weights_unsafe", path=path, reason=reason) from error
    except (RuntimeError, OSError, EOFError, ValueError, KeyError, struct.error) as error:
        raise WeightsError("weights_unreadable", path=path, reason=error) from error
    if not isinstance(state, Mapping):
        raise WeightsError(
            "weights_other_network", path=path, reason=f"it holds a {type(state).__name__}"
        )
    return state, {}


def _select_convolutions(path: Path, state: Mapping[str, object]) -> dict[str, torch.Tensor]:
    tensors = {}
    for name, shape in _expected_shapes().items():
        tensor = state.get(f"features.{name}")
        if not isinstance(tensor, torch.Tensor):
            raise WeightsError("weights_other_network", path=path, reason=f"no features.{name}")
        if tuple(tensor.shape) != shape:
            reason = f"features.{name} is {tuple(tensor.shape)}, expected {shape}"
            raise WeightsError("weights_other_network", path=path, reason=reason)
        if not torch.isfinite(tensor).all():
            raise WeightsError("weights_not_finite", path=path)
        tensors[name] = tensor
    return tensors


def _expected_shapes() -> dict[str, tuple[int, ...]]:
    with torch.device("meta"):
        state = vgg19(weights=None).features.state_dict()
    return {
        f"{index}.{part}": tuple(state[f"{index}.{part}"].shape)
        for index in CONVOLUTIONS
        for part in ("weight", "bias")
    }


def _triple(path: Path, text: str | None, default: Triple) -> Triple:
    if text is None:
        return default
    try:
        first, second, third = (float(part) for part in text.split(","))
    except ValueError as error:
        raise WeightsError("weights_unreadable", path=path, reason=error) from error
    return first, second, third
