"""Which names the nodes of a syntax tree bind, and what is imported as them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Function | ast.ClassDef


def imported(tree: ast.Module) -> dict[str, str]:
    """What the names stand for that the top level imports, and that nothing else is called."""
    found: dict[str, set[str]] = {}
    for node in _of_top_level(tree):
        for name, meaning in bindings(node):
            found.setdefault(name, set()).add(meaning)
    elsewhere = {n for g in ast.walk(tree) if isinstance(g, ast.Global) for n in g.names}
    sure = {name for name, meanings in found.items() if len(meanings) == 1} - elsewhere
    return {name: meaning for name in sure for meaning in found[name] if meaning}


def bindings(node: ast.AST) -> Iterator[tuple[str, str]]:
    """The names that a node itself binds, and what is imported as each, if something is."""
    match node:
        case ast.Import():
            for alias in node.names:
                name = alias.name if alias.asname else alias.name.partition(".")[0]
                yield alias.asname or name, name
        case ast.ImportFrom():
            for alias in node.names:
                yield (
                    alias.asname or alias.name,
                    "" if node.level else f"{node.module}.{alias.name}",
                )
        case ast.Name(ctx=ast.Store() | ast.Del(), id=name) | ast.arg(arg=name):
            yield name, ""
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name, ""
        case (
            ast.ExceptHandler(name=str(name))
            | ast.MatchAs(name=str(name))
            | ast.MatchStar(name=str(name))
            | ast.MatchMapping(rest=str(name))
        ):
            yield name, ""


def _of_top_level(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes that are not within a function or class."""
    waiting = [tree]
    while waiting:
        for node in ast.iter_child_nodes(waiting.pop()):
            yield node
            if not isinstance(node, Definition | ast.Lambda):
                waiting.append(node)
