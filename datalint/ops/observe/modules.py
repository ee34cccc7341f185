"""The calls of `torch.nn` modules, with their parameters and buffers as arguments of their own."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.testing._internal.common_modules import module_db

from datalint.ops.observe.calls import FLAGS, Call
from datalint.ops.observe.samples import telling_first

if TYPE_CHECKING:
    from collections.abc import Iterator

#: How many samples of a module; one has to do where one takes seconds.
SAMPLES = 24

#: Modules torch's database lacks: how to build one, and what to call it on.
IMAGE, LINE = (2, 4, 6, 6), (2, 4, 8)
OTHERS: tuple[tuple[type[nn.Module], tuple[Any, ...], tuple[tuple[int, ...], ...]], ...] = (
    (nn.AlphaDropout, (), (IMAGE,)),
    (nn.ChannelShuffle, (2,), (IMAGE,)),
    (nn.CosineSimilarity, (), ((3, 4), (3, 4))),
    (nn.CrossMapLRN2d, (2,), (IMAGE,)),
    (nn.Dropout, (), (IMAGE,)),
    (nn.Dropout, (0.0,), (IMAGE,)),
    (nn.Dropout1d, (), (LINE,)),
    (nn.Dropout2d, (), (IMAGE,)),
    (nn.Dropout3d, (), ((2, 4, 3, 3, 3),)),
    (nn.FeatureAlphaDropout, (), (IMAGE,)),
    (nn.Flatten, (), (IMAGE,)),
    (nn.Fold, ((4, 5), (2, 2)), ((1, 12, 12),)),
    (nn.Hardsigmoid, (), (IMAGE,)),
    (nn.Identity, (), (IMAGE,)),
    (nn.PairwiseDistance, (), ((3, 4), (3, 4))),
    (nn.PixelShuffle, (2,), (IMAGE,)),
    (nn.PixelUnshuffle, (2,), (IMAGE,)),
    (nn.RReLU, (), (IMAGE,)),
    (nn.TransformerDecoder, (nn.TransformerDecoderLayer(4, 2, 8), 1), ((3, 2, 4), (3, 2, 4))),
    (nn.TripletMarginLoss, (), ((3, 4), (3, 4), (3, 4))),
    (nn.TripletMarginWithDistanceLoss, (), ((3, 4), (3, 4), (3, 4))),
    (nn.Unflatten, (1, (2, 2)), (IMAGE,)),
    (nn.Unfold, (2,), (IMAGE,)),
    (nn.Upsample, (None, 2), (IMAGE,)),
    (nn.UpsamplingBilinear2d, (None, 2), (IMAGE,)),
    (nn.UpsamplingNearest2d, (None, 2), (IMAGE,)),
)


def calls() -> Iterator[Call]:
    """Every module of torch's database and of `OTHERS`, in training and in evaluation."""
    for training in True, False:
        for info in module_db:
            lazy = issubclass(info.module_cls, nn.modules.lazy.LazyModuleMixin)
            if info.module_cls.__module__.startswith("torch.nn.modules") and not lazy:
                yield from _from_database(info, training)
        torch.default_generator.manual_seed(0)
        for kind, args, shapes in OTHERS:
            inputs = tuple(torch.randn(shape, dtype=torch.float64) for shape in shapes)
            yield from _built(kind, training, args, {}, inputs, {})
        index = torch.tensor([[1, 2], [4, 3]])
        for kind in nn.Embedding, nn.EmbeddingBag:
            for kwargs in {}, {"max_norm": 0.5}:
                yield from _built(kind, training, (5, 3), kwargs, (index,), {})


def _from_database(info: Any, training: bool) -> Iterator[Call]:
    torch.default_generator.manual_seed(0)
    options = {"device": "cpu", "dtype": torch.float64, "requires_grad": False}
    samples = info.module_inputs_func(info, **options, training=training)
    count = 1 if "Transformer" in info.module_cls.__name__ else SAMPLES
    for sample in telling_first(samples, _arguments)[:count]:
        build, forward = sample.constructor_input, sample.forward_input
        yield from _built(
            info.module_cls, training, build.args, build.kwargs, forward.args, forward.kwargs
        )


def _arguments(sample: Any) -> dict[object, Any]:
    build, forward = sample.constructor_input, sample.forward_input
    given: dict[object, Any] = {(i, "to build"): value for i, value in enumerate(build.args)}
    given |= dict(enumerate(forward.args))
    given |= build.kwargs | forward.kwargs
    return given


def _built(
    kind: type[nn.Module],
    training: bool,
    build_args: Any,
    build_kwargs: dict[str, Any],
    args: Any,
    kwargs: dict[str, Any],
) -> Iterator[Call]:
    """The call of one instance and, where the class knows `inplace`, of one that has it."""
    build_kwargs = {k: v for k, v in build_kwargs.items() if k not in ("device", "dtype")}
    names = inspect.signature(kind).parameters
    for inplace in (False, True) if "inplace" in names else (False,):
        given = build_kwargs | ({"inplace": True} if inplace else {})
        try:
            module = kind(*build_args, **given).double().train(training)
        except TypeError:
            continue  # a sample that gives inplace by position
        flag = next((f"with {flag}" for flag in FLAGS if given.get(flag)), "module")
        spelling = (flag, f"nn.{kind.__name__}")
        parameters = tuple(inspect.signature(kind.forward).parameters)[1:]
        yield Call(spelling, module, parameters, tuple(args), dict(kwargs))
