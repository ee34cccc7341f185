"""What is followed through Python itself: the same write, reached in every way there is.

`y` is the result that `exp` saved, so zeroing it is harmful; nobody has saved `z`.
"""

from __future__ import annotations

import re

import pytest

from datalint.check import check_source
from datalint.rules import ALL
from tests.oracle import execute, execute_with_snapshots, same

BEFORE = """\
import torch

x = torch.tensor([1.0, 2.0], requires_grad=True)
y = x.exp()
z = y + 1
"""
AFTER = """
y.sum().backward()


def run():
    return {"x": x.grad}
"""
HARM = "write-after-save"
DEFAULT = {rule.name for rule in ALL if rule.default}

CONTAINERS = {
    "list index": ("[z, y][1].data.zero_()  # write-after-save", "[z, y][0].data.zero_()"),
    "negative index": ("[z, y][-1].data.zero_()  # write-after-save", "[y, z][-1].data.zero_()"),
    "append": ("k = [z]\nk.append(y)\nk[1].data.zero_()  # write-after-save",
               "k = [y]\nk.append(z)\nk[1].data.zero_()"),
    "insert": ("k = [z]\nk.insert(0, y)\nk[0].data.zero_()  # write-after-save",),
    "extend by a list": ("k = [z]\nk.extend([z, y])\nk[2].data.zero_()  # write-after-save",
                         "k = [y]\nk.extend([y, z])\nk[2].data.zero_()"),
    "extend by a generator":
        ("k = []\nk.extend(t for t in (y,))\nk[0].data.zero_()  # write-after-save",
         "k = []\nk.extend(t for t in (z,))\nk[0].data.zero_()"),
    "list pop": ("k = [z, y]\nk.pop().data.zero_()  # write-after-save",
                 "k = [y, z]\nk.pop().data.zero_()"),
    "popleft": ("from collections import deque\n"
                "deque([y, z]).popleft().data.zero_()  # write-after-save",
                "from collections import deque\ndeque([z, y]).popleft().data.zero_()"),
    "clear": ("k = [z]\nk.clear()\nk.append(y)\nk[0].data.zero_()  # write-after-save",
              "k = [y]\nk.clear()\nk.append(z)\nk[0].data.zero_()"),
    "copy": ("k = [y].copy()\nk[0].data.zero_()  # write-after-save",
             "k = [y]\nc = k.copy()\nc[0] = z\nc[0].data.zero_()"),
    "reverse keeps what is held": ("k = [y]\nk.reverse()\nk[0].data.zero_()  # write-after-save",),
    "store at a negative place": ("k = [z, z]\nk[-1] = y\nk[1].data.zero_()  # write-after-save",
                                  "k = [y, y]\nk[-1] = z\nk[1].data.zero_()"),
    "concatenation": ("k = [z] + [y]\nk[1].data.zero_()  # write-after-save",
                      "k = [y] + [z]\nk[1].data.zero_()"),
    "concatenation of what is partly known":
        ("k = [t for t in (y,)] + [y]\nk[0].data.zero_()  # write-after-save",
         "k = [t for t in (z,)] + [z]\nk[0].data.zero_()"),
    "added in place": ("k = [z]\nk += [y]\nk[1].data.zero_()  # write-after-save",
                       "k = [y]\nk += [z]\nk[1].data.zero_()"),
    "repetition": ("k = [y] * 2\nk[1].data.zero_()  # write-after-save",
                   "k = [z] * 2\nk[1].data.zero_()"),
    "starred display": ("k = [*(z, y)]\nk[1].data.zero_()  # write-after-save",
                        "k = [*(y, z)]\nk[1].data.zero_()"),
    "starred generator": ("k = [z, *(t for t in [y])]\nk[1].data.zero_()  # write-after-save",
                          "k = [z, *(t for t in [z])]\nk[1].data.zero_()"),
    "starred target": ("_, *k = z, y\nk[0].data.zero_()  # write-after-save",
                       "_, *k = y, z\nk[0].data.zero_()"),
    "nested target": ("(a, b), c = (z, y), z\nb.data.zero_()  # write-after-save",
                      "(a, b), c = (y, z), y\nb.data.zero_()"),
    "slice of a list": ("for t in [z, y][1:]:\n    t.data.zero_()  # write-after-save",
                        "for t in [z, z][1:]:\n    t.data.zero_()"),
    "set": ("for t in {y}:\n    t.data.zero_()  # write-after-save",
            "for t in {z}:\n    t.data.zero_()"),
    "set add": ("k = set()\nk.add(y)\nfor t in k:\n    t.data.zero_()  # write-after-save",),
    "conditional expression": ("k = y if len([0]) else z\nk.data.zero_()  # write-after-save",),
    "or": ("k = None or y\nk.data.zero_()  # write-after-save", "k = None or z\nk.data.zero_()"),
    "walrus": ("if (k := y) is not None:\n    k.data.zero_()  # write-after-save",),
    "deleted name": ("k = y\ndel k\nk = z\nk.data.zero_()",
                     "k = z\ndel k\nk = y\nk.data.zero_()  # write-after-save"),
    "deleted item": ("k = {'a': y, 'b': y}\ndel k['a']\nk['b'].data.zero_()  # write-after-save",),
}  # fmt: skip

DICTS = {
    "display": ("d = {'a': y, 'b': z}\nd['a'].data.zero_()  # write-after-save",
                "d = {'a': y, 'b': z}\nd['b'].data.zero_()"),
    "computed key": ("d = {str(1): y}\nd['1'].data.zero_()  # write-after-save",
                     "d = {str(1): z}\nd['1'].data.zero_()"),
    "display of a display": ("d = {**{'a': y}, 'b': z}\nd['a'].data.zero_()  # write-after-save",
                             "d = {**{'a': y}, 'a': z}\nd['a'].data.zero_()"),
    "dict of keywords": ("dict(a=y, b=z)['a'].data.zero_()  # write-after-save",
                         "dict(a=y, b=z)['b'].data.zero_()"),
    "dict of a dict": ("dict({'a': y}, b=z)['a'].data.zero_()  # write-after-save",
                       "dict({'a': y}, b=z)['b'].data.zero_()"),
    "dict of pairs": ("d = dict([('a', y)])\nd['a'].data.zero_()  # write-after-save",),
    "dict of zip": ("d = dict(zip(['a', 'b'], [y, y]))\nd['a'].data.zero_()  # write-after-save",),
    "get": ("{'a': y}.get('a').data.zero_()  # write-after-save",
            "{'a': y}.get('b', z).data.zero_()"),
    "get with a default": ("{'a': z}.get('b', y).data.zero_()  # write-after-save",),
    "setdefault": ("d = {}\nd.setdefault('a', y)\nd['a'].data.zero_()  # write-after-save",
                   "d = {'a': z}\nd.setdefault('a', z).data.zero_()"),
    "pop": ("{'a': y}.pop('a').data.zero_()  # write-after-save",
            "{'a': z, 'b': y}.pop('a').data.zero_()"),
    "popitem": ("{'a': y}.popitem()[1].data.zero_()  # write-after-save",
                "{'a': z}.popitem()[1].data.zero_()"),
    "items": ("for k, v in {'a': y}.items():\n    v.data.zero_()  # write-after-save",
              "for k, v in {'a': z}.items():\n    v.data.zero_()"),
    "items of unknown keys": (
        "for k, v in {str(1): y}.items():\n    v.data.zero_()  # write-after-save",
        "for k, v in {str(1): z}.items():\n    v.data.zero_()"),
    "values": ("for v in {'a': y}.values():\n    v.data.zero_()  # write-after-save",
               "for v in {'a': z}.values():\n    v.data.zero_()"),
    "keys": ("d = {'a': y}\nfor k in d.keys():\n    d[k].data.zero_()  # write-after-save",
             "d = {'a': z}\nfor k in d.keys():\n    d[k].data.zero_()"),
    "iteration": ("d = {'a': y}\nfor k in d:\n    d[k].data.zero_()  # write-after-save",),
    "update by a dict": ("d = {}\nd.update({'a': y})\nd['a'].data.zero_()  # write-after-save",
                         "d = {'a': y}\nd.update({'a': z})\nd['a'].data.zero_()"),
    "update by keywords": ("d = {}\nd.update(a=y)\nd['a'].data.zero_()  # write-after-save",
                           "d = {'a': y}\nd.update(a=z)\nd['a'].data.zero_()"),
    "copy": ("d = {'a': y}.copy()\nd['a'].data.zero_()  # write-after-save",),
    "clear": ("d = {'a': y}\nd.clear()\nd['a'] = z\nd['a'].data.zero_()",),
    "keywords from a dict":
        ("def f(t=None, **rest):\n    t.data.zero_()  # write-after-save\n\n\nf(**{'t': y})",
         "def f(t=None, **rest):\n    t.data.zero_()\n\n\nf(**{'t': z, 'u': y})"),
    "dict comprehension": ("d = {k: y for k in 'ab'}\nd['a'].data.zero_()  # write-after-save",
                           "d = {k: z for k in 'ab'}\nd['a'].data.zero_()"),
}  # fmt: skip

BUILTINS = {
    "zip": ("for a, b in zip([z], [y]):\n    b.data.zero_()  # write-after-save",
            "for a, b in zip([z], [y]):\n    a.data.zero_()"),
    "zip of unpacked rows":
        ("for (a,) in zip(*([t] for t in [y])):\n    a.data.zero_()  # write-after-save",
         "for (a,) in zip(*([t] for t in [z])):\n    a.data.zero_()"),
    "zip of generators":
        ("for a, b in zip((t for t in [z]), [y]):\n    b.data.zero_()  # write-after-save",
         "for a, b in zip((t for t in [z]), [y]):\n    a.data.zero_()"),
    "enumerate": ("for i, t in enumerate([y]):\n    t.data.zero_()  # write-after-save",
                  "for i, t in enumerate([z]):\n    t.data.zero_()"),
    "enumerate of a generator":
        ("for i, t in enumerate(t for t in [y]):\n    t.data.zero_()  # write-after-save",
         "for i, t in enumerate(t for t in [z]):\n    t.data.zero_()"),
    "map": ("for t in map(lambda t: t, [y]):\n    t.data.zero_()  # write-after-save",
            "for t in map(lambda t: t + 1, [y]):\n    t.data.zero_()"),
    "filter": ("for t in filter(None, [y[0]]):\n    t.data.zero_()  # write-after-save",
               "for t in filter(None, [z[0]]):\n    t.data.zero_()"),
    "next": ("next(iter([y])).data.zero_()  # write-after-save",
             "next(iter([z])).data.zero_()"),
    "sum makes a new tensor": ("sum([y, y]).data.zero_()",),
    "max of two": ("max(y[0], z[0] - 9).data.zero_()  # write-after-save",),
    "getattr": ("getattr(y, 'data').zero_()  # write-after-save",
                "getattr(z, 'data').zero_()"),
    "sorted": ("sorted([y], key=len)[0].data.zero_()  # write-after-save",),
    "tuple of list": ("tuple([z, y])[1].data.zero_()  # write-after-save",
                      "tuple([z, y])[0].data.zero_()"),
    "list of dict's values": ("list({'a': y}.values())[0].data.zero_()  # write-after-save",),
    "float inf": ("y.data.masked_fill_(y > 0, float('inf'))  # write-after-save",
                  "z.data.masked_fill_(y > 0, float(len([0])))"),
    "copy.copy": ("import copy\n\ncopy.copy([y])[0].data.zero_()  # write-after-save",),
    "typing.cast": ("import typing\n\n"
                    "typing.cast(torch.Tensor, y).data.zero_()  # write-after-save",
                    "import typing\n\ntyping.cast(torch.Tensor, z).data.zero_()"),
    "partial": ("from functools import partial\n\n\ndef f(a, b):\n"
                "    b.data.zero_()  # write-after-save\n\n\npartial(f, z)(y)",
                "from functools import partial\n\n\ndef f(a, b):\n"
                "    b.data.zero_()\n\n\npartial(f, y)(z)"),
    "partial with a keyword":
        ("from functools import partial\n\n\ndef f(a, b):\n"
         "    b.data.zero_()  # write-after-save\n\n\npartial(f, b=y)(z)",),
    "method kept": ("clear = y.data.zero_  # write-after-save\nclear()",
                    "clear = z.data.zero_\nclear()"),
}  # fmt: skip

FUNCTIONS = {
    "default argument": ("def f(t=y):\n    t.data.zero_()  # write-after-save\n\n\nf()",
                         "def f(t=y):\n    t.data.zero_()\n\n\nf(z)"),
    "star arguments": ("def f(*a):\n    a[1].data.zero_()  # write-after-save\n\n\nf(z, y)",
                       "def f(*a):\n    a[0].data.zero_()\n\n\nf(z, y)"),
    "spread argument": ("def f(a, b):\n    b.data.zero_()  # write-after-save\n\n\nf(*[z, y])",
                        "def f(a, b):\n    a.data.zero_()\n\n\nf(*[z, y])"),
    "spread generator":
        ("def f(a):\n    a.data.zero_()  # write-after-save\n\n\nf(*(t for t in [y]))",),
    "global": ("k = z\n\n\ndef f():\n    global k\n    k = y\n\n\nf()\n"
               "k.data.zero_()  # write-after-save",
               "k = y\n\n\ndef f():\n    global k\n    k = z\n\n\nf()\nk.data.zero_()"),
    "nonlocal": ("def f():\n    k = z\n\n    def g():\n        nonlocal k\n        k = y\n\n"
                 "    g()\n    k.data.zero_()  # write-after-save\n\n\nf()",
                 "def f():\n    k = y\n\n    def g():\n        nonlocal k\n        k = z\n\n"
                 "    g()\n    k.data.zero_()\n\n\nf()"),
    "closure": ("def f(t):\n    def g():\n        t.data.zero_()  # write-after-save\n\n"
                "    return g\n\n\nf(y)()",
                "def f(t):\n    def g():\n        t.data.zero_()\n\n    return g\n\n\nf(z)()"),
    "decorator": ("def twice(f):\n    def g(t):\n        f(t)\n        f(t)\n\n    return g\n\n\n"
                  "@twice\ndef f(t):\n    t.data.zero_()  # write-after-save\n\n\nf(y)",),
    "generator": ("def f():\n    yield z\n    yield y\n\n\nfor t in f():\n"
                  "    t.data.zero_()  # write-after-save",
                  "def f():\n    yield z\n\n\nfor t in f():\n    t.data.zero_()"),
    "yield from": ("def f():\n    yield from [y]\n\n\nfor t in f():\n"
                   "    t.data.zero_()  # write-after-save",
                   "def f():\n    yield from [z]\n\n\nfor t in f():\n    t.data.zero_()"),
    "recursion": ("def f(t, n):\n    if n == 0:\n        return t\n    return f(t, n - 1)\n\n\n"
                  "f(y, 2).data.zero_()  # write-after-save",),
    "lambda": ("(lambda t: t)(y).data.zero_()  # write-after-save",
               "(lambda t: t + 0)(y).data.zero_()"),
}  # fmt: skip

CONTROL = {
    "for else": ("for k in [z]:\n    pass\nelse:\n    k = y\nk.data.zero_()  # write-after-save",),
    "while else": ("i = 0\nwhile i < 2:\n    i += 1\nelse:\n"
                   "    y.data.zero_()  # write-after-save",),
    "break over else": ("for k in [z]:\n    break\nelse:\n    k = z\nk.data.zero_()",),
    "while true": ("while True:\n    k = y\n    break\nk.data.zero_()  # write-after-save",
                   "k = y\nwhile True:\n    k = z\n    break\nk.data.zero_()"),
    "continue": ("for i in range(3):\n    if i:\n        continue\n"
                 "    y.data.zero_()  # write-after-save",),
    "finally": ("try:\n    pass\nfinally:\n    y.data.zero_()  # write-after-save",),
    "break through finally":
        ("for i in range(2):\n    try:\n        break\n    finally:\n"
         "        y.data.zero_()  # write-after-save",),
    "continue through finally":
        ("for i in range(2):\n    try:\n        continue\n    finally:\n"
         "        y.data.zero_()  # write-after-save",),
    "return through finally":
        ("def f():\n    try:\n        return y\n    finally:\n        print(end='')\n\n\n"
         "f().data.zero_()  # write-after-save",),
    "except": ("try:\n    k = z\n    int('a')\nexcept ValueError as e:\n    k = y\n"
               "k.data.zero_()  # write-after-save",),
    "match a sequence": ("match (z, y):\n    case (a, b):\n"
                         "        b.data.zero_()  # write-after-save",),
    "match a rest": ("match [z, y]:\n    case [a, *b]:\n"
                     "        b[0].data.zero_()  # write-after-save",),
    "match a mapping": ("match {'a': y}:\n    case {'a': k}:\n"
                        "        k.data.zero_()  # write-after-save",),
    "match a class": ("match y:\n    case torch.Tensor() as k:\n"
                      "        k.data.zero_()  # write-after-save",),
    "match or": ("match 1:\n    case 1 | 2 if y is not None:\n"
                 "        y.data.zero_()  # write-after-save\n    case _:\n        pass",),
    "never taken": ("if False:\n    y.data.zero_()", "if not True:\n    y.data.zero_()",
                    "if None is not None:\n    y.data.zero_()"),
    "no grad mode": ("if not torch.is_grad_enabled():\n    y.data.zero_()",
                     "if torch.is_grad_enabled():\n    y.data.zero_()  # write-after-save"),
    "assert and raise": ("assert y is not None\ntry:\n    raise ValueError\nexcept ValueError:\n"
                         "    y.data.zero_()  # write-after-save",),
}  # fmt: skip

BOX = "class Box:\n    def __init__(self, t):\n        self.t = t\n"
OBJECTS = {
    "attribute": (f"{BOX}\n\nBox(y).t.data.zero_()  # write-after-save",
                  f"{BOX}\n\nBox(z).t.data.zero_()"),
    "setattr": (f"{BOX}\n\nb = Box(z)\nsetattr(b, 't', y)\nb.t.data.zero_()  # write-after-save",
                f"{BOX}\n\nb = Box(y)\nsetattr(b, 't', z)\nb.t.data.zero_()"),
    "getattr": (f"{BOX}\n\ngetattr(Box(y), 't').data.zero_()  # write-after-save",
                f"{BOX}\n\ngetattr(Box(z), 't').data.zero_()"),
    "property": (f"{BOX}\n    @property\n    def p(self):\n        return self.t\n\n\n"
                 "Box(y).p.data.zero_()  # write-after-save",
                 f"{BOX}\n    @property\n    def p(self):\n        return self.t + 0\n\n\n"
                 "Box(y).p.data.zero_()"),
    "static method": ("class A:\n    @staticmethod\n    def f(t):\n"
                      "        t.data.zero_()  # write-after-save\n\n\nA().f(y)\nA.f(y)",
                      "class A:\n    @staticmethod\n    def f(t):\n"
                      "        t.data.zero_()\n\n\nA().f(z)"),
    "class method": ("class A:\n    k = y\n\n    @classmethod\n    def f(cls):\n"
                     "        cls.k.data.zero_()  # write-after-save\n\n\nA.f()",
                     "class A:\n    k = z\n\n    @classmethod\n    def f(cls):\n"
                     "        cls.k.data.zero_()\n\n\nA.f()"),
    "class attribute set": ("class A:\n    k = z\n\n\nA.k = y\n"
                            "A.k.data.zero_()  # write-after-save",
                            "class A:\n    k = y\n\n\nA.k = z\nA.k.data.zero_()"),
    "super": (f"{BOX}\n\nclass C(Box):\n    def __init__(self, t):\n        super().__init__(t)\n"
              "\n\nC(y).t.data.zero_()  # write-after-save",
              f"{BOX}\n\nclass C(Box):\n    def __init__(self, t):\n"
              "        super().__init__(t + 0)\n\n\nC(y).t.data.zero_()"),
    "super's method": ("class A:\n    def f(self):\n        return y\n\n\nclass B(A):\n"
                       "    def f(self):\n        return super().f()\n\n\n"
                       "B().f().data.zero_()  # write-after-save",),
    "call": (f"{BOX}\n    def __call__(self):\n        return self.t\n\n\n"
             "Box(y)().data.zero_()  # write-after-save",),
    "operator": (f"{BOX}\n    def __add__(self, other):\n        return other.t\n\n\n"
                 "(Box(z) + Box(y)).data.zero_()  # write-after-save",
                 f"{BOX}\n    def __add__(self, other):\n        return other.t\n\n\n"
                 "(Box(y) + Box(z)).data.zero_()"),
    "bound method kept": (f"{BOX}\n    def get(self):\n        return self.t\n\n\n"
                          "get = Box(y).get\nget().data.zero_()  # write-after-save",),
    "dataclass": ("from dataclasses import dataclass\n\n\n@dataclass\nclass A:\n"
                  "    a: torch.Tensor\n    b: torch.Tensor\n\n\n"
                  "A(z, y).b.data.zero_()  # write-after-save\nA(b=z, a=y).b.data.zero_()",),
    "named tuple": ("from typing import NamedTuple\n\n\nclass A(NamedTuple):\n"
                    "    a: torch.Tensor\n    b: torch.Tensor\n\n\n"
                    "A(z, b=y).b.data.zero_()  # write-after-save",),
    "attribute of a tensor": ("z.keep = y\nz.keep.data.zero_()  # write-after-save",),
    "attribute added to a class's instance":
        (f"{BOX}\n\nb = Box(z)\nb.more = y\nb.more.data.zero_()  # write-after-save",),
    "one of two kinds":
        (f"{BOX}\n\nclass Other(Box):\n    pass\n\n\nb = Box(y) if len([0]) else Other(y)\n"
         "b.t.data.zero_()  # write-after-save",
         f"{BOX}\n\nclass Other(Box):\n    pass\n\n\nb = Box(z) if len([0]) else Other(z)\n"
         "b.t.data.zero_()"),
    "one of two callables":
        ("def f(t):\n    return t\n\n\nk = f if len([0]) else (lambda t: t)\n"
         "k(y).data.zero_()  # write-after-save",),
    "one of two bound methods":
        (f"{BOX}\n    def get(self):\n        return self.t\n\n\n"
         "g = Box(y).get if len([0]) else Box(z).get\ng().data.zero_()  # write-after-save",),
    "one of two writers": ("g = y.data.zero_ if len([0]) else z.data.zero_  # write-after-save\n"
                           "g()",),
    "one of two partials": ("from functools import partial\n\n\ndef f(t):\n"
                            "    t.data.zero_()  # write-after-save\n\n\n"
                            "g = partial(f, y) if len([0]) else partial(f, z)\ng()",),
    "one of two partials of different kinds":
        ("from functools import partial\n\n\ndef f(t):\n    t.data.zero_()  # write-after-save\n"
         "\n\ng = partial(f, y) if len([0]) else partial(torch.relu, z)\ng()",),
    "one of two functions of torch": ("g = torch.exp if len([0]) else torch.sigmoid\n"
                                      "y = g(x)\ny.data.zero_()  # write-after-save",),
}  # fmt: skip

TABLES = {
    "containers": CONTAINERS, "dicts": DICTS, "builtins": BUILTINS, "functions": FUNCTIONS,
    "control": CONTROL, "objects": OBJECTS,
}  # fmt: skip
CASES = [
    pytest.param(BEFORE + "\n" + body + AFTER, id=f"{table}: {name} {place}")
    for table, cases in TABLES.items()
    for name, bodies in cases.items()
    for place, body in enumerate(bodies)
]


def marked(source: str) -> list[tuple[int, str]]:
    """What the comments at the ends of lines expect."""
    lines = enumerate(source.splitlines(), 1)
    return [(row, m[1]) for row, line in lines if (m := re.search(r"  # ([a-z-]+)$", line))]


def reported(source: str) -> list[tuple[int, str]]:
    """What the default rules report."""
    found = check_source(source.encode())
    return sorted((f.span.row, f.rule) for f in found if f.rule in DEFAULT)


@pytest.mark.parametrize("source", CASES)
def test_the_write_is_judged_by_what_it_reaches(source: str) -> None:
    assert reported(source) == marked(source), source


@pytest.mark.parametrize("source", CASES)
def test_pytorch_agrees(source: str) -> None:
    written, truth = execute(source), execute_with_snapshots(source)
    assert written.error is None, source
    assert same(written, truth) is not bool(marked(source)), source
