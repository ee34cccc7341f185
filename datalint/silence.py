"""Findings silenced: a comment for each, after which the file is judged again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from datalint.finding import Edit, Span
from datalint.source import suppress
from datalint.source.edit import NotEdited, edited

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from datalint.finding import Finding
    from datalint.lint import Linted, Linter
    from datalint.source.suppress import Comment, Lines
    from datalint.write import Put

    _Lines = Mapping[int | None, Lines]

#: A row, and in a notebook its cell.
_Row = tuple[int | None, int]


@dataclass(slots=True)
class Silencer:
    """A linter that writes suppression comments for what it finds."""

    linter: Linter
    put: Put
    #: What the comments say behind the rules that they name; one line, or nothing.
    reason: str = ""
    #: How many rules were named, each once a row, and in how many files.
    added: int = 0
    files: int = 0

    def lint(self, source: bytes, path: str) -> Linted:
        """What is left in a file that held `source`: nothing; what it holds then was put.

        Raises `NotAnalysed` as a linter does, `NotEdited`, and what `put` raises.
        """
        linted = self.linter.lint(source, path)
        if not linted.findings:
            return linted
        edits, named = silencing(linted.findings, source, path, self.reason)
        silenced = edited(source, path, edits)
        left = self.linter.lint(silenced, path)
        for finding in left.findings:
            raise NotEdited(f"a comment does not silence {_named(finding)}")
        self.put(path, source, silenced)
        self.added += named
        self.files += 1
        return left


def silencing(
    findings: Sequence[Finding], source: bytes, path: str, reason: str = ""
) -> tuple[list[Edit], int]:
    """The edits that put comments for findings into their file, and how many rules they name.

    Raises `NotEdited` where no comment can stand, `NotAnalysed` where the file is no Python.
    """
    lines = suppress.read(source, path)
    wanted, there = _wanted(findings, lines), _comments(lines)
    edits = [_edit(lines, there.get(at), at, rules, reason) for at, rules in wanted.items()]
    return edits, sum(map(len, wanted.values()))


def _edit(
    lines: _Lines, comment: Comment | None, at: _Row, rules: Iterable[str], reason: str
) -> Edit:
    """The rules named in the comment that the row has, or in a new one at its end."""
    cell, row = at
    if comment is None:
        column = lines[cell].ends[row]
        content = f"  # datalint: {suppress.LINE}[{', '.join(rules)}] {reason}".rstrip()
    else:
        column = comment.named[-1].span.end_column
        content = "".join(f", {rule}" for rule in rules)
    return Edit(Span(row, column, row, column, cell), content)


def _wanted(findings: Sequence[Finding], lines: _Lines) -> dict[_Row, dict[str, None]]:
    """By row, the rules that a comment there has to name."""
    wanted: dict[_Row, dict[str, None]] = {}
    for finding in findings:
        own = lines[finding.span.cell]
        rows = [row for row in own.covering(finding.span) if row in own.ends]
        if not rows:
            raise NotEdited(f"no comment can stand in the line of {_named(finding)}")
        wanted.setdefault((finding.span.cell, rows[0]), {})[finding.rule] = None
    return wanted


def _comments(lines: _Lines) -> dict[_Row, Comment]:
    """Of each row that has any, the first comment that names rules already."""
    return {
        (cell, comment.span.row): comment
        for cell, own in lines.items()
        for comment in reversed(own.comments)
        if comment.verb == suppress.LINE and comment.named
    }


def _named(finding: Finding) -> str:
    span = finding.span
    where = "" if span.cell is None else f"cell {span.cell}, "
    return f"the {finding.rule} in {where}row {span.row}"
