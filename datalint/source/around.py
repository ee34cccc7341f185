"""What stands around a place in a file: its statements, what the file's names are imported as."""

from __future__ import annotations

import ast
import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from datalint.source.bindings import Definition, Function, bindings, imported
from datalint.source.code import Code

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from datalint.finding import Span

_GRAD_MODE = re.compile(
    r"torch\.(?:autograd\.(?:grad_mode\.)?)?(no_grad|enable_grad|set_grad_enabled|inference_mode)"
)
#: Decorators of what `torch.jit` does not compile.
_LEFT_OUT = {"torch.jit.ignore", "torch.jit.unused"}


@dataclass(frozen=True, slots=True)
class Around:
    """The statements that a place is in, the outermost first; the last is its own."""

    statements: tuple[ast.stmt, ...]
    #: The statements of the block that its own is in.
    block: Sequence[ast.stmt]

    @property
    def own(self) -> ast.stmt:
        return self.statements[-1]

    def definitions(self) -> Iterator[Definition]:
        """The functions and classes that the place is in, the innermost first."""
        return (s for s in reversed(self.statements[:-1]) if isinstance(s, Definition))


class Surroundings(Code):
    """A whole file, of which one can ask what stands around a place in it."""

    def __init__(self, text: str, path: str = "<string>") -> None:
        super().__init__(text, path)
        self._hidden: dict[Definition, set[str]] = {}

    def of(self, span: Span) -> Around:
        """What stands around a place."""
        at = span.row, self.byte(span.row, span.column)
        found: list[ast.stmt] = []
        inner = self.tree.body
        blocks = [inner]
        while blocks:
            block = blocks.pop()
            index = bisect_left(block, at, key=lambda s: (s.end_lineno or 0, s.end_col_offset or 0))
            if index < len(block) and (_first_row(block[index]), 0) <= at:
                found.append(block[index])
                inner, blocks = block, list(_blocks(block[index]))
        return Around(tuple(found), inner)

    @cached_property
    def imported(self) -> dict[str, str]:
        """What the names stand for that the top level only imports: `nn` for `torch.nn`."""
        return imported(self.tree)

    def dotted(self, node: ast.expr, around: Around | None = None) -> str:
        """What an expression such as `nn.init.normal_` names; empty where it is no such.

        With a place it is empty, too, where the name may mean something else there.
        """
        match node:
            case ast.Name():
                if around is None:
                    return self.imported.get(node.id, node.id)
                return "" if node.id in self._hidden_at(around) else self.imported.get(node.id, "")
            case ast.Attribute():
                base = self.dotted(node.value, around)
                return f"{base}.{node.attr}" if base else ""
            case ast.Call():
                return self.dotted(node.func, around)
        return ""

    def spelled(self, wanted: str, around: Around) -> str:
        """How `wanted`, a dotted name, is called at a place; empty where it has no name there."""
        hidden = self._hidden_at(around)
        return min(
            (
                name + wanted[len(meaning) :]
                for name, meaning in self.imported.items()
                if f"{wanted}.".startswith(f"{meaning}.") and name not in hidden
            ),
            key=lambda name: (len(name), name),
            default="",
        )

    def _hidden_at(self, around: Around) -> set[str]:
        """The names that a function or class around a place binds: they may hide imported ones."""
        outermost = next((s for s in around.statements[:-1] if isinstance(s, Definition)), None)
        if outermost is None:
            return set()
        if outermost not in self._hidden:
            bound = {binding for node in ast.walk(outermost) for binding in bindings(node)}
            self._hidden[outermost] = {name for name, _ in bound - self.imported.items()}
        return self._hidden[outermost]

    def grad_mode(self, around: Around) -> str:
        """The grad mode that the innermost `with` or decorator here sets; empty where none does."""
        for outer in reversed(around.statements[:-1]):
            setters: list[ast.expr] = []
            if isinstance(outer, ast.With):
                setters = [item.context_expr for item in outer.items]
            elif isinstance(outer, Function):
                setters = outer.decorator_list
            for setter in reversed(setters):
                if mode := _GRAD_MODE.fullmatch(self.dotted(setter, around)):
                    return mode[1]
            if isinstance(outer, Function):
                break
        return ""

    def is_scripted(self, around: Around) -> bool:
        """Whether the place is in code that `torch.jit` compiles, as far as this file says."""
        for outer in around.definitions():
            marks = [self.dotted(d) for d in outer.decorator_list]
            if isinstance(outer, ast.ClassDef):
                marks += [self.dotted(base) for base in outer.bases]
            if not _LEFT_OUT.isdisjoint(marks):
                return False
            if outer.name in self._scripted or any(m.startswith("torch.jit.") for m in marks):
                return True
        return False

    @cached_property
    def _scripted(self) -> set[str]:
        """The functions and classes that `torch.jit.script` is called with, and what they use."""
        if "script" not in self.text or not any(
            name.startswith("torch") for name in self.imported.values()
        ):
            return set()
        calls = (n for n in ast.walk(self.tree) if isinstance(n, ast.Call))
        scripts = [c for c in calls if self.dotted(c.func) == "torch.jit.script"]
        found = {name for call in scripts for given in call.args for name in _names(given)}
        if not found:
            return found
        uses: dict[str, set[str]] = {}
        for name, node in (pair for n in ast.walk(self.tree) for pair in _named(n)):
            uses.setdefault(name, set()).update(_names(node))
        waiting = list(found)
        while waiting:
            new = uses.get(waiting.pop(), set()) - found
            found |= new
            waiting += new
        return found


def _first_row(statement: ast.stmt) -> int:
    """Where a statement begins: a definition, with its decorators."""
    decorators = statement.decorator_list if isinstance(statement, Definition) else []
    return min([statement.lineno, *(d.lineno for d in decorators)])


def _blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The blocks of a compound statement."""
    for name in ("body", "orelse", "finalbody"):
        if block := getattr(statement, name, None):
            yield block
    for name in ("handlers", "cases"):
        for part in getattr(statement, name, ()):
            yield part.body


def _names(node: ast.AST) -> set[str]:
    """The names and attributes that are mentioned in a tree."""
    return {
        part.id if isinstance(part, ast.Name) else part.attr
        for part in ast.walk(node)
        if isinstance(part, ast.Name | ast.Attribute)
    }


def _named(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """The names that a node gives to a function, a class or a value, and that."""
    if isinstance(node, Definition):
        yield node.name, node
    elif isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and node.value is not None:
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            yield from ((name, node.value) for name in _names(target))
