"""What comments suppress, and which of them suppress nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from datalint.rules import ALL
from datalint.rules.unused_suppression import RULE, fault, mistakes, unused
from datalint.source import suppress

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Set

    from datalint.finding import Finding
    from datalint.source.suppress import Comment, Lines


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


@dataclass(slots=True)
class _Comments:
    """The comments of a file, and by whom something was suppressed."""

    path: str
    lines: Mapping[int | None, Lines]
    used: set[tuple[Comment, str]] = field(default_factory=set)

    def suppress(self, finding: Finding) -> bool:
        """Whether a comment covers a finding and names its rule."""
        lines = self.lines[finding.span.cell]
        rows = lines.covering(finding.span)
        own = (c for c in lines.comments if c.verb == suppress.LINE and c.span.row in rows)
        of_file = (c for c in self._all() if c.verb == suppress.FILE)
        covering = [
            (comment, finding.rule)
            for comment in (*own, *of_file)
            if not fault(comment) and finding.rule in {name.rule for name in comment.named}
        ]
        self.used.update(covering)
        return bool(covering)

    def mistakes(self) -> Iterator[Finding]:
        """About comments that are written wrong."""
        known = [rule.name for rule in ALL]
        for comment in self._all():
            yield from mistakes(comment, self.path, known)

    def unused(self, rules: Set[str]) -> Iterator[Finding]:
        """About comments that name some of these rules and suppress nothing of them."""
        for comment in self._all():
            named = {name.rule for name in comment.named} & rules
            idle = {rule for rule in named if (comment, rule) not in self.used}
            if idle and not fault(comment):
                yield unused(comment, self.path, idle)

    def _all(self) -> Iterator[Comment]:
        return (comment for lines in self.lines.values() for comment in lines.comments)
