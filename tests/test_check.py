"""The sentences datalint was founded on, word for word."""

from __future__ import annotations

from datalint.check import check_source
from datalint.finding import Applicability, Confidence

SHOWN = {"write-after-save", "untracked-write", "unchecked-write"}


def test_a_save_and_a_write_with_no_backward_in_sight_is_found() -> None:
    (finding,) = check_source(b"y = x.sigmoid(); c = y.data; c.zero_()\n")
    assert (finding.rule, finding.confidence) == ("write-after-save", Confidence.MEDIUM)
    assert (finding.span.row, finding.span.column, finding.span.end_column) == (1, 22, 28)


def test_a_written_argument_is_found_and_detach_suggested() -> None:
    (finding,) = check_source(b"def f(x):\n    y = x.data\n    y.add_(1)\n")
    assert finding.rule == "unchecked-write"
    assert finding.fix is not None
    assert finding.fix.applicability is Applicability.UNSAFE
    assert [e.content for e in finding.fix.edits] == ["detach()"]


def test_a_step_after_backward_is_only_there_to_opt_into() -> None:
    source = b"""
import torch
net = torch.nn.Linear(2, 1)
loss = net(torch.ones(2)).sum()
loss.backward()
for p in net.parameters():
    p.data.add_(p.grad, alpha=-0.1)
"""
    assert [f.rule for f in check_source(source)] == ["data-write"]


def test_the_same_step_one_line_earlier_is_found() -> None:
    source = b"""
import torch
net = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 1))
loss = net(torch.ones(2)).sum()
for p in net.parameters():
    p.data.clamp_(-0.01, 0.01)
loss.backward()
"""
    (finding,) = check_source(source)
    assert (finding.rule, finding.confidence) == ("write-after-save", Confidence.HIGH)
    assert finding.notes[-1].message == "backward here"


def test_a_file_without_data_is_not_even_parsed() -> None:
    assert check_source(b"this is ) no Python") == []


def test_the_same_bytes_give_the_same_findings() -> None:
    source = b"def f(a, b):\n    for t in (a, b):\n        t.data.mul_(2)\n    return a * b\n" * 3
    first = check_source(source)
    assert first
    assert all(check_source(source) == first for _ in range(3))
