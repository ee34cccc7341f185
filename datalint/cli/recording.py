"""`--write-baseline`: what is found is put on record, and what is gone taken off it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalint.cli.output import complain_of, note, write
from datalint.report.summary import count

if TYPE_CHECKING:
    from datalint.baseline import Baseline
    from datalint.cli.job import Job
    from datalint.runner import Run


def write_baseline(job: Job, baseline: Baseline) -> int:
    """Record what is shown of this run; the exit code."""
    run = job.run(job.linter())
    report = run.report()
    gone = baseline.gone(run.checked, job.asked.paths, job.settings.selection)
    baseline.write(gone, report.findings, run.sources)
    complain_of(report.problems)
    if not job.asked.quiet:
        total = count(baseline.recorded.total(), "finding")
        files = count(len({key.path for key in baseline.recorded}), "file")
        changes = f"{len(report.findings)} added, {gone.total()} taken out"
        write(f"{total} of {files} recorded in {baseline.file}: {changes}\n")
    return 2 if report.problems else 0


def tell_gone(job: Job, run: Run) -> None:
    """Say which part of the baseline is no longer needed."""
    if job.baseline is None:
        return
    selection = job.settings.selection
    gone = job.baseline.gone(run.checked, job.asked.paths, selection).total()
    if gone:
        are = "is" if gone == 1 else "are"
        told = f"{count(gone, 'finding')} of the baseline {are} fixed"
        note(f"{told}: --write-baseline takes {'it' if gone == 1 else 'them'} out")
