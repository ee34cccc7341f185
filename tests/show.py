"""`python -m tests.show FIXTURE` prints the true gradient, the corrupted one, and what helps.

`python -m tests.show --all` prints what PyTorch makes of each fixture.
"""

from __future__ import annotations

import ast
import sys
import textwrap
from collections import Counter
from itertools import chain, repeat
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from datalint.check import check_source
from tests.fixture_case import ROOT, FixtureCase, State, all_cases, load
from tests.oracle.trial import Trial, objections

if TYPE_CHECKING:
    from tests.oracle import Outcome

_WIDTH = 27
_PREAMBLE = (ast.Expr, ast.Import, ast.ImportFrom)  # the docstring and the imports


def shown(case: FixtureCase) -> str:
    """A fixture on one screen: its story, the lines that matter, and every witness's word."""
    return "\n".join(
        [
            str(case.path.relative_to(ROOT)),
            case.story,
            "",
            *_code(case),
            "",
            *(line for entry in case.entries for line in _runs(Trial(case, entry))),
            *_linter(case),
        ]
    )


def told(case: FixtureCase, problems: list[str]) -> str:
    """A failed test's message: who disagrees, then all there is to see."""
    return "\n".join(["", *problems, "", shown(case)])


def _code(case: FixtureCase) -> list[str]:
    body = ast.parse(case.source).body
    first = next((node.lineno for node in body if not isinstance(node, _PREAMBLE)), 1)
    start = case.source.find('\n\n\n# --- drivers (not linted) ---\nif __name__ == "__main__"')
    lines = case.source[: start if start >= 0 else None].splitlines()
    # A decorator stands above the line of what it decorates.
    while first > 1 and lines[first - 2].strip():
        first -= 1
    return [f"{row:>4} | {line}".rstrip() for row, line in enumerate(lines, 1) if row >= first]


def _runs(trial: Trial) -> list[str]:
    lines = [f"{trial.entry}()"] if trial.entry != "run" else []
    lines += _run("the true gradient", trial.truth)
    lines += _run("as written", trial.written, trial.judged(trial.written))
    if trial.case.rows:
        lines += _run("with .detach() instead", trial.detached, trial.judged(trial.detached))
    if trial.case.cures:
        lines += _run("with the cure instead", trial.cured, trial.judged(trial.cured))
    return lines


def _run(title: str, outcome: Outcome, judged: str = "") -> list[str]:
    remark = f"   <- {judged}" if judged else ""
    if outcome.error is not None:
        return [f"  {title:<{_WIDTH}}{_brief(outcome)}{remark}"]
    titles, remarks = chain([title], repeat("")), chain([remark], repeat(""))
    return [
        f"  {title:<{_WIDTH}}{name} = {_numbers(gradient)}{remark}"
        for title, remark, (name, gradient) in zip(
            titles, remarks, outcome.gradients.items(), strict=False
        )
    ]


def _brief(outcome: Outcome) -> str:
    if outcome.modified:
        return "RuntimeError: ... has been modified by an inplace operation"
    return textwrap.shorten(outcome.error or "", 90)


def _numbers(gradient: torch.Tensor) -> str:
    def text(value: object) -> str:
        if isinstance(value, list):
            return "[" + ", ".join(map(text, value)) + "]"
        return f"{value:.4f}" if isinstance(value, float) else str(value)

    written = text(gradient.tolist())
    return written if len(written) <= 90 else written[:87] + "..."


def _linter(case: FixtureCase) -> list[str]:
    findings = sorted(check_source(case.linted, case.name), key=lambda finding: finding.order())
    if not findings:
        return ["  datalint                   reports nothing"]
    return [
        f"  {'datalint' if index == 0 else '':<{_WIDTH}}line {finding.span.row}: {finding.rule}"
        f" ({finding.confidence}): {finding.message}"
        for index, finding in enumerate(findings)
    ]


def _table(cases: list[FixtureCase]) -> str:
    lines = [f"{case.state:<13} {case.name}" for case in cases]
    for case, problems in ((case, objections(case)) for case in cases):
        lines += [f"NOT SO: {case.name}: {problem}" for problem in problems]
    counts = Counter(case.state for case in cases)
    lines.append(
        ", ".join(f"{counts[state]} {state}" for state in State) + f"; {len(cases)} in all"
    )
    return "\n".join(lines)


def main(arguments: list[str]) -> None:
    """Print what was asked for."""
    if arguments == ["--all"]:
        print(_table(all_cases()))
    elif arguments:
        print("\n\n".join(shown(load(Path(argument))) for argument in arguments))
    else:
        print(__doc__)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(sys.argv[1:])
