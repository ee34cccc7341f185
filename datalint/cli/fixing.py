"""`--fix` and `--diff`: what is done with what the fixes make of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalint import write
from datalint.cli.output import complain, complain_of, write_bytes
from datalint.fix import Fixer
from datalint.report.diff import diff
from datalint.report.summary import count

if TYPE_CHECKING:
    from datalint.cli.job import Job
    from datalint.report import Report
    from datalint.runner import Run
    from datalint.write import Put


def fix_files(job: Job) -> tuple[Run, Report]:
    """Write the fixed files; what is left in all of them then."""
    fixer = _fixer(job, write.replace)
    run = job.run(fixer)
    report = run.report()._replace(fixed=run.fixed)
    if not fixer.found:
        return run, report
    # Its findings may speak of rows that have moved in files that were fixed after them.
    again = job.run(job.linter())
    left = again.report()
    problems = {*left.problems, *report.problems}
    return again, left._replace(problems=tuple(sorted(problems)), fixed=run.fixed)


def fix_stdin(job: Job) -> tuple[Run, Report]:
    """Write standard input to standard output, fixed as far as it can be; what is left in it."""
    held = [job.source or b""]
    run = job.run(_fixer(job, lambda path, old, new: held.append(new)))
    write_bytes(held[-1])
    return run, run.report()._replace(fixed=run.fixed)


def show_diff(job: Job) -> int:
    """Print what the fixes would change and nothing else; the exit code."""
    diffs: list[bytes] = []
    run = job.run(_fixer(job, lambda path, old, new: diffs.append(diff(path, old, new))))
    write_bytes(b"".join(diffs), job.asked.output_file)
    report = run.report()
    complain_of(report.problems)
    if not job.asked.quiet:
        files, findings = count(len(diffs), "file"), count(run.fixed, "finding")
        complain(f"{files} would change: {findings} fixed")
    return 2 if report.problems else int(bool(diffs) and not job.asked.exit_zero)


def _fixer(job: Job, put: Put) -> Fixer:
    return Fixer(job.linter(), put, job.asked.unsafe_fixes)
