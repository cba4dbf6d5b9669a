"""One step of training, and all state that it changes."""

from __future__ import annotations

import math
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models import VGG19_Weights

from stylesim_app.core.descriptors import STYLE_LAYERS
from stylesim_app.core.vgg import has_bfloat16
from stylesim_app.core.weights import Weights

from . import losses
from .batches import Batch
from .folding import unfold
from .network import Heads, Trunk, content_distances, style_distances
from .recipe import Recipe

_NORMALISATION = VGG19_Weights.IMAGENET1K_V1.transforms()


class Trainer:
    """The state of training, and its step."""

    def __init__(
        self,
        classes: dict[str, int],
        recipe: Recipe,
        seed: int,
        device: str,
        frozen: str | None = None,
    ) -> None:
        torch.manual_seed(seed)
        self.recipe, self.device, self.frozen = recipe, torch.device(device), frozen
        trunk, heads = Trunk(frozen), Heads(classes)
        self.trunk = trunk.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.heads = heads.to(self.device)
        self.average = deepcopy(self.trunk)
        self.gains = nn.Parameter(torch.zeros(len(STYLE_LAYERS), device=self.device))
        self.optimiser = torch.optim.AdamW(
            _groups([*self.trunk.parameters(), *self.heads.parameters(), self.gains], recipe),
            lr=recipe.learning_rate,
        )
        self.step = 0
        self.bfloat16 = has_bfloat16(device)
        mean, std = (
            torch.tensor(values).view(1, 3, 1, 1)
            for values in (_NORMALISATION.mean, _NORMALISATION.std)
        )
        self.mean, self.std = mean.to(self.device), std.to(self.device)

    def train(self, batch: Batch, progress: float) -> dict[str, float]:
        """Take one step, and return the terms of its loss."""
        recipe = self.recipe
        for group in self.optimiser.param_groups:
            group["lr"] = recipe.learning_rate * _schedule(progress, recipe.warmup)
        views = self._normalise(batch.views)
        labels = {name: label.to(self.device) for name, label in batch.labels.items()}
        hands, content, style = (
            each.to(self.device) for each in (batch.hands, batch.content, batch.style)
        )
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16):
            maps = self.trunk(views.contiguous(memory_format=torch.channels_last))
            logits = self.heads(maps)
        parts = {"classes": losses.classification(logits, labels, recipe.smoothing)}
        if recipe.twice:
            near = style_distances(maps, self.gains)
            far = content_distances(maps)
            parts |= {
                "hands": losses.contrast(near, _equal(hands), recipe.temperature),
                "style": losses.contrast(near, _equal(style), recipe.temperature),
                "content": losses.contrast(far, _equal(content), recipe.temperature),
            }
        weighted = zip(recipe.weights, parts.values(), strict=True)
        total = torch.stack([weight * part for weight, part in weighted]).sum()
        self.optimiser.zero_grad()
        total.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.trunk.parameters(), 5.0)
        self.optimiser.step()
        self._follow()
        self.step += 1
        return {name: part.item() for name, part in parts.items()}

    def start_from(self, weights: Weights, batch: Batch) -> None:
        """Start with the maps of other weights, normalised by the statistics of a batch."""
        state = unfold(weights.tensors, self._normalise(batch.views), self.frozen).state_dict()
        self.trunk.load_state_dict(state)
        self.average.load_state_dict(state)

    def _normalise(self, views: Tensor) -> Tensor:
        return views.to(self.device).sub(self.mean).div(self.std)

    def _follow(self) -> None:
        """Move the averaged weights towards the trained ones, faster in early steps."""
        share = max(self.recipe.averaging, 1 / (1 + self.step / 4))
        with torch.no_grad():
            theirs = self.trunk.state_dict()
            for name, ours in self.average.state_dict().items():
                if ours.is_floating_point():
                    ours.lerp_(theirs[name], share)
                else:
                    ours.copy_(theirs[name])

    def state(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "trunk": self.trunk.state_dict(),
            "heads": self.heads.state_dict(),
            "gains": self.gains.detach(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }

    def load_state(self, state: dict[str, Any]) -> None:
        self.step = state["step"]
        self.gains.data.copy_(state["gains"])
        for part in ("trunk", "heads", "average", "optimiser"):
            getattr(self, part).load_state_dict(state[part])


def _equal(numbers: Tensor) -> Tensor:
    return numbers[:, None] == numbers


def _groups(parameters: list[nn.Parameter], recipe: Recipe) -> list[dict[str, Any]]:
    parameters = [each for each in parameters if each.requires_grad]
    decayed = [each for each in parameters if each.ndim > 1]
    return [
        {"params": decayed, "weight_decay": recipe.weight_decay},
        {"params": [each for each in parameters if each.ndim <= 1], "weight_decay": 0.0},
    ]


def _schedule(progress: float, warmup: float) -> float:
    """Return a factor that rises linearly, then falls to zero along half a cosine."""
    if progress < warmup:
        return progress / warmup
    return 0.5 * (1 + math.cos(math.pi * (progress - warmup) / (1 - warmup)))
