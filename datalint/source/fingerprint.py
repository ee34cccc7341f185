"""What makes a finding the same one after edits elsewhere in its file."""

from __future__ import annotations

import ast
import hashlib
from collections import Counter
from pathlib import PurePath
from typing import TYPE_CHECKING

from datalint.finding import place_name
from datalint.source.guard import parse
from datalint.source.magics import python

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from datalint.finding import Finding
    from datalint.source.text import Text


def fingerprints(findings: Iterable[Finding], sources: Mapping[str, Text]) -> list[str]:
    """One for each finding, from its file, rule, line and function; never from rows or cells."""
    files: dict[str, tuple[list[str], list[tuple[int, int, str]]]] = {}
    seen: Counter[str] = Counter()
    prints = []
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
        key = fingerprint(finding.path, finding.rule, line, *around[-1:])
        # The second of two that look alike is told from the first by being the second.
        prints.append(fingerprint(key, str(seen[key])) if seen[key] else key)
        seen[key] += 1
    return prints


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
            prefix = f"{prefix}.{node.name}"
            found.append((node.lineno, node.end_lineno or node.lineno, prefix))
        waiting.extend((child, prefix) for child in ast.iter_child_nodes(node))
    return sorted(found, key=lambda span: (span[0], -span[1]))
