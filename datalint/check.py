"""One file, start to finish: bytes in, findings out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalint.finding import Edit, Finding, Fix, Note
from datalint.flow.analyse import analyse
from datalint.flow.lower import lower
from datalint.rules import ALL
from datalint.source.guard import parse_cst
from datalint.source.positions import spans
from datalint.source.text import decode, may_hold_data

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import libcst as cst

    from datalint.finding import Span
    from datalint.flow.events import Events, Seen
    from datalint.rules.rule import Rule, Verdict


def check_source(source: bytes, path: str = "<string>") -> list[Finding]:
    """All findings of every rule in `source`, in no order, whether they will be shown or not.

    Raises `NotAnalysed` where the bytes may hold `.data` but cannot be read as Python.
    """
    if not may_hold_data(source):
        return []
    module = parse_cst(decode(source))
    judged = list(judge(analyse(lower(module))))
    at = spans(module, (node for _, seen, verdict in judged for node in _nodes(seen, verdict)))
    return [_finding(rule, seen, verdict, path, at) for rule, seen, verdict in judged]


def judge(events: Events) -> Iterable[tuple[Rule, Seen, Verdict]]:
    """For each `.data` expression the first rule that has something to say of it."""
    for seen in events.by_origin.values():
        for rule in ALL:
            verdict = rule.judge(seen)
            if verdict is not None:
                yield rule, seen, verdict
                break


def _nodes(seen: Seen, verdict: Verdict) -> Iterable[cst.CSTNode]:
    yield seen.node.origin
    yield from (step.node for step in verdict.steps)
    if verdict.rewrite is not None:
        yield verdict.rewrite.node


def _finding(
    rule: Rule, seen: Seen, verdict: Verdict, path: str, at: Mapping[cst.CSTNode, Span]
) -> Finding:
    fix = None
    if verdict.rewrite is not None:
        edit = Edit(at[verdict.rewrite.node], verdict.rewrite.content)
        fix = Fix(verdict.rewrite.applicability, verdict.rewrite.message, (edit,))
    notes = tuple(Note(at[step.node], step.message) for step in verdict.steps)
    where = at[seen.node.origin]
    message, advice = verdict.message, verdict.help
    return Finding(
        rule.name, rule.level, path, where, message, advice, verdict.confidence, notes, fix
    )
