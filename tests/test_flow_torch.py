"""What is followed through torch itself: modules, modes, optimizers, and what is assumed unseen."""

from __future__ import annotations

import pytest

from datalint.check import check_source
from tests.oracle import execute, execute_with_snapshots, same
from tests.test_flow_python import marked, reported

BEFORE = """\
import torch
from torch import nn
from torch.nn import functional as F

x = torch.tensor([1.0, 2.0], requires_grad=True)
y = x.exp()
z = y + 1
"""
AFTER = """
y.sum().backward()


def run():
    return {"x": x.grad}
"""

RUN = {
    "module list": ("k = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2)])\n"
                    "y = k[1](k[0](x).exp())\n"
                    "k[1].weight.data.zero_()  # write-after-save",
                    "k = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2)])\n"
                    "y = k[0](x)\nk[1].weight.data.zero_()"),
    "module list appended to": ("k = nn.ModuleList()\nk.append(nn.Linear(2, 2))\ny = k[0](x)\n"
                                "for m in k:\n    m.weight.data.zero_()  # write-after-save",),
    "module dict": ("k = nn.ModuleDict({'a': nn.Linear(2, 2)})\ny = k['a'](x)\n"
                    "k['a'].weight.data.zero_()  # write-after-save",
                    "k = nn.ModuleDict({'a': nn.Linear(2, 2), 'b': nn.Linear(2, 2)})\n"
                    "y = k['a'](x)\nk['b'].weight.data.zero_()"),
    "module dict's values": ("k = nn.ModuleDict({'a': nn.Linear(2, 2)})\ny = k['a'](x)\n"
                             "for m in k.values():\n"
                             "    m.weight.data.zero_()  # write-after-save",),
    "parameter list": ("k = nn.ParameterList([nn.Parameter(torch.ones(2))])\ny = x * k[0]\n"
                       "k[0].data.zero_()  # write-after-save",
                       "k = nn.ParameterList([nn.Parameter(torch.ones(2))])\ny = x + k[0]\n"
                       "k[0].data.zero_()"),
    "sequential": ("k = nn.Sequential(nn.Linear(2, 2), nn.ReLU(inplace=True))\ny = k(x)\n"
                   "k[0].weight.data.zero_()  # write-after-save",),
    "named parameters": ("k = nn.Linear(2, 2)\ny = k(x)\nfor n, p in k.named_parameters():\n"
                         "    p.data.zero_()  # write-after-save",
                         "k = nn.Linear(2, 2)\ny = x + 0\nfor n, p in k.named_parameters():\n"
                         "    p.data.zero_()"),
    "parameters": ("k = nn.Linear(2, 2)\ny = k(x)\nfor p in k.parameters():\n"
                   "    p.data.zero_()  # write-after-save",),
    "modules": ("k = nn.Sequential(nn.Linear(2, 2))\ny = k(x)\nfor m in k.modules():\n"
                "    if isinstance(m, nn.Linear):\n"
                "        m.weight.data.zero_()  # write-after-save",),
    "modules of another kind":
        ("k = nn.Sequential(nn.Linear(2, 2), nn.PReLU())\ny = x + 0\nfor m in k.modules():\n"
         "    if isinstance(m, (nn.Linear, nn.PReLU)):\n        m.weight.data.zero_()",),
    "apply": ("def clear(m):\n    m.weight.data.zero_()  # write-after-save\n\n\n"
              "k = nn.Linear(2, 2)\ny = k(x)\nk.apply(clear)",),
    "buffer": ("class A(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
               "        self.register_buffer('b', torch.ones(2))\n\n"
               "    def forward(self, x):\n        return x * self.b\n\n\n"
               "k = A()\ny = k(x)\nk.b.data.zero_()  # write-after-save",
               "class A(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
               "        self.register_buffer('b', torch.ones(2))\n\n"
               "    def forward(self, x):\n        return x + self.b\n\n\n"
               "k = A()\ny = k(x)\nk.b.data.zero_()"),
    "running statistics in evaluation":
        ("k = nn.BatchNorm1d(2)\nk.eval()\ny = k(x.view(1, 2) * torch.ones(3, 2))\n"
         "k.running_var.data.fill_(9)  # write-after-save",),
    "frozen by requires_grad_": ("k = nn.Linear(2, 2).requires_grad_(False)\ny = x + 0\n"
                                 "k(torch.ones(2))\nk.weight.data.zero_()",),
    "required by requires_grad_": ("w = torch.ones(2)\nw.requires_grad_()\ny = w.exp() + x\n"
                                   "v = w.sigmoid()\ny = y * v\n"
                                   "v.data.zero_()  # write-after-save",),
    "requires_grad assigned": ("w = torch.ones(2)\nw.requires_grad = True\nv = w.exp()\n"
                               "y = x * v\nv.data.zero_()  # write-after-save",),
    "nothing requires grad": ("w = torch.ones(2)\nv = w.exp()\nv.data.zero_()",),
    "gradients switched off": ("torch.set_grad_enabled(False)\nv = x.exp()\n"
                               "torch.set_grad_enabled(True)\nv.data.zero_()",),
    "gradients switched on": ("with torch.no_grad():\n    with torch.set_grad_enabled(True):\n"
                              "        y = x.exp()\ny.data.zero_()  # write-after-save",),
    "asked whether gradients are on": ("if torch.is_grad_enabled():\n"
                                       "    y.data.zero_()  # write-after-save",),
    "function without gradients": ("@torch.no_grad()\ndef f(t):\n"
                                   "    t.data.zero_()  # write-after-save\n\n\nf(y)",
                                   "@torch.no_grad()\ndef f(t):\n"
                                   "    t.data.zero_()\n\n\nf(z)"),
    "smallest float": ("y.data.mul_(torch.finfo(torch.float32).eps)  # write-after-save",
                       "z.data.mul_(torch.finfo(torch.float32).eps)"),
    "star import": ("from torch.nn import *\n\nk = Linear(2, 2)\ny = k(x)\n"
                    "k.weight.data.zero_()  # write-after-save",
                    "from torch.nn import *\n\nk = Linear(2, 2)\ny = k(x)\n"
                    "k.bias.data.zero_()"),
    "packed sequence": ("p = nn.utils.rnn.PackedSequence(z, torch.tensor([1, 1]))\n"
                        "p.data.zero_()",),
    "groups of an optimizer":
        ("w = nn.Parameter(torch.ones(2))\no = torch.optim.SGD([{'params': [w]}], lr=1.0)\n"
         "y = x * w\nfor g in o.param_groups:\n    for p in g['params']:\n"
         "        p.data.zero_()  # write-after-save",
         "w = nn.Parameter(torch.ones(2))\no = torch.optim.SGD([{'params': [w]}], lr=1.0)\n"
         "y = x + w\nfor g in o.param_groups:\n    for p in g['params']:\n"
         "        p.data.zero_()"),
    "parameters of an optimizer":
        ("w = nn.Parameter(torch.ones(2))\no = torch.optim.SGD([w], lr=1.0)\n"
         "y = x * w\nfor g in o.param_groups:\n    for p in g['params']:\n"
         "        p.data.zero_()  # write-after-save",),
    "negative": ("y = torch.exp(-x)\ny.data.zero_()  # write-after-save",
                 "v = -x\nv.data.zero_()"),
    "floor of an object's number": ("y.data[0] = -1 // 2  # write-after-save",),
    "a mask's copy": ("y.data[y > 0].zero_()", "y.data[[0, 1]].zero_()"),
    "a slice's view": ("y.data[:1].zero_()  # write-after-save", "z.data[0:1].zero_()"),
    "tuple index": ("y.view(1, 2).data[0, :1].zero_()  # write-after-save",
                    "y.view(1, 2).data[0, [1]].zero_()"),
    "set through a slice": ("y.data[:1] = 0  # write-after-save", "z.data[:1] = 0"),
    "rows of a tensor": ("for t in y:\n    t.data.zero_()  # write-after-save",
                         "for t in z:\n    t.data.zero_()"),
    "numpy": ("y.data.numpy()[0] = 9  # write-after-save", "z.data.numpy()[0] = 9"),
    "numpy's fill": ("import numpy as np\n\n"
                     "np.copyto(y.data.numpy(), 9)  # write-after-save",),
    "descriptor": ("torch.Tensor.data.__get__(y).zero_()  # write-after-save",
                   "torch.Tensor.data.__get__(z).zero_()"),
    "detached in place": ("z.detach_()\nz.data.zero_()",),
    "forward hook": ("def hook(m, inputs, output):\n"
                     "    output.data.zero_()  # write-after-save\n\n\n"
                     "k = nn.Sigmoid()\nk.register_forward_hook(hook)\ny = k(x)",),
    "moved and trained": ("k = nn.Linear(2, 2).to('cpu').train()\ny = k.forward(x)\n"
                          "k.weight.data.zero_()  # write-after-save",),
    "variable": ("from torch.autograd import Variable\n\n"
                 "Variable(y).data.zero_()  # write-after-save",),
    "backward of torch": ("torch.autograd.backward(y.sum(), retain_graph=True)\n"
                          "y.data.zero_()  # write-after-save",),
}  # fmt: skip

MODULE = """\
import torch
from torch import nn
from elsewhere import mix


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.ones(2))

"""
#: What only code elsewhere could decide.
UNSEEN = {
    "unknown function may have saved it":
        MODULE + "    def forward(self, x):\n        h = x * self.w\n        out = mix(h)\n"
        "        h.data.zero_()  # unchecked-write\n        return out\n",
    "nothing may have saved it":
        MODULE + "    def forward(self, x):\n        h = x + self.w\n        out = h + 1\n"
        "        h.data.zero_()\n        return out\n",
    "called again": MODULE + "    def forward(self, x):\n"
        "        self.w.data.mul_(0.5)  # unchecked-write\n        return x * self.w\n",
    "called again to no effect": MODULE + "    def forward(self, x):\n"
        "        self.w.data.clamp_(-1, 1)\n        return x * self.w\n",
    "called again to no effect, assigned": MODULE + "    def forward(self, x):\n"
        "        self.w.data = self.w.data.clamp(-1, 1)\n        return x * self.w\n",
    "argument": "import torch\n\n\ndef halve(h: torch.Tensor):\n"
        "    h.data.mul_(0.5)  # unchecked-write\n    return h\n",
    "argument whose writing is the purpose": "import torch\n\n\ndef init_all(h: torch.Tensor):\n"
        "    h.data.mul_(0.5)\n    return h\n",
    "argument without gradients": "import torch\n\n\n@torch.no_grad()\n"
        "def halve(h: torch.Tensor):\n    h.data.mul_(0.5)\n    return h\n",
    "argument that is no tensor": "def note(request):\n    request.data.update(a=1)\n",
}  # fmt: skip

CASES = [
    pytest.param(BEFORE + "\n" + body + AFTER, id=f"{name} {place}")
    for name, bodies in RUN.items()
    for place, body in enumerate(bodies)
]


@pytest.mark.parametrize("source", [*CASES, *(pytest.param(s, id=n) for n, s in UNSEEN.items())])
def test_the_write_is_judged_by_what_it_reaches(source: str) -> None:
    assert reported(source) == marked(source), source


@pytest.mark.parametrize("source", CASES)
def test_pytorch_agrees(source: str) -> None:
    written, truth = execute(source), execute_with_snapshots(source)
    assert written.error is None, source
    assert same(written, truth) is not bool(marked(source)), source


def test_an_assignment_is_not_offered_a_detach() -> None:
    source = MODULE + (
        "    def forward(self, x):\n        self.w.data = self.w.data * 0.5\n"
        "        return x * self.w\n"
    )
    found = [f for f in check_source(source.encode()) if f.rule == "unchecked-write"]
    assert [(f.help, f.fix) for f in found] == [
        ("assign after backward, or use a new tensor in place of the old one", None)
    ]
