"""Reports: what the runner found, made into text.

A reporter is a module with one function,

    render(report, sources, look=PLAIN) -> str

- `report` (`outcome.Report`) holds the findings and problems in the order in which every
  format prints them, and the numbers of what is not shown.
- `sources` holds the text of each file that has a finding, of a notebook that of each cell, by
  its name (`finding.place_name`).
- `look` says whether a report for people may use color and has a summary line; a format for
  programs has one look and does not heed it.

It returns the whole report, line ends included, or nothing where there is nothing to say; it
prints nothing, reads nothing and knows no terminal. Whatever comes from a file or a path and is not
escaped by the format goes through `screen.visible`, so that no source can act on a terminal. A
format without cells has its places from `places`, one without room for source its words from
`sentences`, and the address of a rule's page is in `links`.
To add one: write the module, name it in `REPORTERS` and in the README, show it in a snapshot test
and let what the format is for read it back.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from datalint.report.outcome import PLAIN, Look, Problem, Report

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datalint.source.text import Text


class Render(Protocol):
    """The one function of a reporter."""

    def __call__(self, report: Report, sources: Mapping[str, Text], look: Look = PLAIN) -> str: ...


def _reporter(name: str) -> Render:
    """That of a module, which is imported when it has something to report."""

    def render(report: Report, sources: Mapping[str, Text], look: Look = PLAIN) -> str:
        return str(import_module(f"datalint.report.{name}").render(report, sources, look))

    return render


REPORTERS = {
    name: _reporter(name)
    for name in ("text", "concise", "json", "sarif", "github", "gitlab", "junit")
}

__all__ = ["PLAIN", "REPORTERS", "Look", "Problem", "Render", "Report"]
