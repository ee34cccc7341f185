"""How much longer a training step takes under the witness: paired steps, with a control.

    python -m tests.benchmarks.overhead

A round makes the same step three times, in an order that is drawn anew: plain, plain again, and
under the witness. The figures are medians of the ratios within rounds, so that what else the
machine does weighs on both alike; the control, plain to plain, says how much of that is left.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from datalint.runtime import watch

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager


def mlp() -> tuple[nn.Module, Tensor]:
    """784-512-512-10 on a batch of 256."""
    net = nn.Sequential(
        nn.Flatten(), nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU()
    )
    return nn.Sequential(net, nn.Linear(512, 10)), torch.randn(256, 1, 28, 28)


def cnn() -> tuple[nn.Module, Tensor]:
    """Three convolutions with batch norm on 32 images of 32 by 32."""
    layers: list[nn.Module] = []
    for before, after in ((3, 32), (32, 64), (64, 64)):
        layers += [nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU()]
        layers += [nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(1024, 10)), torch.randn(32, 3, 32, 32)


def transformer() -> tuple[nn.Module, Tensor]:
    """Four encoder layers of width 128 on 16 sequences of 64."""
    layer = nn.TransformerEncoderLayer(128, 4, 512, batch_first=True)
    net = nn.TransformerEncoder(layer, 4, enable_nested_tensor=False)
    return nn.Sequential(net, nn.Flatten(), nn.Linear(64 * 128, 10)), torch.randn(16, 64, 128)


MODELS: dict[str, Callable[[], tuple[nn.Module, Tensor]]] = {
    "mlp": mlp,
    "cnn": cnn,
    "transformer": transformer,
}


def saved_bytes(net: nn.Module, batch: Tensor) -> int:
    """How much memory a step saves for backward, each storage counted once."""
    storages: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        storages[storage.data_ptr()] = storage.nbytes()
        return tensor

    with saved_tensors_hooks(pack, lambda tensor: tensor):
        loss = net(batch).square().mean()
    del loss
    return sum(storages.values())


def measure(name: str, rounds: int, *, trace: bool) -> dict[str, float]:
    """Medians of the ratios of a watched step, and of a second plain one, to a plain one."""
    torch.manual_seed(0)
    net, batch = MODELS[name]()
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-4)

    def step(context: AbstractContextManager[object]) -> float:
        with context:
            start = time.perf_counter()
            optimizer.zero_grad()
            net(batch).square().mean().backward()
            optimizer.step()
            return time.perf_counter() - start

    witness = watch(trace=trace)
    for _ in range(3):
        step(nullcontext())
        step(witness)
    order = random.Random(0)
    controls, ratios = [], []
    for _ in range(rounds):
        contexts = {"plain": nullcontext(), "again": nullcontext(), "watched": witness}
        names = list(contexts)
        order.shuffle(names)
        took = {which: step(contexts[which]) for which in names}
        controls.append(took["again"] / took["plain"])
        ratios.append(took["watched"] / took["plain"])
    assert witness.observed == []
    return {
        "control": statistics.median(controls),
        "watched": statistics.median(ratios),
        "memory": 1 + witness.copied / saved_bytes(net, batch),
    }


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(f"{'model':12} {'mode':8} {'control':>8} {'watched':>8} {'memory':>8}")
    for name in MODELS:
        for mode in ("hooks", "traced"):
            got = measure(name, options.rounds, trace=mode == "traced")
            figures = " ".join(f"{got[key]:7.2f}x" for key in ("control", "watched", "memory"))
            print(f"{name:12} {mode:8} {figures}", flush=True)


if __name__ == "__main__":
    main()
