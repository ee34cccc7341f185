"""`--add-ignore`: comments written, and how many they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalint.cli.output import complain_of, write
from datalint.report.summary import count
from datalint.silence import Silencer
from datalint.write import replace

if TYPE_CHECKING:
    from datalint.cli.job import Job


def add_ignores(job: Job, reason: str) -> int:
    """Write the comments that silence what is found; the exit code."""
    silencer = Silencer(job.linter(), replace, reason)
    problems = job.run(silencer).report().problems
    complain_of(problems)
    if not job.asked.quiet:
        files = count(silencer.files, "file")
        write(f"added {count(silencer.added, 'suppression')} in {files}\n")
    return 2 if problems else 0
