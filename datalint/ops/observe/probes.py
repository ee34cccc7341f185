"""Calls of what torch's operator database leaves out."""

from __future__ import annotations

import operator
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from datalint.ops.observe.calls import Call
from datalint.ops.observe.database import recorded
from datalint.ops.observe.names import parameters_of, public

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Attributes that are tensors, and some of those that are not.
ATTRIBUTES = (
    "T", "mT", "H", "mH", "real", "imag", "data", "shape", "dtype", "device", "layout",
    "requires_grad", "is_leaf", "is_cuda", "is_sparse", "ndim", "itemsize", "nbytes",
)  # fmt: skip

x = partial(torch.rand, 3, 4, dtype=torch.float64)
square = partial(torch.rand, 3, 3, dtype=torch.float64)
vector = partial(torch.rand, 4, dtype=torch.float64)
image = partial(torch.rand, 2, 4, 6, 6, dtype=torch.float64)
line = partial(torch.rand, 2, 4, 8, dtype=torch.float64)
index = torch.tensor([2, 0])
mask = torch.tensor([True, False, True])


def calls() -> Iterator[Call]:
    """Every probe of this module."""
    torch.default_generator.manual_seed(0)
    for function, *args in _probes():
        kwargs = args.pop() if args and isinstance(args[-1], dict) else {}
        yield from recorded(function, tuple(args), kwargs)
    for name in ATTRIBUTES:
        for tensor in square(), square().to(torch.complex128):
            yield Call(("attribute", name), operator.attrgetter(name), ("input",), (tensor,))
    for name, *args in _private():
        function = operator.attrgetter(name)(torch)
        named = parameters_of(name) or ("input",)
        yield Call(("function", name), function, named, tuple(args))


def _named(space: Any, names: str) -> list[Any]:
    return [getattr(space, name) for name in names.split()]


def _private() -> Iterator[tuple[Any, ...]]:
    """What people call although it is no public function: a class, a name with an underscore."""
    yield "autograd.Variable", x()
    one, per_row = torch.tensor([0.1]), torch.tensor([0.1, 0.2, 0.3])
    zero, zeros = torch.tensor([0.0]), torch.zeros(3)
    yield "_fake_quantize_learnable_per_tensor_affine", x().float(), one, zero, 0, 255, 1.0
    yield "_fake_quantize_learnable_per_channel_affine", x().float(), per_row, zeros, 0, 0, 255, 1.0


def _probes() -> Iterator[tuple[Any, ...]]:
    yield from _casts()
    yield from _methods()
    yield from _writers()
    yield from _indexing()
    yield from _functions()
    yield from _recurrent()
    yield from _initialisers()
    yield from _questions()


def _casts() -> Iterator[tuple[Any, ...]]:
    """To a dtype a tensor has, and to one it has not."""
    for (
        name
    ) in "float double half bfloat16 cfloat cdouble chalf bool byte char short int long".split():
        change = getattr(Tensor, name)
        yield change, x()
        yield change, change(x())
    for given in torch.float32, torch.float64:
        yield Tensor.type, x(), given
        yield Tensor.type_as, x(), x().to(given)
        yield Tensor.to, x(), given
        yield torch.as_tensor, x(), {"dtype": given}
        yield torch.asarray, x(), {"dtype": given}
    yield Tensor.cpu, x()
    for copy in torch.tensor, torch.clone, Tensor.new_tensor:
        yield (copy, x(), x()) if copy is Tensor.new_tensor else (copy, x())
    yield Tensor.new, x(), 3


def _methods() -> Iterator[tuple[Any, ...]]:
    for function in _named(Tensor, "relu hardshrink detach to_dense __reversed__"):
        yield function, x() - 0.5
    yield Tensor.__deepcopy__, x(), {}, {}
    yield Tensor.prelu, x() - 0.5, torch.tensor([0.2], dtype=torch.float64)
    yield Tensor.slogdet, square()
    yield Tensor.sparse_mask, square(), square().to_sparse()
    yield Tensor.as_subclass, x(), Tensor
    yield Tensor.unsafe_split_with_sizes, x(), [1, 3], 1
    yield Tensor.__rfloordiv__, x() + 1, 3.0
    yield Tensor.__rlshift__, index, 1
    yield Tensor.__rrshift__, index, 1
    yield Tensor.__div__, x(), x() + 1
    yield Tensor.__idiv__, x(), x() + 1
    yield torch.dist, x(), x()
    yield torch.detach_copy, x()


def _writers() -> Iterator[tuple[Any, ...]]:
    yield Tensor.relu_, x() - 0.5
    for function in _named(Tensor, "random_ bernoulli_ detach_ requires_grad_"):
        yield function, x()
    yield Tensor.copy_, x(), x()
    yield Tensor.copy_, x(), x().float()
    yield Tensor.fill_diagonal_, x(), 2.0
    yield Tensor.bernoulli_, x(), 0.5
    yield Tensor.apply_, x(), lambda value: value + 1
    yield Tensor.map_, x(), x(), lambda a, b: a + b
    yield Tensor.map2_, x(), x(), x(), lambda a, b, c: a + b + c
    yield torch.embedding_renorm_, x() + 1, index, 1.0, 2.0
    yield torch.threshold_, x(), 0.5, 0.1
    for function in _named(torch, "celu_ selu_ rrelu_ relu_"):
        yield function, x() - 0.5
    for function in _named(F, "elu_ hardtanh_ leaky_relu_"):
        yield function, x() - 0.5
    for function in _named(
        torch, "dropout_ alpha_dropout_ feature_dropout_ feature_alpha_dropout_"
    ):
        yield function, x(), 0.5, True


def _indexing() -> Iterator[tuple[Any, ...]]:
    for place, shape in (
        (0, (4,)),
        (slice(1), (1, 4)),
        ((..., None), (3, 4, 1)),
        (index, (2, 4)),
        ([0, 2], (2, 4)),
        (mask, (2, 4)),
        ((slice(None), index), (3, 2)),
    ):
        yield Tensor.__getitem__, x(), place
        yield Tensor.__setitem__, x(), place, torch.rand(shape, dtype=torch.float64)
        yield Tensor.__setitem__, x(), place, 2.0
    yield torch.index_put_, x(), (index,), vector()


def _functions() -> Iterator[tuple[Any, ...]]:
    for function in _named(torch, "celu selu rrelu relu"):
        yield function, x() - 0.5
    for function in _named(torch, "dropout alpha_dropout feature_dropout feature_alpha_dropout"):
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
    for function in _named(torch, "rand empty zeros ones"):
        yield function, 3
    for function in _named(
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
    yield from _losses()
    yield F.conv_tbc, line(), torch.rand(3, 8, 5, dtype=torch.float64), vector().repeat(2)[:5]
    yield F.dropout1d, line()
    yield F.dropout1d, line(), 0.5, False
    yield F.fold, torch.rand(1, 12, 12, dtype=torch.float64), (4, 5), (2, 2)
    yield F.gumbel_softmax, x()
    yield F.gumbel_softmax, x(), {"hard": True}
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
    yield from _utilities()


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


def _initialisers() -> Iterator[tuple[Any, ...]]:
    for (kind, name), function in public().items():
        if kind == "function" and name.startswith("nn.init.") and name != "nn.init.calculate_gain":
            tensor = torch.rand(3, 4, 5) if "dirac" in name else torch.rand(3, 4)
            more = {"constant": (2.0,), "sparse": (0.5,)}
            yield function, tensor, *more.get(name.removeprefix("nn.init.").rstrip("_"), ())


def _questions() -> Iterator[tuple[Any, ...]]:
    """Methods and functions that answer with something that is no tensor."""
    for (
        name
    ) in "__bool__ __complex__ __float__ __index__ __int__ __long__ __nonzero__ item".split():
        yield getattr(Tensor, name), torch.tensor(3 if name == "__index__" else 3.0)
    for name in (
        "__len__ data_ptr dense_dim dim dim_order element_size get_device is_coalesced is_complex "
        "is_conj is_contiguous is_distributed is_floating_point is_inference is_neg is_pinned "
        "is_shared is_signed ndimension nelement numel sparse_dim stride storage_offset "
        "tolist __dlpack_device__ __format__ __repr__ __hash__ storage_type const_data_ptr"
    ).split():
        yield getattr(Tensor, name), x()
    for function in _named(
        torch, "is_complex is_conj is_floating_point is_inference is_neg is_tensor numel"
    ):
        yield function, x()
    yield Tensor.__contains__, x(), 2.0
    yield Tensor.is_set_to, x(), x()
    for space in Tensor, torch:
        yield space.is_same_size, x(), x()
        yield space.is_nonzero, torch.tensor(3.0)
    yield torch.result_type, x(), x()
    yield torch.is_storage, x()
    yield torch.typename, x()
