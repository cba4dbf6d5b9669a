"""The three kinds of weights, and invalid files."""

from __future__ import annotations

import os
import pickle
import tempfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from stylesim_app.core import weights as module
from stylesim_app.core.errors import WeightsError
from stylesim_app.core.vgg import build_network
from stylesim_app.core.weights import IMAGENET_FILE, PAINTINGS_SHA256, load_weights

#: The folder of downloads, of which paintings need none.
UNUSED = Path("unused")


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    """A whole VGG19 state dict in torchvision's names, its convolutions those of paintings."""
    convolutions = load_weights("paintings", UNUSED).tensors
    return {f"features.{name}": tensor for name, tensor in convolutions.items()}


def test_paintings_ships_with_the_app_and_its_hash_is_pinned():
    weights = load_weights("paintings", UNUSED)
    assert weights.sha256 == PAINTINGS_SHA256
    assert len(weights.tensors) == 28
    assert weights.mean == (0.485, 0.456, 0.406)


def test_a_damaged_paintings_file_is_noticed(tmp_path, monkeypatch, state):
    path = tmp_path / "vgg19-paintings.safetensors"
    save_file(state, path)
    monkeypatch.setattr(module, "PAINTINGS_PATH", path)
    with pytest.raises(WeightsError, match="Reinstall the package"):
        load_weights("paintings", tmp_path)


def test_a_safetensors_file_brings_its_own_normalisation(tmp_path, state):
    path = tmp_path / "own.safetensors"
    save_file(state, path, metadata={"mean": "0.5,0.5,0.5", "std": "0.2,0.2,0.2"})
    weights = load_weights(str(path), tmp_path)
    assert weights.mean == (0.5, 0.5, 0.5)
    network = build_network(weights, precision="float32")
    assert network.std.flatten().tolist() == pytest.approx([0.2] * 3)
    assert network.provenance.weights_sha256 == weights.sha256


def test_a_pth_file_with_a_classifier_is_read(tmp_path, state):
    path = tmp_path / "own.pth"
    torch.save({**state, "classifier.6.bias": torch.zeros(1000)}, path)
    assert load_weights(str(path), tmp_path).tensors.keys() == {
        name.removeprefix("features.") for name in state
    }


def test_imagenet_is_read_from_the_model_directory(tmp_path, state):
    torch.save(state, tmp_path / IMAGENET_FILE)
    weights = load_weights("imagenet", tmp_path)
    assert weights.name == "imagenet"
    assert weights.mean == (0.485, 0.456, 0.406)


def test_imagenet_without_a_network_names_the_other_ways(tmp_path, monkeypatch):
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    with pytest.raises(WeightsError) as caught:
        load_weights("imagenet", tmp_path)
    text = str(caught.value)
    assert IMAGENET_FILE in text
    assert str(tmp_path) in text
    assert "paintings" in text


class RunsCode:
    TRACE = Path(tempfile.mkdtemp()) / "the-pickle-ran"

    def __reduce__(self):
        return os.system, (f"touch {self.TRACE}",)


def write_pickle(path, state):
    path.write_bytes(pickle.dumps(RunsCode(), protocol=2))


def write_pickle_in_archive(path, state):
    torch.save({**state, "extra": RunsCode()}, path)


def write_half(path, state):
    whole = path.with_name(f"whole{path.suffix}")
    (torch.save if path.suffix == ".pth" else save_file)(state, whole)
    path.write_bytes(whole.read_bytes()[:100_000])


def write_other_network(path, state):
    torch.save({"conv1.weight": torch.zeros(3)}, path)


def write_list(path, state):
    torch.save([1, 2, 3], path)


def write_other_shape(path, state):
    save_file({**state, "features.0.weight": torch.zeros(64, 1, 3, 3)}, path)


def write_nan(path, state):
    save_file({**state, "features.0.bias": torch.full((64,), float("nan"))}, path)


def write_bad_mean(path, state):
    save_file(state, path, metadata={"mean": "grey"})


@pytest.mark.parametrize(
    ("name", "write", "code"),
    [
        ("none.pth", None, "weights_missing"),
        ("weights.bin", None, "weights_suffix"),
        ("evil.pth", write_pickle, "weights_unsafe"),
        ("evil-archive.pth", write_pickle_in_archive, "weights_unsafe"),
        ("half.pth", write_half, "weights_unreadable"),
        ("half.safetensors", write_half, "weights_unreadable"),
        ("empty.safetensors", lambda path, _: path.touch(), "weights_unreadable"),
        ("empty.pth", lambda path, _: path.touch(), "weights_unreadable"),
        ("other.pth", write_other_network, "weights_other_network"),
        ("list.pth", write_list, "weights_other_network"),
        ("shape.safetensors", write_other_shape, "weights_other_network"),
        ("nan.safetensors", write_nan, "weights_not_finite"),
        ("mean.safetensors", write_bad_mean, "weights_unreadable"),
    ],
)
def test_unusable_files_are_refused_with_the_reason(tmp_path, state, name, write, code):
    path = tmp_path / name
    if write is not None:
        write(path, state)
    with pytest.raises(WeightsError) as caught:
        load_weights(str(path), tmp_path)
    assert caught.value.code == code
    assert name in str(caught.value)
    assert not RunsCode.TRACE.exists()


def test_an_unknown_precision_is_refused():
    with pytest.raises(ValueError, match="bfloat16, float32, got 'float8'"):
        build_network(load_weights("paintings", UNUSED), precision="float8")
