"""Calls of methods and attributes that torch's operator database leaves out."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor

from datalint.ops.observe import functions
from datalint.ops.observe.calls import Call
from datalint.ops.observe.database import recorded
from datalint.ops.observe.materials import index, mask, named, square, vector, x
from datalint.ops.observe.names import parameters_of, public

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Attributes that are tensors, and some of those that are not.
ATTRIBUTES = (
    "T", "mT", "H", "mH", "real", "imag", "data", "shape", "dtype", "device", "layout",
    "requires_grad", "is_leaf", "is_cuda", "is_sparse", "ndim", "itemsize", "nbytes",
)  # fmt: skip


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
    yield from functions.probes()
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
    for function in named(Tensor, "relu hardshrink detach to_dense __reversed__"):
        yield function, x() - 0.5
    yield Tensor.__deepcopy__, x(), {}, {}
    yield Tensor.prelu, x() - 0.5, torch.tensor([0.2], dtype=torch.float64)
    yield Tensor.slogdet, square()
    yield Tensor.sparse_mask, square(), square().to_sparse()
    for function in named(Tensor, "to_sparse_coo to_sparse_csr to_sparse_csc"):
        yield function, square()
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
    for function in named(Tensor, "random_ bernoulli_ detach_ requires_grad_"):
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
    for function in named(torch, "celu_ selu_ rrelu_ relu_"):
        yield function, x() - 0.5
    for function in named(F, "elu_ hardtanh_ leaky_relu_"):
        yield function, x() - 0.5
    for function in named(torch, "dropout_ alpha_dropout_ feature_dropout_ feature_alpha_dropout_"):
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
    for function in named(
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
