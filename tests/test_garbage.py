"""What judged a file goes when that is done: a run over many files has no time to look for it."""

from __future__ import annotations

import ast
import gc

from datalint.check import check_source
from datalint.flow import ir
from datalint.flow.glance import Glance
from datalint.flow.interpret import Interpreter
from datalint.flow.lower import Statements
from datalint.flow.state import State
from datalint.source.text import Sought

_JUDGES = (Glance, Interpreter, Statements, State, ir.Module, ast.Module)

SOURCE = b"""
import torch

class Net(torch.nn.Module):
    def forward(self, x):
        for _ in range(2):
            y = x.exp()
            y.data.mul_(2)
        return sum(z for z in [y, x])
"""


def test_nothing_waits_for_the_garbage_collector() -> None:
    gc.collect()
    gc.disable()
    try:
        assert check_source(SOURCE, sought=Sought())
        left = [o for o in gc.get_objects() if isinstance(o, _JUDGES)]
    finally:
        gc.enable()
    assert not left
