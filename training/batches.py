"""The batches of training: each depends only on the seed and its number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from .mixing import mix
from .pictures import UNKNOWN, Pictures
from .recipe import CUT, PHOTOGRAPH, REPRODUCTION, Recipe
from .views import chosen, see


@dataclass(frozen=True, eq=False)
class Batch:
    """A batch of views, ``(V, 3, size, size)``: all first views, then the second ones, if any.

    All other arrays are ``(V,)``: ``content`` and ``style`` number the pictures that a view has its
    content and its style from. Labels are those of the picture, unknown where the two differ;
    ``hands`` is the first label of the picture that the style is from.
    """

    views: Tensor
    labels: dict[str, Tensor]
    hands: Tensor
    content: Tensor
    style: Tensor


class Batches(Dataset[Batch]):
    """The batches of a training run, by number; a resumed run continues with the same ones."""

    def __init__(
        self,
        pictures: Pictures,
        chosen: NDArray[np.intp],
        sizes: list[int],
        recipe: Recipe,
        seed: int,
    ) -> None:
        self.pictures, self.sizes, self.recipe, self.seed = pictures, sizes, recipe, seed
        first = next(iter(pictures.labels.values()))[chosen]
        of_class = {int(label): chosen[first == label] for label in np.unique(first)}
        self.of_class = {
            label: rows
            for label, rows in of_class.items()
            if label != UNKNOWN and len(rows) >= recipe.pictures_each
        }

    def __len__(self) -> int:
        return len(self.sizes)

    def __getitem__(self, number: int) -> Batch:
        random = np.random.default_rng([self.seed, number])
        rows = self._draw(random)
        generator = torch.Generator().manual_seed(int(random.integers(2**62)))
        pixels = torch.from_numpy(self.pictures.pixels[rows]).permute(0, 3, 1, 2).float().div(255)
        size = self.sizes[number]
        cuts = see(pixels, 2 * size, CUT, generator)
        views = [see(cuts, size, REPRODUCTION, generator)]
        contents = styles = rows
        if self.recipe.twice:
            second, manners = self._second(cuts, rows, size, generator)
            views.append(second)
            contents, styles = np.concatenate([rows, rows]), np.concatenate([rows, manners])
        labels = {
            name: np.where(styles == contents, label[contents], UNKNOWN)
            for name, label in self.pictures.labels.items()
        }
        hands = next(iter(self.pictures.labels.values()))[styles]
        return Batch(
            torch.cat(views),
            {name: torch.from_numpy(label) for name, label in labels.items()},
            *map(torch.from_numpy, (hands, contents, styles)),
        )

    def _second(
        self, cuts: Tensor, rows: NDArray[np.intp], size: int, generator: torch.Generator
    ) -> tuple[Tensor, NDArray[np.intp]]:
        """Return second views, and the picture that each has its style from.

        Second views are photographs, and mixtures with other pictures of the batch.
        """
        mixed = chosen(generator, len(rows), self.recipe.mixed)
        views = see(cuts, size, PHOTOGRAPH, generator)
        manners = rows.copy()
        if len(mixed):
            others = (mixed + 1 + self.recipe.pictures_each) % len(rows)
            manner = mix(cuts[mixed], cuts[others])
            views[mixed] = see(manner, size, REPRODUCTION, generator)
            manners[mixed.numpy()] = rows[others.numpy()]
        return views, manners

    def _draw(self, random: np.random.Generator) -> NDArray[np.intp]:
        """Return some pictures of each of some classes, drawn by the square root of their size."""
        classes = list(self.of_class)
        each = self.recipe.pictures_each
        share = np.sqrt([len(self.of_class[label]) for label in classes])
        count = min(self.recipe.pictures // each, len(classes))
        drawn = random.choice(len(classes), count, replace=False, p=share / share.sum())
        rows = [random.choice(self.of_class[classes[at]], each, replace=False) for at in drawn]
        return np.concatenate(rows)
