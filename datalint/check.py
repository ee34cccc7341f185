"""One file, start to finish: bytes in, findings out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from datalint.finding import Finding, NotAnalysed, Note
from datalint.flow.analyse import analyse
from datalint.flow.project import Project
from datalint.rules import ALL, WAYS
from datalint.rules.edits import fix
from datalint.source import notebook
from datalint.source.positions import spans
from datalint.source.text import may_hold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Set

    from datalint.finding import Span
    from datalint.flow import ir
    from datalint.flow.events import Events, Seen
    from datalint.flow.project import Parsed
    from datalint.rules.rule import Rule, Verdict


def check_source(
    source: bytes,
    path: str = "<string>",
    project: Project | None = None,
    ways: Set[str] = WAYS,
) -> list[Finding]:
    """All findings of every rule in `source`, in no order, whether they will be shown or not.

    `ways` are those past a version counter that are looked for: all that any rule is about, where
    nothing else is said. Rules that are about others may report part of what they could.
    What it imports is looked for on disk, from `path`; a `project` remembers it for other files.
    Raises `NotAnalysed` where the bytes may hold one of `ways` but cannot be read as Python.
    """
    if not may_hold(source, ways):
        return []
    project = project or Project()
    if notebook.is_notebook(path):
        return _check_notebook(source, path, project, ways)
    return _check_python(source, path, project, ways)


def _check_notebook(source: bytes, path: str, project: Project, ways: Set[str]) -> list[Finding]:
    cells = notebook.read(source, ways)
    if cells is None:
        return []
    try:
        return [cells.located(f) for f in _check_python(cells.source, path, project, ways)]
    except NotAnalysed:
        cells.refuse()
        raise


def _check_python(source: bytes, path: str, project: Project, ways: Set[str]) -> list[Finding]:
    module = project.parse(source, path)
    judged = list(judge(analyse(module.ir, project, ways), module.ir))
    nodes = (node for _, seen, verdict in judged for node in _nodes(seen, verdict))
    at = _places(project, nodes, module, path)
    return [_finding(rule, seen, verdict, at, module) for rule, seen, verdict in judged]


def judge(events: Events, module: ir.Module) -> Iterable[tuple[Rule, Seen, Verdict]]:
    """For each expression of the module that was seen the first rule that has something to say."""
    for seen in events.by_origin.values():
        if not module.holds_node(seen.node):
            continue
        for rule in (rule for rule in ALL if seen.way in rule.ways):
            verdict = rule.judge and rule.judge(seen)
            if verdict is not None:
                yield rule, seen, verdict
                break


def _nodes(seen: Seen, verdict: Verdict) -> Iterable[ir.Node]:
    yield seen.node
    yield from (step.node for step in verdict.steps)


def _places(
    project: Project, nodes: Iterable[ir.Node], module: Parsed, path: str
) -> dict[ir.Node, tuple[str, Span]]:
    """The file and the span of each node; the module is at `path`, and others are named alike."""
    by_home: dict[Parsed, list[ir.Node]] = {}
    for node in nodes:
        by_home.setdefault(project.home(node), []).append(node)
    at: dict[ir.Node, tuple[str, Span]] = {}
    for home, held in by_home.items():
        found = spans(home.tree, (node.origin for node in held), home.text)
        name = path if home is module else _alike(home.path, path)
        at.update({node: (name, found[node.origin]) for node in held})
    return at


def _alike(other: str, path: str) -> str:
    """An absolute path, spelled from here where the user's is."""
    return other if Path(path).is_absolute() else os.path.relpath(other)


def _finding(
    rule: Rule, seen: Seen, verdict: Verdict, at: Mapping[ir.Node, tuple[str, Span]], module: Parsed
) -> Finding:
    path, where = at[seen.node]
    notes = tuple(Note(step.message, *at[step.node]) for step in verdict.steps)
    message, advice, edits = verdict.message, verdict.help, None
    if verdict.rewrite is not None:
        edits = fix(verdict.rewrite, seen.node.origin, where, module.surroundings)
    return Finding(
        rule.name, rule.level, path, where, message, advice, verdict.confidence, notes, edits
    )
