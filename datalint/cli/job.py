"""What is to be checked and how: the command line and the configuration, put together."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from datalint.cli.output import say
from datalint.config import Config, find_config
from datalint.finding import Confidence
from datalint.lint import Linter
from datalint.runner import Run
from datalint.selection import Selection
from datalint.source.discover import discover

if TYPE_CHECKING:
    from datalint.cli.options import Asked
    from datalint.runner import Lint
    from datalint.source.discover import Listing


@dataclass
class Job:
    """One call of `datalint check`, which may go through its files more than once."""

    asked: Asked

    def __post_init__(self) -> None:
        asked = self.asked
        self.selection = Selection(
            asked.select, asked.extend_select, asked.ignore, Confidence(asked.min_confidence)
        )
        self.config = Config() if asked.isolated else find_config(asked.config_file)
        if self.config.path:
            self.watch(self.config.path, "holds the configuration")

    def watch(self, path: str, what: str) -> None:
        """Say what became of a file, if that was asked for."""
        if self.asked.verbose:
            say(path, what)

    @cached_property
    def source(self) -> bytes | None:
        """Standard input, if it is that which is to be checked."""
        return sys.stdin.buffer.read() if self.asked.stdin else None

    @cached_property
    def listing(self) -> Listing:
        """The files; raises `BadPath`."""
        return discover(self.asked.paths)

    def linter(self) -> Linter:
        """One that has not read any file yet."""
        return Linter(self.selection, self.config.stated)

    def run(self, lint: Lint) -> Run:
        """Let each file be judged, or changed."""
        run = Run(lint, self.watch)
        if self.source is not None:
            run.check_source(self.source, self.asked.stdin_filename or "<stdin>")
        else:
            run.check_listing(self.listing)
        return run
