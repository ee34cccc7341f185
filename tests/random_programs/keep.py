"""A program on which the two witnesses disagree, as a file that runs and says why it was kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.random_programs import model
from tests.random_programs.compare import Comparison, Miss, compare
from tests.random_programs.reduce import reduced

if TYPE_CHECKING:
    from pathlib import Path


def smallest(program: model.Program, comparison: Comparison) -> model.Program:
    """`program` without all that the disagreement does not need."""
    misses, alarms = _essence(comparison), comparison.alarms

    def still(candidate: model.Program) -> bool:
        try:
            again = compare(candidate)
        except (SyntaxError, RecursionError):  # an `else` alone, a helper that calls itself
            return False
        if comparison.crash:
            return again.crash == comparison.crash
        if comparison.misses:
            return bool(misses & _essence(again))
        every_gradient = candidate.body[-1] == program.body[-1]
        return every_gradient and again.false_alarm and bool(again.alarms & alarms)

    return reduced(program, still)


def _essence(comparison: Comparison) -> set[tuple[str, int]]:
    return {(miss.rule, number) for miss in comparison.misses for number in miss.writes}


def explained(program: model.Program, origin: str) -> str:
    """The program's text, with each row that is at fault or reported marked, and the reason."""
    comparison = compare(program)
    marks: dict[int, list[str]] = {}
    for miss in comparison.misses:
        for row in miss.rows:
            marks.setdefault(row, []).append(f"missing: {miss.rule}")
    for finding in comparison.findings:
        marks.setdefault(finding.span.row, []).append(f"reported: {finding.rule}")
    rows = model.as_written(program).splitlines()
    for row, said in marks.items():
        rows[row - 1] += f"  # {', '.join(sorted(set(said)))}"
    head = [f"{comparison.judgement.verdict} ({origin})", comparison.judgement.why, ""]
    head += comparison.crash.splitlines()
    head += [f"missed: {_told(miss)}" for miss in comparison.misses]
    head += [f"row {f.span.row}, {f.rule}: {f.message}" for f in comparison.findings]
    return "\n".join([*(f"# {line}".rstrip() for line in head), "", *rows, ""])


def _told(miss: Miss) -> str:
    return f"{miss.rule} of write {', '.join(map(str, miss.writes))}"


def keep(folder: Path, origin: str, program: model.Program, comparison: Comparison) -> Path:
    """Writes the smallest program into `folder`, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    kind = f"missed-{comparison.misses[0].rule}" if comparison.misses else "false-alarm"
    kind = "crash" if comparison.crash else kind
    path = folder / f"{kind}-{origin.replace(' ', '-')}.py"
    path.write_text(explained(smallest(program, comparison), origin))
    return path
