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
from datalint.source.guard import too_deep
from datalint.source.text import may_hold

if TYPE_CHECKING:
    from collections.abc import Iterable, Set

    from datalint.flow.events import Events, Seen
    from datalint.rules.rule import Rule, Verdict
    from datalint.source.around import Surroundings
    from datalint.source.code import Code


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
    except NotAnalysed as error:
        raise cells.refused(error) from None


def _check_python(source: bytes, path: str, project: Project, ways: Set[str]) -> list[Finding]:
    module = project.parse(source, path)
    try:
        judged = judge(analyse(module.ir, project, ways), module.code)
    except RecursionError:
        raise too_deep(module.code.tree, module.code.text) from None
    return [_finding(rule, seen, verdict, module.code, path) for rule, seen, verdict in judged]


def judge(events: Events, code: Code) -> Iterable[tuple[Rule, Seen, Verdict]]:
    """For each expression of the file that was seen the first rule that has something to say."""
    for seen in events.by_origin.values():
        if seen.node.code is not code:
            continue
        for rule in (rule for rule in ALL if seen.way in rule.ways):
            verdict = rule.judge and rule.judge(seen)
            if verdict is not None:
                yield rule, seen, verdict
                break


def _finding(rule: Rule, seen: Seen, verdict: Verdict, code: Surroundings, path: str) -> Finding:
    where = code.span(seen.node.origin)
    notes = tuple(
        Note(
            step.message,
            _spelled(step.node.code, code, path),
            step.node.code.span(step.node.origin),
        )
        for step in verdict.steps
    )
    rewrite = verdict.rewrite
    edits = fix(rewrite, seen.node, where, code) if rewrite else None
    message, advice = verdict.message, verdict.help
    return Finding(
        rule.name, rule.level, path, where, message, advice, verdict.confidence, notes, edits
    )


def _spelled(other: Code, own: Code, path: str) -> str:
    """The path of a file, as the user spells that of the one that is checked."""
    if other is own:
        return path
    return other.path if Path(path).is_absolute() else os.path.relpath(other.path)
