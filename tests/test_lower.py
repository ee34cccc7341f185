"""What waits in a module that is imported is, once asked for, what it is in the whole file."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import datalint
from datalint.flow import ir
from datalint.flow.lower import lower, lower_definitions
from datalint.source.around import Surroundings

if TYPE_CHECKING:
    from collections.abc import Iterator

OWN = sorted(Path(datalint.__file__).parent.glob("flow/*.py"))
ODD = {
    "form feed": "\fdef f(x):\n\f    return x\nclass A:\n    y = 1\n\f\n    def g(self): pass\n",
    "backslash": "class A:\n\tdef f(x):\n\t\treturn 1 \\\n\n\tdef g(self): pass\n",
    "line ends": "class A:\r\n  def f(x):\r\n    return '''\r\n'''\r  @p\n  async def g(self): x",
    "other letters": "if é:\n  def ö(ü='é'): return 'ß'.data  # é\nelse:\n  def ö(): yield 'ß'.a\n",
    "nested": "def f():\n class A:\n  def g(x):\n   global h\n   h = lambda: [y for y in x]",
    "branches": "if a:\n  def f(): return b\n  b = [c for c in d]\nelse:\n  def f(): pass\n  g = 1",
    "last": "class A:\n    def f(self): pass; x = [y for y in z]\nb = A(),\n",
}


def told(thing: object) -> Iterator[object]:
    """All that an IR says, with the positions it came from, functions filled in from the last."""
    if isinstance(thing, ir.Node | ir.Module | ir.Argument | ir.Parameter | ir.Handler):
        yield type(thing).__name__
        if isinstance(thing, ir.Node):
            place = thing.origin if hasattr(thing.origin, "lineno") else None
            yield thing.serial, place and thing.code.span(place)
        names = [f.name for f in dataclasses.fields(thing)]
        for name in names:
            if name not in ("serial", "origin", "code", "_fill", "functions", "classes", "consumed",
                            "imports", "mentions", "holds"):  # fmt: skip
                yield from told(getattr(thing, name))
        if isinstance(thing, ir.Function):
            yield thing.mentions
    elif isinstance(thing, tuple):
        for part in reversed(thing):
            yield from told(part)
    elif isinstance(thing, dict):
        yield sorted(thing)
    else:
        yield thing


@pytest.mark.parametrize("text", [*ODD.values(), *(p.read_text("utf-8") for p in OWN[::4])])
def test_a_function_that_waited_is_as_in_the_whole_file(text: str) -> None:
    whole = list(told(lower(Surroundings(text), ir.SERIALS)))
    assert list(told(lower_definitions(Surroundings(text), ir.SERIALS))) == whole


@pytest.mark.parametrize("name", ODD)
def test_no_two_nodes_have_one_number(name: str) -> None:
    nodes = set(_nodes(lower(Surroundings(ODD[name]))))
    assert len({node.serial for node in nodes}) == len(nodes)


def _nodes(thing: object) -> Iterator[ir.Node]:
    if isinstance(thing, ir.Node):
        yield thing
    if isinstance(thing, tuple):
        for part in thing:
            yield from _nodes(part)
    elif dataclasses.is_dataclass(thing):
        for field in dataclasses.fields(thing):
            if field.name not in ("functions", "classes"):
                yield from _nodes(getattr(thing, field.name))


def test_a_body_waits_until_it_is_asked_for() -> None:
    module = lower_definitions(Surroundings("def f():\n    yield\n\ndef g():\n    return 1\n"))
    first, second = module.functions
    assert "body" not in _filled(first) | _filled(second)
    assert (first.generator, second.generator) == (True, False)
    assert "body" in _filled(first)
    assert "body" not in _filled(second)
    with pytest.raises(AttributeError, match="nothing"):
        second.nothing  # noqa: B018  # asking is all


def _filled(function: ir.Function) -> set[str]:
    """What is there without asking."""
    found = set()
    for field in dataclasses.fields(function):
        try:
            object.__getattribute__(function, field.name)
        except AttributeError:
            continue
        found.add(field.name)
    return found


def test_a_body_that_is_too_deep_is_unknown() -> None:
    deep = " + ".join(["x"] * 900)
    (function,) = lower_definitions(Surroundings(f"def f(x):\n    return {deep}\n")).functions
    assert (function.body, function.locals, function.generator) == ((), frozenset(), False)
