"""Calls of functions that torch's operator database leaves out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import nn

from datalint.ops.observe.materials import image, index, line, named, square, vector, x

if TYPE_CHECKING:
    from collections.abc import Iterator


def probes() -> Iterator[tuple[Any, ...]]:
    """Functions, each with its arguments and, where the last is a dictionary, its keywords."""
    yield from _recurrent()
    yield from _losses()
    yield from _utilities()
    for function in named(torch, "celu selu rrelu relu"):
        yield function, x() - 0.5
    for function in named(torch, "dropout alpha_dropout feature_dropout feature_alpha_dropout"):
        yield function, x(), 0.5, True
        yield function, x(), 0.5, False
    yield torch.native_dropout, x(), 0.5, True
    yield torch.threshold, x(), 0.5, 0.1
    yield torch.prelu, x() - 0.5, torch.tensor([0.2], dtype=torch.float64)
    yield torch.max_pool1d, line(), 2
    yield torch.max_pool1d_with_indices, line(), 2
    yield torch.max_pool2d, image(), 2
    yield torch.max_pool3d, torch.rand(1, 2, 4, 4, 4, dtype=torch.float64), 2
    yield torch.adaptive_max_pool1d, line(), 2
    yield torch.batch_norm, image(), *(vector() for _ in range(4)), True, 0.1, 1e-5, False
    yield torch.batch_norm, image(), *(vector() for _ in range(4)), False, 0.1, 1e-5, False
    yield torch.instance_norm, image(), *(vector() for _ in range(4)), True, 0.1, 1e-5, False
    yield torch.convolution, line(), torch.rand(3, 4, 2, dtype=torch.float64), vector()[:3], *(
        [1], [0], [1], False, [0], 1
    )  # fmt: skip
    yield torch.conv_tbc, line(), torch.rand(3, 8, 5, dtype=torch.float64), vector().repeat(2)[:5]
    yield torch.embedding, x(), index
    yield torch.embedding_bag, x(), index, torch.tensor([0])
    for mode in "sum", "mean", "max":
        bags = torch.tensor([1, 2, 0, 1]), x(), torch.tensor([0, 2])
        yield F.embedding_bag, *bags, {"mode": mode}
    yield torch.chain_matmul, square(), square(), square()
    yield torch.frobenius_norm, x(), [1]
    yield torch.nuclear_norm, square()
    yield torch.norm_except_dim, x(), 2, 0
    yield torch.vander, vector()
    yield torch.svd_lowrank, square(), 2
    yield torch.pca_lowrank, square(), 2
    yield torch.lobpcg, torch.rand(9, 9, dtype=torch.float64) + 9 * torch.eye(9), 1
    yield torch.slogdet, square()
    yield torch.poisson, x()
    yield torch.binomial, x() + 2, x()
    yield torch.rand_like, x()
    for function in named(torch, "rand empty zeros ones"):
        yield function, 3
    for function in named(
        torch, "randperm bartlett_window blackman_window hamming_window hann_window"
    ):
        yield function, 3
    yield torch.range, 0, 3
    yield torch.kaiser_window, 3
    yield torch.select_copy, x(), 0, 1
    yield torch.slice_copy, x(), 0, 1
    yield torch.split_copy, x(), 1
    yield torch.unsafe_split_with_sizes, x(), [1, 3], 1
    yield torch.view_as_real_copy, x().to(torch.complex128)
    yield torch.view_as_complex_copy, torch.rand(3, 2)
    yield torch.affine_grid_generator, torch.rand(1, 2, 3, dtype=torch.float64), [1, 1, 4, 4], False
    yield F.affine_grid, torch.rand(1, 2, 3, dtype=torch.float64), [1, 1, 4, 4]
    yield torch.grid_sampler, image(), torch.rand(2, 3, 3, 2, dtype=torch.float64), 0, 0, False
    yield F.conv_tbc, line(), torch.rand(3, 8, 5, dtype=torch.float64), vector().repeat(2)[:5]
    yield F.dropout1d, line()
    yield F.dropout1d, line(), 0.5, False
    yield F.fold, torch.rand(1, 12, 12, dtype=torch.float64), (4, 5), (2, 2)
    yield F.gumbel_softmax, x()
    yield F.gumbel_softmax, x(), {"hard": True}
    yield F.gumbel_softmax, x(), vector()
    yield F.lp_pool1d, line(), 2.0, 2
    yield F.lp_pool2d, image(), 2.0, 2
    yield F.lp_pool3d, torch.rand(1, 2, 4, 4, 4, dtype=torch.float64), 2.0, 2
    yield F.upsample, image(), {"scale_factor": 2}
    yield torch.fake_quantize_per_tensor_affine, x(), 0.1, 0, 0, 255
    yield torch.sparse.softmax, square().to_sparse(), 1
    yield torch.sparse.log_softmax, square().to_sparse(), 1
    yield torch.sparse.sum, square().to_sparse()
    yield torch.sparse.addmm, square(), square().to_sparse(), square()
    yield torch.fft.fftfreq, 4
    yield torch.fft.rfftfreq, 4


def _losses() -> Iterator[tuple[Any, ...]]:
    sign = torch.tensor([1.0, -1.0, 1.0], dtype=torch.float64)
    yield torch.kl_div, x().log(), x()
    yield F.kl_div, x().log(), x()
    yield torch.cosine_embedding_loss, x(), x(), sign
    yield torch.hinge_embedding_loss, x()[:, 0], sign
    yield torch.margin_ranking_loss, x()[:, 0], x()[:, 1], sign, 0.5
    yield torch.triplet_margin_loss, x(), x(), x()
    yield torch.poisson_nll_loss, x(), x(), True, False, 1e-8, 1
    yield torch.binary_cross_entropy_with_logits, x(), x(), vector(), vector()
    lengths = torch.tensor([6]), torch.tensor([2])
    logits = torch.rand(6, 1, 4, dtype=torch.float64).log_softmax(2)
    yield torch.ctc_loss, logits, torch.tensor([[1, 2]]), *lengths


def _utilities() -> Iterator[tuple[Any, ...]]:
    rnn = nn.utils.rnn
    lengths = torch.tensor([4, 2])
    yield nn.utils.parameters_to_vector, [x(), vector()]
    yield rnn.pad_sequence, [vector(), vector()[:2]]
    yield rnn.unpad_sequence, line(), torch.tensor([4, 2, 1, 1]), {"batch_first": False}
    yield rnn.pack_padded_sequence, torch.rand(4, 2, 3, dtype=torch.float64), lengths
    yield rnn.pack_sequence, [vector(), vector()[:2]]
    packed = rnn.pack_sequence([vector(), vector()[:2]])
    yield rnn.pad_packed_sequence, packed
    yield rnn.unpack_sequence, packed


def _recurrent() -> Iterator[tuple[Any, ...]]:
    for kind, gates in ("lstm", 4), ("gru", 3), ("rnn_tanh", 1), ("rnn_relu", 1):
        weights = [torch.rand(gates * 3, n, dtype=torch.float64) for n in (4, 3)]
        biases = [torch.rand(gates * 3, dtype=torch.float64) for _ in range(2)]
        state = torch.rand(1, 2, 3, dtype=torch.float64)
        states = [state, state.clone()] if kind == "lstm" else state
        rest = True, 1, 0.0, False, False, False
        inputs = torch.rand(5, 2, 4, dtype=torch.float64)
        yield getattr(torch, kind), inputs, states, [*weights, *biases], *rest
        state = torch.rand(2, 3, dtype=torch.float64)
        states = [state, state.clone()] if kind == "lstm" else state
        yield getattr(torch, f"{kind}_cell"), inputs[0], states, *weights, *biases
