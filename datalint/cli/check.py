"""`datalint check`: files in, a report and an exit code out.

What only some runs do is imported by those: the others have begun sooner.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from datalint.cli.job import Job
from datalint.cli.options import Command, options
from datalint.cli.output import complain_of, fail, note, show_below_log, wants_color, write
from datalint.report import REPORTERS, Look, Report
from datalint.report.screen import visible
from datalint.runner import exit_code

if TYPE_CHECKING:
    from datalint.cli.options import Asked
    from datalint.runner import Run
    from datalint.source.discover import Listing


_ALL_EXCLUDED = "every Python file in {} is excluded"


@click.command(cls=Command)
@options
def check(asked: Asked) -> int:
    """Check files and folders; - is standard input."""
    asked.refuse_contradictions()
    job = Job(asked)
    if asked.show_settings:
        write(job.settings.shown(), asked.output_file)
        return 0
    for path in job.listing.excluded:
        note(f"{path} is excluded" if not os.path.isdir(path) else _ALL_EXCLUDED.format(path))
    if asked.show_files:
        return _show_files(job.listing, asked.output_file)
    if asked.diff:
        from datalint.cli.fixing import show_diff

        return show_diff(job)
    if asked.add_ignore is not None:
        from datalint.cli.silencing import add_ignores

        return add_ignores(job, asked.add_ignore.strip())
    if asked.write_baseline and job.baseline is not None:
        from datalint.cli.recording import write_baseline

        return write_baseline(job, job.baseline)
    run, report = _judged(job)
    text = _rendered(asked, run, report)
    # Where standard output is the fixed source, nothing may come between.
    write(text, asked.output_file, err=asked.fix and asked.stdin)
    if asked.output_format == "github":
        from datalint.report import step_summary

        show_below_log(step_summary.render(report))
    if job.baseline is not None:
        from datalint.cli.recording import tell_gone

        tell_gone(job, run)
    return exit_code(report, exit_zero=asked.exit_zero)


def _rendered(asked: Asked, run: Run, report: Report) -> str:
    look = Look(wants_color(asked.color, asked.output_file), summary=not asked.quiet)
    if not asked.statistics:
        return REPORTERS[asked.output_format](report, run.sources, look)
    from datalint.report import statistics

    complain_of(report.problems)  # Nobody may miss which files they are, which no number tells.
    if asked.output_format == "json":
        return statistics.render_json(report)
    return statistics.render(report, look)


def _show_files(listing: Listing, output_file: str | None) -> int:
    write("".join(f"{visible(path)}\n" for path in listing.files), output_file)
    for folder, reason in listing.unreadable:
        fail(f"{folder}: cannot be read: {reason}")
    return 2 if listing.unreadable else 0


def _judged(job: Job) -> tuple[Run, Report]:
    if job.asked.fix:
        from datalint.cli.fixing import fix_files, fix_stdin

        return fix_files(job) if job.source is None else fix_stdin(job)
    run = job.run(job.linter())
    return run, run.report()
