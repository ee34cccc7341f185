"""`datalint check`: from the command line and the configuration to a report."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from datalint.cli.options import options
from datalint.cli.output import note, say, wants_color, write
from datalint.config import Config, find_config
from datalint.finding import Confidence
from datalint.lint import Linter
from datalint.report import REPORTERS, Look
from datalint.runner import Run, exit_code
from datalint.selection import Selection
from datalint.source.discover import discover

if TYPE_CHECKING:
    from datalint.cli.options import Asked


@click.command()
@options
def check(asked: Asked) -> int:
    """Check files and folders; - is standard input."""
    asked.refuse_contradictions()
    selection = Selection(
        asked.select, asked.extend_select, asked.ignore, Confidence(asked.min_confidence)
    )
    watch = say if asked.verbose else lambda path, what: None
    config = Config() if asked.isolated else find_config(asked.config_file)
    if config.path:
        watch(config.path, "holds the configuration")
    run = Run(Linter(selection, config.stated), watch)
    if asked.stdin:
        run.check_source(sys.stdin.buffer.read(), asked.stdin_filename or "<stdin>")
    else:
        listing = discover(asked.paths)
        run.check_listing(listing)
        for folder in listing.excluded:
            note(f"every Python file in {folder} is excluded")
    report = run.report()
    look = Look(wants_color(asked.color, asked.output_file), summary=not asked.quiet)
    write(REPORTERS[asked.output_format](report, run.sources, look), asked.output_file)
    return exit_code(report, exit_zero=asked.exit_zero)
