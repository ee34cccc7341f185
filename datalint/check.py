"""One file, start to finish: bytes in, findings out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from datalint.finding import Finding, NotAnalysed, Note
from datalint.flow.analyse import analyse
from datalint.flow.project import Project
from datalint.rules import ALL, EVERYTHING
from datalint.rules.edits import fix
from datalint.source import notebook
from datalint.source.guard import deep
from datalint.source.text import may_hold

if TYPE_CHECKING:
    from collections.abc import Iterable

    from datalint.flow.events import Events, Seen
    from datalint.rules.rule import Rule, Verdict
    from datalint.source.around import Surroundings
    from datalint.source.code import Code
    from datalint.source.text import Sought


def check_source(
    source: bytes,
    path: str = "<string>",
    project: Project | None = None,
    sought: Sought = EVERYTHING,
) -> list[Finding]:
    """All findings of every rule in `source`, in no order, whether they will be shown or not.

    Rules that are about more than what is `sought` may report part of what they could.
    What it imports is looked for on disk, from `path`; a `project` remembers it for other files.
    Raises `NotAnalysed` where the bytes may hold what is sought but cannot be read as Python, and,
    with the findings so far, where it would take too long to follow all that they say.
    """
    if not may_hold(source, sought.ways):
        return []
    project = project or Project()
    if notebook.is_notebook(path):
        return _check_notebook(source, path, project, sought)
    return _check_python(source, path, project, sought)


def _check_notebook(source: bytes, path: str, project: Project, sought: Sought) -> list[Finding]:
    cells = notebook.read(source, sought.ways)
    if cells is None:
        return []
    try:
        return [cells.located(f) for f in _check_python(cells.source, path, project, sought)]
    except NotAnalysed as error:
        raise cells.refused(error) from None


def _check_python(source: bytes, path: str, project: Project, sought: Sought) -> list[Finding]:
    with deep():
        module = project.parse(source, path)
        code = module.code
        try:
            events = analyse(module.ir, project, sought)
        except RecursionError:
            raise code.too_deep() from None
    found = [_finding(*judged, code, path) for judged in judge(events, code)]
    if events.ended is None:
        return found
    place = code.span(events.ended.origin)
    reason = "too much to follow: what begins here, and what comes later, was not all looked at"
    raise NotAnalysed(reason, place.row, place.column, findings=tuple(found))


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
