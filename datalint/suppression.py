"""What comments suppress, and which of them suppress nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalint.rules import ALL
from datalint.rules.unused_suppression import RULE, fault, mistakes, unused
from datalint.source import suppress

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Set

    from datalint.finding import Finding
    from datalint.source.suppress import Comment, Lines

#: A row, and in a notebook its cell; or the whole file.
_Place = tuple[int | None, int]
_FILE = (None, 0)


def unsuppressed(
    found: Iterable[Finding], source: bytes, path: str, rules: Set[str]
) -> list[Finding]:
    """The findings that no comment suppresses, and findings about comments that suppress nothing.

    `rules` are those that are checked: naming another one is not judged. Raises `NotAnalysed`
    where the file is no Python.
    """
    comments = _Comments(path, suppress.read(source, path))
    left = [finding for finding in found if not comments.suppress(finding)]
    told = [*comments.mistakes(), *comments.unused(rules - {RULE.name})]
    left += [finding for finding in told if not comments.suppress(finding)]
    # Only now it is known what comments on these suppress; about those nothing more is said.
    return left + list(comments.unused(rules & {RULE.name}))


class _Comments:
    """The comments of a file, and what they suppressed."""

    def __init__(self, path: str, lines: Mapping[int | None, Lines]) -> None:
        self._path, self._lines = path, lines
        self._all = [comment for own in lines.values() for comment in own.comments]
        right = [comment for comment in self._all if not fault(comment)]
        self._covered = {(_place(c), rule) for c in right for rule in _rules(c)}
        self._used: set[tuple[_Place, str]] = set()

    def suppress(self, finding: Finding) -> bool:
        """Whether a comment covers a finding and names its rule."""
        cell = finding.span.cell
        rows = self._lines[cell].covering(finding.span)
        places = {(place, finding.rule) for place in (_FILE, *((cell, row) for row in rows))}
        self._used |= places & self._covered
        return not places.isdisjoint(self._covered)

    def mistakes(self) -> Iterator[Finding]:
        """About comments that are written wrong."""
        known = [rule.name for rule in ALL]
        for comment in self._all:
            yield from mistakes(comment, self._path, known)

    def unused(self, rules: Set[str]) -> Iterator[Finding]:
        """About comments that name some of these rules and suppress nothing of them."""
        for comment in self._all:
            idle = {r for r in _rules(comment) & rules if (_place(comment), r) not in self._used}
            if idle and not fault(comment):
                yield unused(comment, self._path, idle)


def _rules(comment: Comment) -> Set[str]:
    return {name.rule for name in comment.named}


def _place(comment: Comment) -> _Place:
    """What it covers."""
    return _FILE if comment.verb == suppress.FILE else (comment.span.cell, comment.span.row)
