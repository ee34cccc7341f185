"""The calls of `torch.nn` modules, with their parameters and buffers as arguments of their own."""

from __future__ import annotations

import inspect
from functools import partial
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

IMAGE, LINE, ROWS, INDEX = (2, 4, 6, 6), (2, 4, 8), (3, 4), torch.tensor([[1, 2], [4, 3]])

#: Modules torch's database lacks: how to build one, and what to call it on, by shape or value.
OTHERS: tuple[tuple[partial[Any], tuple[Any, ...]], ...] = (
    (partial(nn.AdaptiveLogSoftmaxWithLoss, 4, 6, [2, 4]), (ROWS, torch.tensor([1, 3, 5]))),
    (partial(nn.AlphaDropout), (IMAGE,)),
    (partial(nn.ChannelShuffle, 2), (IMAGE,)),
    (partial(nn.CosineSimilarity), (ROWS, ROWS)),
    (partial(nn.CrossMapLRN2d, 2), (IMAGE,)),
    (partial(nn.Dropout), (IMAGE,)),
    (partial(nn.Dropout, 0.0), (IMAGE,)),
    (partial(nn.Dropout1d), (LINE,)),
    (partial(nn.Dropout2d), (IMAGE,)),
    (partial(nn.Dropout3d), ((2, 4, 3, 3, 3),)),
    (partial(nn.Embedding, 5, 3), (INDEX,)),
    (partial(nn.Embedding, 5, 3, max_norm=0.5), (INDEX,)),
    (partial(nn.EmbeddingBag, 5, 3), (INDEX,)),
    (partial(nn.EmbeddingBag, 5, 3, max_norm=0.5), (INDEX,)),
    (partial(nn.FeatureAlphaDropout), (IMAGE,)),
    (partial(nn.Flatten), (IMAGE,)),
    (partial(nn.Fold, (4, 5), (2, 2)), ((1, 12, 12),)),
    (partial(nn.Hardsigmoid), (IMAGE,)),
    (partial(nn.Identity), (IMAGE,)),
    (partial(nn.MaxUnpool1d, 2), ((1, 1, 2), torch.tensor([[[1, 2]]]))),
    (partial(nn.MaxUnpool2d, 2), ((1, 1, 1, 2), torch.tensor([[[[1, 6]]]]))),
    (partial(nn.MaxUnpool3d, 2), ((1, 1, 1, 1, 2), torch.tensor([[[[[1, 6]]]]]))),
    (partial(nn.NLLLoss2d), ((1, 3, 2, 2), torch.tensor([[[0, 1], [2, 1]]]))),
    (partial(nn.PairwiseDistance), (ROWS, ROWS)),
    (partial(nn.PixelShuffle, 2), (IMAGE,)),
    (partial(nn.PixelUnshuffle, 2), (IMAGE,)),
    (partial(nn.RReLU), (IMAGE,)),
    (partial(nn.TransformerDecoder, nn.TransformerDecoderLayer(4, 2, 8), 1), ((3, 2, 4),) * 2),
    (partial(nn.TripletMarginLoss), (ROWS, ROWS, ROWS)),
    (partial(nn.TripletMarginWithDistanceLoss), (ROWS, ROWS, ROWS)),
    (partial(nn.Unflatten, 1, (2, 2)), (IMAGE,)),
    (partial(nn.Unfold, 2), (IMAGE,)),
    (partial(nn.Upsample, None, 2), (IMAGE,)),
    (partial(nn.UpsamplingBilinear2d, None, 2), (IMAGE,)),
    (partial(nn.UpsamplingNearest2d, None, 2), (IMAGE,)),
)

#: Classes whose instances become ordinary ones at their first call, by what they become.
LAZY = {
    kind.cls_to_become: name
    for name, kind in vars(nn).items()
    if isinstance(kind, type) and issubclass(kind, nn.modules.lazy.LazyModuleMixin)
}


def calls() -> Iterator[Call]:
    """Every module of torch's database and of `OTHERS`, in training and in evaluation."""
    for training in True, False:
        for info in module_db:
            ours = info.module_cls.__module__.startswith("torch.nn.modules")
            if ours and not info.is_lazy:
                yield from _from_database(info, training)
        torch.default_generator.manual_seed(0)
        for build, inputs in OTHERS:
            given = [
                v if isinstance(v, torch.Tensor) else torch.randn(v, dtype=torch.float64)
                for v in inputs
            ]
            yield from _built(build, training, given, {})


def _from_database(info: Any, training: bool) -> Iterator[Call]:
    torch.default_generator.manual_seed(0)
    options = {"device": "cpu", "dtype": torch.float64, "requires_grad": False}
    samples = info.module_inputs_func(info, **options, training=training)
    count = 1 if "Transformer" in info.module_cls.__name__ else SAMPLES
    for sample in telling_first(samples, _arguments)[:count]:
        made, forward = sample.constructor_input, sample.forward_input
        kwargs = {k: v for k, v in made.kwargs.items() if k not in ("device", "dtype")}
        build = partial(info.module_cls, *made.args, **kwargs)
        yield from _built(build, training, forward.args, forward.kwargs)


def _arguments(sample: Any) -> dict[object, Any]:
    made, forward = sample.constructor_input, sample.forward_input
    given: dict[object, Any] = {(i, "to build"): value for i, value in enumerate(made.args)}
    given |= dict(enumerate(forward.args))
    given |= made.kwargs | forward.kwargs
    return given


def _built(
    build: partial[Any], training: bool, args: Any, kwargs: dict[str, Any]
) -> Iterator[Call]:
    """The call of one instance and, where the class knows `inplace`, of one that has it."""
    kind: Any = build.func
    parameters = tuple(inspect.signature(kind.forward).parameters)[1:]
    builds = [build]
    if "inplace" in inspect.signature(kind).parameters:
        builds.append(partial(build, inplace=True))
    for build in builds:
        try:
            module = build().double().train(training)
        except TypeError:
            continue  # a sample that gives inplace by position
        flag = next((f"with {flag}" for flag in FLAGS if build.keywords.get(flag)), "module")
        for name in {kind.__name__, LAZY.get(kind, kind.__name__)}:
            spelling = (flag, f"nn.{name}")
            yield Call(spelling, module, parameters, tuple(args), dict(kwargs))
