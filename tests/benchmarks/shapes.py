"""Files of one shape in any size: what time is measured on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

HEAD = "import torch\nfrom torch import nn\n\n"
FORWARD = "class Net(nn.Module):\n    def forward(self, x, flag):\n"
#: A write that every rule has something to say about, whoever made `x`.
WRITE = "y = x.exp()\n{0}y.data.mul_(2)\n{0}y.sum().backward()\n"


def _function(size: int) -> str:
    """A function of so many lines."""
    body = "".join(f"        v{n} = x.exp() + {n}\n" for n in range(size))
    return HEAD + FORWARD + body + "        v0.data.zero_()\n        return v1\n"


def _same_name(size: int) -> str:
    """A function in which one variable goes through so many operators."""
    return (
        HEAD
        + FORWARD
        + "        x = x.exp() + 1\n" * size
        + "        x.data.zero_()\n        return x\n"
    )


def _branches(size: int) -> str:
    """Branches in a row, each with something of its own."""
    body = "".join(
        f"        if flag > {n}:\n            v{n} = x.exp()\n        else:\n            v{n} = x\n"
        for n in range(size)
    )
    return HEAD + FORWARD + body + "        v0.data.zero_()\n        return v1\n"


def _changing(size: int) -> str:
    """Branches in a row that change one thing."""
    body = "        if flag:\n            x = x.exp()\n" * size
    return HEAD + FORWARD + body + "        x.data.zero_()\n        return x\n"


def _elifs(size: int) -> str:
    """A chain of ways, as far as nesting is let through."""
    body = "".join(f"        elif flag == {n}:\n            y = x.exp()\n" for n in range(size))
    return (
        HEAD
        + FORWARD
        + "        y = x\n        if flag:\n            pass\n"
        + body
        + "        y.data.zero_()\n        return y\n"
    )


def _returns(size: int) -> str:
    """Ways out of a function."""
    body = "".join(f"        if flag == {n}:\n            return x.exp()\n" for n in range(size))
    return HEAD + FORWARD + body + "        x.data.zero_()\n        return x\n"


def _attempts(size: int) -> str:
    """Statements in a `try`, each of which may fail."""
    body = "".join(f"            v{n} = x.exp()\n" for n in range(size))
    return (
        HEAD
        + FORWARD
        + "        try:\n"
        + body
        + "        except ValueError:\n            x.data.zero_()\n        return x\n"
    )


def _loops(size: int) -> str:
    """Loops in loops."""
    rows, indent = [], "        "
    for n in range(size):
        rows.append(f"{indent}for i{n} in range(3):\n")
        indent += " "
    rows.append(f"{indent}x = x.exp()\n{indent}x.data.mul_(2)\n")
    return HEAD + FORWARD + "".join(rows) + "        return x\n"


def _loop_body(size: int) -> str:
    """A long loop."""
    body = "".join(f"            v{n} = x.exp() + {n}\n" for n in range(size))
    return (
        HEAD
        + FORWARD
        + "        for step in flag:\n"
        + body
        + "            v0.data.zero_()\n        return v1\n"
    )


def _calls(size: int) -> str:
    """Functions that call each other, one the next."""
    rows = [HEAD, "def f0(x):\n    x.data.zero_()\n    return x.exp()\n\n"]
    rows += [f"def f{n}(x):\n    return f{n - 1}(x) + f{n // 2}(x)\n\n" for n in range(1, size)]
    return "".join(rows)


def _functions(size: int) -> str:
    """Functions that nobody calls."""
    return HEAD + "".join(f"def f{n}(x):\n    " + WRITE.format("    ") + "\n" for n in range(size))


def _reads(size: int) -> str:
    """`.data` in one function, each with findings."""
    body = "".join(f"    y{n} = x.exp()\n    y{n}.data.mul_(2)\n" for n in range(size))
    return HEAD + "def f(x):\n" + body + "    return x\n"


def _top(size: int) -> str:
    """`.data` at the top level."""
    return (
        HEAD
        + "x = torch.ones(3, requires_grad=True)\n"
        + "".join(f"y = x.exp()\ny.data.mul_({n})\ny.sum().backward()\n" for n in range(size))
    )


def _writes(size: int) -> str:
    """Writes to the same memory."""
    return HEAD + "def f(x):\n    y = x.exp()\n" + "    y.data.mul_(2)\n" * size + "    return y\n"


def _saves(size: int) -> str:
    """Saves of the same memory."""
    body = "".join(f"    v{n} = y * y\n" for n in range(size))
    return HEAD + "def f(x):\n    y = x.exp()\n" + body + "    y.data.mul_(2)\n    return v0\n"


def _classes(size: int) -> str:
    """Classes with a method that writes."""
    return HEAD + "".join(
        f"class C{n}(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        f"        self.fc = nn.Linear(2, 2)\n    def forward(self, x):\n"
        f"        y = self.fc(x).exp()\n        y.data.zero_()\n        return y\n"
        for n in range(size)
    )


def _bases(size: int) -> str:
    """Classes each of which extends the one before, as far as inheritance is followed."""
    rows = [HEAD, "class C0(nn.Module):\n    def forward(self, x):\n        return x\n"]
    rows += [
        f"class C{n}(C{n - 1}):\n    def m{n}(self, x):\n        x.data.zero_()\n"
        for n in range(1, size)
    ]
    return "".join(rows)


def _attributes(size: int) -> str:
    """Attributes that `__init__` sets."""
    body = "".join(f"        self.p{n} = nn.Linear(2, 2)\n" for n in range(size))
    return (
        HEAD
        + "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        + body
        + "    def forward(self, x):\n        y = self.p0(x).exp()\n"
        + "        y.data.zero_()\n        return y\n"
    )


def _methods(size: int) -> str:
    """Methods of one class."""
    body = "".join(
        f"    def m{n}(self, x):\n        self.p{n} = x\n        self.p{n}.data.zero_()\n"
        for n in range(size)
    )
    return HEAD + "class Net(nn.Module):\n" + body


def _list(size: int) -> str:
    """A long list of tensors."""
    items = ", ".join(f"x + {n}" for n in range(size))
    return (
        HEAD
        + f"def f(x):\n    items = [{items}]\n"
        + "    for y in items:\n        y.data.zero_()\n    return items\n"
    )


def _appends(size: int) -> str:
    """A list that grows statement by statement."""
    body = "".join(f"    items.append(x.exp() + {n})\n" for n in range(size))
    return (
        HEAD
        + "def f(x):\n    items = []\n"
        + body
        + "    items[0].data.zero_()\n    return items\n"
    )


def _dict(size: int) -> str:
    """A long display of a dict, and as many items set."""
    items = ", ".join(f"'k{n}': x" for n in range(size))
    body = "".join(f"    d['m{n}'] = x.exp()\n" for n in range(size))
    return HEAD + f"def f(x):\n    d = {{{items}}}\n{body}    d['k0'].data.zero_()\n    return d\n"


def _chain(size: int) -> str:
    """`a.b.c.d`, as far as nesting is let through."""
    return HEAD + "def f(a):\n    a" + ".b" * size + ".data.zero_()\n    return a\n"


def _call_chain(size: int) -> str:
    """`x.exp().exp()`, as far as nesting is let through."""
    return HEAD + "def f(x):\n    y = x" + ".exp()" * size + "\n    y.data.zero_()\n    return y\n"


def _sum(size: int) -> str:
    """A long sum, as far as nesting is let through."""
    return HEAD + "def f(x):\n    y = x" + " + x" * size + "\n    y.data.zero_()\n    return y\n"


def _brackets(size: int) -> str:
    """Calls in calls, as far as nesting is let through."""
    return (
        HEAD
        + "def f(x):\n    y = "
        + "torch.exp(" * size
        + "x"
        + ")" * size
        + "\n    y.data.zero_()\n    return y\n"
    )


def _line(size: int) -> str:
    """Everything in one line."""
    return HEAD + "def f(x):\n    " + "; ".join(f"x[{n}].data.zero_()" for n in range(size)) + "\n"


def _ignored(size: int) -> str:
    """Findings, each of which a comment silences."""
    body = "".join(
        f"    y{n} = x.exp()\n    y{n}.data.mul_(2)  # datalint: ignore\n" for n in range(size)
    )
    return HEAD + "def f(x):\n" + body + "    return x\n"


def _made(size: int) -> str:
    """A name of the top level for the results of so many calls."""
    items = ", ".join(f"f({n})" for n in range(size))
    return HEAD + f"ALL = [{items}]\n\ndef f(x):\n    x.data.zero_()\n    return ALL\n"


#: By name: how a file of a size is made, the largest size that is asked for, by the table.
SHAPES: dict[str, tuple[Callable[[int], str], int]] = {
    "lines of a function": (_function, 10_000),
    "operators on one variable": (_same_name, 10_000),
    "branches in a row": (_branches, 2_000),
    "branches that change one variable": (_changing, 2_000),
    "elif": (_elifs, 64),
    "returns": (_returns, 2_000),
    "statements in a try": (_attempts, 2_000),
    "levels of loops": (_loops, 60),
    "lines of a loop": (_loop_body, 4_000),
    "functions that call each other": (_calls, 5_000),
    "functions": (_functions, 5_000),
    ".data in a function": (_reads, 20_000),
    ".data at the top level": (_top, 100_000),
    "writes to one tensor": (_writes, 4_000),
    "saves of one tensor": (_saves, 4_000),
    "classes": (_classes, 2_000),
    "classes in a line": (_bases, 256),
    "attributes of self": (_attributes, 2_000),
    "methods": (_methods, 2_000),
    "elements of a list": (_list, 5_000),
    "appends": (_appends, 5_000),
    "items of a dict": (_dict, 5_000),
    "attributes in a row": (_chain, 150),
    "calls in a row": (_call_chain, 80),
    "summands": (_sum, 150),
    "brackets": (_brackets, 80),
    ".data in a line": (_line, 5_000),
    "calls in a list": (_made, 10_000),
    "comments that silence": (_ignored, 5_000),
}
