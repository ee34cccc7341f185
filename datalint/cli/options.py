"""The options of `datalint check`: their words, and what was asked for with them."""

from __future__ import annotations

import functools
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from datalint.finding import Confidence
from datalint.report import REPORTERS
from datalint.settings import Said

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line asks of a check; a field for each option."""

    paths: tuple[str, ...]
    select: tuple[str, ...]
    extend_select: tuple[str, ...]
    ignore: tuple[str, ...]
    min_confidence: str | None
    fix: bool
    unsafe_fixes: bool
    diff: bool
    add_ignore: str | None
    baseline_file: str | None
    write_baseline: bool
    diff_base: str | None
    output_format: str
    output_file: str | None
    statistics: bool
    jobs: int | None
    quiet: bool
    verbose: bool
    color: str
    exit_zero: bool
    stdin_filename: str | None
    config_file: str | None
    isolated: bool
    force_exclude: bool
    show_settings: bool
    show_files: bool
    no_cache: bool
    cache_dir: str | None

    def said(self) -> Said:
        """What of it is said over the configuration."""
        return Said(
            select=self.select,
            extend_select=self.extend_select,
            ignore=self.ignore,
            min_confidence=self.min_confidence,
            baseline=self.baseline_file,
        )

    @property
    def stdin(self) -> bool:
        """Whether it is standard input that is to be checked."""
        return self.paths == ("-",)

    def refuse_contradictions(self) -> None:
        """Raise `click.UsageError` where what is asked cannot be meant."""
        if not self.paths and not self.show_settings:
            raise click.UsageError("name a file or folder to check, for instance: datalint .")
        if "-" in self.paths and len(self.paths) > 1:
            raise click.UsageError("- is standard input and cannot be checked beside other paths")
        if self.stdin and sys.stdin is None:
            raise click.UsageError("there is no standard input to check")
        if self.stdin_filename is not None and not self.stdin:
            raise click.UsageError("--stdin-filename is for standard input: give - as the path")
        if self.diff_base is not None and self.stdin:
            raise click.UsageError("--diff-base compares files, and standard input is none")
        if self.quiet and self.verbose:
            raise click.UsageError("--quiet and --verbose contradict each other")
        if self.unsafe_fixes and not (self.fix or self.diff):
            raise click.UsageError("--unsafe-fixes is for --fix or --diff")
        if self.diff and self.output_format != "text":
            raise click.UsageError("--diff prints no report: leave out --output-format")
        if self.show_settings or self.show_files:
            self._refuse_beside_showing()
        if self.add_ignore is not None:
            self._refuse_beside_comments(self.add_ignore)
        if self.write_baseline:
            self._refuse_beside_baseline()
        if self.statistics:
            self._refuse_beside_statistics()
        if self.isolated and self.config_file is not None:
            raise click.UsageError("--config and --isolated contradict each other")

    def _refuse_beside_showing(self) -> None:
        shown = "--show-settings" if self.show_settings else "--show-files"
        others = {
            "--show-files": self.show_settings and self.show_files,
            "--fix": self.fix,
            "--diff": self.diff,
            "--add-ignore": self.add_ignore is not None,
            "--write-baseline": self.write_baseline,
        }
        _refuse(f"{{}} and {shown}", others)

    def _refuse_beside_comments(self, reason: str) -> None:
        if self.stdin:
            raise click.UsageError("--add-ignore writes files and cannot change standard input")
        others = {"--fix": self.fix, "--diff": self.diff, "--write-baseline": self.write_baseline}
        _refuse("{} and --add-ignore", others)
        if self.output_file is not None or self.output_format != "text":
            raise click.UsageError("--add-ignore prints no report: leave out its format and file")
        if not reason.isprintable():
            raise click.UsageError("the reason of --add-ignore has to be one line of plain text")

    def _refuse_beside_baseline(self) -> None:
        others = {
            "--fix": self.fix,
            "--diff": self.diff,
            "--diff-base": self.diff_base is not None,
            "--output-format": self.output_format != "text",
            "--output-file": self.output_file is not None,
            "standard input": self.stdin,
        }
        _refuse("--write-baseline and {}", others)

    def _refuse_beside_statistics(self) -> None:
        others = {
            "--diff": self.diff,
            "--add-ignore": self.add_ignore is not None,
            "--write-baseline": self.write_baseline,
            "--show-settings": self.show_settings,
            "--show-files": self.show_files,
        }
        _refuse("{} and --statistics", others)
        if self.output_format not in ("text", "json"):
            raise click.UsageError("--statistics has no other --output-format than text and json")


def _refuse(both: str, others: Mapping[str, bool]) -> None:
    """Raise `click.UsageError` for the first of the others that was given, as one of `both`."""
    for other in (name for name, given in others.items() if given):
        raise click.UsageError(f"{both.format(other)} contradict each other")


class Command(click.Command):
    """One with `--add-ignore[=REASON]`: the word that follows without a `=` is a path."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(
            ctx, [f"{arg}=" if arg == "--add-ignore" else arg for arg in args]
        )


def _names(_: click.Context, __: click.Parameter, values: Sequence[str]) -> tuple[str, ...]:
    """The rules of an option that may be repeated and may hold several, parted by commas."""
    return tuple(name.strip() for value in values for name in value.split(",") if name.strip())


_rules = functools.partial(click.option, multiple=True, metavar="RULES", callback=_names)

_OPTIONS = [
    click.argument("paths", nargs=-1, metavar="PATH..."),
    _rules("--select", help="Check these rules instead of the default ones; `all` is every rule."),
    _rules("--extend-select", help="Check these rules as well."),
    _rules("--ignore", help="Do not check these rules."),
    click.option(
        "--min-confidence",
        type=click.Choice([str(confidence) for confidence in Confidence]),
        help="Show no finding that assumes more; medium, if the configuration does not say.",
    ),
    click.option(
        "--fix",
        is_flag=True,
        help="Make the fixes that cannot change what the program does; report what is left.",
    ),
    click.option(
        "--unsafe-fixes",
        is_flag=True,
        help="With --fix or --diff: the fixes that can change what it does as well.",
    ),
    click.option("--diff", is_flag=True, help="Print what --fix would change, and write nothing."),
    click.option(
        "--add-ignore",
        metavar="[=REASON]",
        help="Write a comment for each finding that silences it; print no report.",
    ),
    click.option(
        "--baseline",
        "baseline_file",
        metavar="FILE",
        help="Report only what is not recorded in this file.",
    ),
    click.option(
        "--write-baseline",
        is_flag=True,
        help="Record what is found in the file of --baseline or the configuration, or else in"
        " datalint-baseline.json.",
    ),
    click.option(
        "--diff-base",
        metavar="REV",
        help="Report only what a line that changed since this git revision has a part in.",
    ),
    click.option(
        "--output-format",
        type=click.Choice(list(REPORTERS)),
        default="text",
        show_default=True,
        help="How findings are written.",
    ),
    click.option(
        "-o",
        "--output-file",
        type=click.Path(dir_okay=False),
        help="Write the report to this file.",
    ),
    click.option(
        "--statistics",
        is_flag=True,
        help="Print how many findings there are of each rule, and not the findings.",
    ),
    click.option(
        "-j",
        "--jobs",
        type=click.IntRange(min=1),
        metavar="N",
        help="Use at most so many processes: by default one for each processor, for as much work"
        " as is worth it.",
    ),
    click.option("-q", "--quiet", is_flag=True, help="Print findings only, no summary."),
    click.option("-v", "--verbose", is_flag=True, help="Say on stderr what becomes of each file."),
    click.option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        help="`auto`, the default, is color on a terminal; it heeds NO_COLOR and FORCE_COLOR.",
    ),
    click.option("--exit-zero", is_flag=True, help="Exit 0 though there are findings."),
    click.option(
        "--stdin-filename",
        metavar="NAME",
        help="What to call the file that is read where PATH is -.",
    ),
    click.option(
        "--config",
        "config_file",
        metavar="FILE",
        help="Read the configuration from this file, not from the nearest pyproject.toml.",
    ),
    click.option("--isolated", is_flag=True, help="Read no configuration."),
    click.option(
        "--force-exclude",
        is_flag=True,
        help="Pass over what is excluded although it is named, as hooks name files.",
    ),
    click.option("--show-settings", is_flag=True, help="Print the settings, and check nothing."),
    click.option("--show-files", is_flag=True, help="Print which files are meant, no more."),
    click.option("--no-cache", is_flag=True, help="Judge every file anew, and keep nothing."),
    click.option(
        "--cache-dir",
        metavar="DIR",
        envvar="DATALINT_CACHE_DIR",
        help="Where to keep what files came to, instead of .datalint_cache in the project;"
        " also DATALINT_CACHE_DIR.",
    ),
]


def options(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command all of them; it is called with one `Asked`."""

    @functools.wraps(command)
    def called(**given: Any) -> int:
        return command(Asked(**given))

    for option in reversed(_OPTIONS):
        called = option(called)
    return called
