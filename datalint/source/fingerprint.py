"""What makes a finding the same one after edits elsewhere in its file."""

from __future__ import annotations

import ast
import hashlib
from collections import Counter
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

from datalint.finding import place_name
from datalint.source.guard import parse
from datalint.source.magics import python

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from datalint.finding import Finding
    from datalint.source.text import Text


class Key(NamedTuple):
    """What findings that look alike have in common; never rows or cells."""

    path: str
    rule: str
    #: The dotted name of the function or class around it; empty at the top level.
    function: str
    #: The source line, each blank in it one space.
    line: str


def fingerprints(findings: Iterable[Finding], sources: Mapping[str, Text]) -> list[str]:
    """One for each finding, from its key and which of those with this key it is."""
    seen: Counter[Key] = Counter()
    prints = []
    for key in keys(findings, sources):
        around = [f".{key.function}"] if key.function else []
        own = fingerprint(key.path, key.rule, key.line, *around)
        # The second of two that look alike is told from the first by being the second.
        prints.append(fingerprint(own, str(seen[key])) if seen[key] else own)
        seen[key] += 1
    return prints


def keys(findings: Iterable[Finding], sources: Mapping[str, Text]) -> list[Key]:
    """The key of each finding; `sources` are the texts that they are in."""
    files: dict[str, tuple[list[str], list[tuple[int, int, str]]]] = {}
    found = []
    for finding in findings:
        place = place_name(finding.path, finding.span.cell)
        if place not in files:
            source = sources[place]
            # Of a cell, what is not Python is part of the text and has no tree.
            tree = parse(source.text if finding.span.cell is None else python(source.text))
            files[place] = source.lines(), _functions(tree)
        lines, functions = files[place]
        row = finding.span.row
        around = [name for first, last, name in functions if first <= row <= last]
        line = " ".join(lines[row - 1].split())
        found.append(Key(finding.path, finding.rule, around[-1] if around else "", line))
    return found


def fingerprint(path: str, *facts: str) -> str:
    """A short name for what is known by all of these."""
    known = "\0".join((PurePath(path).as_posix(), *facts))
    return hashlib.sha256(known.encode("utf-8", "backslashreplace")).hexdigest()[:16]


def _functions(tree: ast.Module) -> list[tuple[int, int, str]]:
    """First row, last row and dotted name of each function and class, outer before inner."""
    found = []
    waiting: list[tuple[ast.AST, str]] = [(tree, "")]
    while waiting:
        node, prefix = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            prefix = f"{prefix}.{node.name}" if prefix else node.name
            found.append((node.lineno, node.end_lineno or node.lineno, prefix))
        waiting.extend((child, prefix) for child in ast.iter_child_nodes(node))
    return sorted(found, key=lambda span: (span[0], -span[1]))
