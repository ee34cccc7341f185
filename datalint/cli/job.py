"""What is to be checked and how: the command line and the configuration, put together."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

import click

from datalint.cli.output import say
from datalint.cli.progress import Progress, terminal
from datalint.config import Config, find_config
from datalint.lint import Linter
from datalint.runner import Run, collect_rarely
from datalint.settings import settings
from datalint.source.discover import Listing, discover

if TYPE_CHECKING:
    from pathlib import Path

    from datalint.baseline import Baseline
    from datalint.cache import Cache
    from datalint.cli.options import Asked
    from datalint.lint import Sieve
    from datalint.runner import Lint


@dataclass
class Job:
    """One call of `datalint check`, which may go through its files more than once."""

    asked: Asked

    def __post_init__(self) -> None:
        asked = self.asked
        config = Config() if asked.isolated else find_config(asked.config_file)
        self.settings = settings(config, asked.said())
        if config.path:
            self.watch(config.path, "holds the configuration")

    @cached_property
    def baseline(self) -> Baseline | None:
        """The findings that are known, where such are to be had or made; raises `BadBaseline`."""
        file, new = self.settings.baseline, self.asked.write_baseline
        if file is None and not new:
            return None
        from datalint.baseline import DEFAULT_FILE, Baseline

        return Baseline.read(DEFAULT_FILE if file is None else file, may_be_new=new)

    @cached_property
    def _sieves(self) -> list[Sieve]:
        """The baseline first, which may then tell what of it is gone."""
        sieves: list[Sieve] = [] if self.baseline is None else [self.baseline]
        if self.asked.diff_base is not None:
            sieves.append(self._changed(self.asked.diff_base))
        return sieves

    def _changed(self, revision: str) -> Sieve:
        from datalint.changed import Changed
        from datalint.source.repository import BadRevision

        try:
            return Changed.since(revision, self.asked.paths)
        except BadRevision as error:
            raise click.UsageError(f"--diff-base: {error}") from None

    def watch(self, path: str, what: str) -> None:
        """Say what became of a file, if that was asked for."""
        if self.asked.verbose:
            say(path, what)

    @cached_property
    def source(self) -> bytes | None:
        """Standard input, if it is that which is to be checked."""
        return sys.stdin.buffer.read() if self.asked.stdin else None

    @property
    def name(self) -> str:
        """What standard input is called."""
        return self.asked.stdin_filename or "<stdin>"

    @cached_property
    def listing(self) -> Listing:
        """The files; raises `BadPath`."""
        force, excludes = self.asked.force_exclude, self.settings.excludes
        if not self.asked.stdin:
            return discover(self.asked.paths, excludes, force=force)
        named = self.asked.stdin_filename
        excluded = force and named is not None and excludes.match_named(named)
        return Listing(excluded=[self.name]) if excluded else Listing(files=[self.name])

    def linter(self) -> Linter:
        """One that has not read any file yet."""
        selection, stated = self.settings.selection, self.settings.config.stated
        return Linter(selection, stated, tuple(self._sieves), cache=cache(self._cache))

    def _cache(self) -> Cache | None:
        """What earlier runs found; where files are changed in rounds none of that is kept."""
        asked = self.asked
        if asked.no_cache or asked.fix or asked.diff or asked.add_ignore is not None:
            return None
        from datalint.cache import Cache, Unusable

        try:
            folder = self._cache_folder()
        except FileNotFoundError:
            return None  # the working directory was deleted
        try:
            return Cache.open(folder, self.settings.selection.sought(), self.settings.config.stated)
        except Unusable as error:
            self.watch(str(folder), f"is not used as a cache: {error}")
            return None

    def _cache_folder(self) -> Path:
        """The one named, or one beside the configuration or in the git repository or here."""
        from pathlib import Path

        from datalint.cache import FOLDER

        asked, config = self.asked, self.settings.config
        if asked.cache_dir is not None:
            return Path(os.path.realpath(asked.cache_dir))
        if config.path and asked.config_file is None:
            return Path(config.path).absolute().parent / FOLDER
        here = Path.cwd()
        tops = (folder for folder in (here, *here.parents) if (folder / ".git").exists())
        return next(tops, here) / FOLDER

    def _jobs(self) -> int:
        """How many processes there may be; for one file there is nothing to share."""
        if self.asked.jobs is not None or len(self.listing.files) <= 1:
            return self.asked.jobs or 1
        from datalint.pool import available

        return available()

    def run(self, lint: Lint) -> Run:
        """Let each file be judged, or changed."""
        collect_rarely()
        quiet = self.asked.quiet or self.asked.verbose
        stream = None if quiet else terminal()
        with Progress(len(self.listing.files), stream) as progress:
            run = Run(lint, self.watch, progress.step)
            if self.source is None:
                run.check_listing(self.listing, self._jobs())
            elif self.listing.files:
                run.check_source(self.source, self.name)
        return run
