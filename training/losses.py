"""The losses of training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from .pictures import UNKNOWN


def classification(
    logits: Mapping[str, Sequence[Tensor]], labels: Mapping[str, Tensor], smoothing: float
) -> Tensor:
    """Return cross entropy, summed over labels, averaged over the heads of each.

    Unlabelled rows are left out.
    """
    total = torch.zeros(())
    for label, heads in logits.items():
        known = labels[label] != UNKNOWN
        if not known.any():
            continue
        target = labels[label][known]
        losses = [F.cross_entropy(head[known], target, label_smoothing=smoothing) for head in heads]
        total = total.to(target.device) + torch.stack(losses).mean()
    return total


def contrast(distances: Tensor, same: Tensor, temperature: float) -> Tensor:
    """Return the loss that moves rows nearer to their own kind than to others; ``(B, B)`` both.

    Khosla et al.: Supervised Contrastive Learning, 2020, with the distances of the measure in place
    of cosines. The temperature is a share of the batch's mean distance, so that only ratios of
    distances count. Rows without a kind are left out.
    """
    itself = torch.eye(len(distances), dtype=torch.bool, device=distances.device)
    logits = -distances / (temperature * distances.detach().mean())
    logs = logits.masked_fill(itself, -torch.inf).log_softmax(dim=1)
    same = same & ~itself
    count = same.sum(dim=1)
    rows = count > 0
    if not rows.any():
        return distances.sum() * 0
    found = logs.masked_fill(~same, 0).sum(dim=1)[rows] / count[rows]
    return -found.mean()
