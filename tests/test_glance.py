"""What is left out at a glance changes nothing: all writes are found as before."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from datalint.check import check_source
from datalint.flow.glance import may_be_written
from datalint.flow.project import Project
from datalint.rules import EVERYTHING
from tests.fixture_case import all_cases

if TYPE_CHECKING:
    from datalint.finding import Finding
    from tests.fixture_case import FixtureCase

WRITTEN = replace(EVERYTHING, reads=False)


def findings(source: bytes, path: str, *, reads: bool, project: Project | None) -> list[Finding]:
    """What the rules find that are about writes."""
    sought = EVERYTHING if reads else WRITTEN
    found = check_source(source, path, project, sought)
    return sorted((f for f in found if f.rule != "data-read"), key=lambda f: f.order())


def agree(source: bytes, path: str, projects: tuple[Project, Project] | None = None) -> None:
    """Fail where a finding is missing or is another."""
    one, other = projects or (None, None)
    whole = findings(source, path, reads=True, project=one)
    assert findings(source, path, reads=False, project=other) == whole


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: case.name)
def test_fixtures(case: FixtureCase) -> None:
    agree(case.linted, str(case.path))


def live(source: str) -> int:
    """Through how many reads something may be written."""
    project = Project()
    return len(may_be_written(project.parse(source.encode(), "a.py").ir, project))
