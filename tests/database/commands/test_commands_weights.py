"""The commands with each kind of weights, good and bad."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from stylesim_app.core.weights import IMAGENET_FILE, PAINTINGS_PATH
from stylesim_app.models import DescriptorSet, IndexEntry, WorkItem
from tests import pictures

pytestmark = pytest.mark.django_db


class RunsCode:
    """What a pickle must not be able to do."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.path}",)


def cut_short(folder: Path) -> Path:
    path = folder / "cut.safetensors"
    path.write_bytes(PAINTINGS_PATH.read_bytes()[:1_000_000])
    return path


def of_another_network(folder: Path) -> Path:
    import torch
    from safetensors.torch import save_file

    path = folder / "other.safetensors"
    save_file({"conv1.weight": torch.zeros(8, 3, 7, 7)}, path)
    return path


def that_runs_code(folder: Path) -> Path:
    path = folder / "evil.pth"
    path.write_bytes(pickle.dumps(RunsCode(folder / "it-ran"), protocol=2))
    return path


BAD_WEIGHTS = [
    (lambda folder: folder / "missing.safetensors", "Weights file not found"),
    (lambda folder: folder / "weights.bin", "must be a .safetensors or .pth file"),
    (cut_short, "cannot be read; it is incomplete or in another format"),
    (of_another_network, "layer names.\nTechnical detail: no features.0.weight"),
    (that_runs_code, "was refused, because loading it could run code"),
]


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "disc-a.png"
    path.write_bytes(pictures.png("disc-a"))
    return path


@pytest.mark.parametrize(("make", "message"), BAD_WEIGHTS)
def test_bad_weights_are_refused_before_any_work_is_touched(
    make_artwork, image, tmp_path, settings, make, message
):
    make_artwork("disc-a")
    settings.STYLESIM_WEIGHTS = str(make(tmp_path))
    for command in (
        ["stylesim_index"],
        ["stylesim_index", "--stale"],
        ["stylesim_rank", str(image)],
    ):
        with pytest.raises(CommandError, match=message):
            call_command(*command)
    entry = IndexEntry.objects.get()
    assert (entry.state, entry.attempts) == (WorkItem.State.PENDING, 0)
    assert not (tmp_path / "it-ran").exists()


def test_imagenet_without_a_network_names_the_other_ways(image, tmp_path, settings, monkeypatch):
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    # What opens addresses is made once a process, with the proxies of that time.
    monkeypatch.setattr("urllib.request._opener", None)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    settings.STYLESIM_WEIGHTS = "imagenet"
    settings.STYLESIM_MODEL_DIR = tmp_path / "models"
    with pytest.raises(CommandError) as caught:
        call_command("stylesim_rank", str(image))
    message = str(caught.value)
    assert "could not be downloaded" in message
    assert f"copy {IMAGENET_FILE} to {tmp_path / 'models'}" in message
    assert "paintings weights, which need no download" in message


@pytest.mark.parametrize("kind", ["imagenet", ".pth", ".safetensors"])
def test_a_state_dict_of_ones_own_describes_the_collection(
    make_artwork, image, tmp_path, settings, capsys, kind
):
    import torch
    from safetensors.torch import load_file, save_file

    tensors = {name: tensor.float() for name, tensor in load_file(PAINTINGS_PATH).items()}
    if kind == ".safetensors":
        path = tmp_path / "own.safetensors"
        save_file(tensors, path)
    else:
        path = tmp_path / (IMAGENET_FILE if kind == "imagenet" else "own.pth")
        torch.save(tensors, path)
    settings.STYLESIM_MODEL_DIR = tmp_path
    settings.STYLESIM_WEIGHTS = "imagenet" if kind == "imagenet" else str(path)
    make_artwork("disc-a")
    call_command("stylesim_index")
    call_command("stylesim_rank", str(image))
    assert "disc-a" in capsys.readouterr().out
    provenance = DescriptorSet.objects.get().to_provenance()
    assert provenance.weights == settings.STYLESIM_WEIGHTS
