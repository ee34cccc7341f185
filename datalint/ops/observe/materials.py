"""Small tensors to call operators on."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch

x = partial(torch.rand, 3, 4, dtype=torch.float64)
square = partial(torch.rand, 3, 3, dtype=torch.float64)
vector = partial(torch.rand, 4, dtype=torch.float64)
image = partial(torch.rand, 2, 4, 6, 6, dtype=torch.float64)
line = partial(torch.rand, 2, 4, 8, dtype=torch.float64)
index = torch.tensor([2, 0])
mask = torch.tensor([True, False, True])


def named(space: Any, names: str) -> list[Any]:
    """The functions of a namespace by their names, in one string."""
    return [getattr(space, name) for name in names.split()]
