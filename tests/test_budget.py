"""However early the budget is used up, what is left is looked at, and nothing goes round in it."""

from __future__ import annotations

import pytest

from datalint.check import check_source
from datalint.flow import analyse

SOURCE = b"""
from contextlib import contextmanager

@contextmanager
def inner(path):
    yield path

@contextmanager
def outer(path):
    with inner(path) as given:
        yield given

def step(x):
    y = x.exp()
    with outer("a") as path, inner(path):
        y.data.zero_()
    y.sum().backward()
"""


@pytest.mark.parametrize("budget", range(1, 60))
def test_a_body_is_looked_at_whether_or_not_its_manager_is(
    budget: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("BUDGET", "FILE_BUDGET", "LEAST"):
        monkeypatch.setattr(analyse, name, budget)
    (finding,) = check_source(SOURCE)
    assert finding.rule == "write-after-save"
