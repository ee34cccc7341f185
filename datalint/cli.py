"""The command line: words into calls, results into output and an exit code."""

from __future__ import annotations

import functools
import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from datalint import __version__
from datalint.config import BadConfig, Config, find_config
from datalint.finding import Confidence
from datalint.report import REPORTERS, Look
from datalint.report.screen import visible
from datalint.runner import BadSelection, Run, Selection, exit_code, explain_rules
from datalint.source.discover import BadPath, discover
from datalint.source.near import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

#: What a shell reports for a program that was interrupted, or whose reader went away.
_INTERRUPTED, _PIPE_CLOSED = 130, 141


class _CheckByDefault(click.Group):
    """`datalint PATH` is `datalint check PATH`: a first word that is no command is a path."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        first = args[0] if args else ""
        if first not in (*self.commands, *ctx.help_option_names, "--version"):
            near = nearest(first, self.commands)
            if near and not Path(first).exists():
                raise click.UsageError(f"no such command or path: {first}; did you mean {near}?")
            args = ["check", *args]
        return super().parse_args(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_options(ctx, formatter)
        check = self.commands["check"]
        options = [option for option in check.params if isinstance(option, click.Option)]
        with formatter.section("Options of check"):
            formatter.write_dl([record for o in options if (record := o.get_help_record(ctx))])


@click.group(
    cls=_CheckByDefault,
    context_settings={"help_option_names": ["-h", "--help"]},
    subcommand_metavar="[check] PATH...",
    epilog="Exit code: 0 for nothing found, 1 for findings, 2 where a file could not be analysed"
    " or the command line or the configuration is wrong.",
)
@click.version_option(__version__, prog_name="datalint", message="%(prog)s %(version)s")
def cli() -> None:
    """Find writes through PyTorch's `.data` that make gradients silently wrong."""


def _names(_: click.Context, __: click.Parameter, values: Sequence[str]) -> tuple[str, ...]:
    """The rules of an option that may be repeated and may hold several, parted by commas."""
    return tuple(name.strip() for value in values for name in value.split(",") if name.strip())


_rules_option = functools.partial(click.option, multiple=True, metavar="RULES", callback=_names)


@cli.command()
@click.argument("paths", nargs=-1, metavar="PATH...")
@_rules_option(
    "--select", help="Check these rules instead of the default ones; `all` is every rule."
)
@_rules_option("--extend-select", help="Check these rules as well.")
@_rules_option("--ignore", help="Do not check these rules.")
@click.option(
    "--min-confidence",
    type=click.Choice([str(confidence) for confidence in Confidence]),
    default=str(Confidence.MEDIUM),
    show_default=True,
    help="Show no finding that assumes more.",
)
@click.option(
    "--output-format",
    type=click.Choice(list(REPORTERS)),
    default="text",
    show_default=True,
    help="How findings are written.",
)
@click.option(
    "-o", "--output-file", type=click.Path(dir_okay=False), help="Write the report to this file."
)
@click.option("-q", "--quiet", is_flag=True, help="Print findings only, no summary.")
@click.option("-v", "--verbose", is_flag=True, help="Say on stderr what becomes of each file.")
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    help="`auto`, the default, is color on a terminal; it heeds NO_COLOR and FORCE_COLOR.",
)
@click.option("--exit-zero", is_flag=True, help="Exit 0 though there are findings.")
@click.option(
    "--stdin-filename", metavar="NAME", help="What to call the file that is read where PATH is -."
)
@click.option(
    "--config",
    "config_file",
    metavar="FILE",
    help="Read the configuration from this file, not from the nearest pyproject.toml.",
)
@click.option("--isolated", is_flag=True, help="Read no configuration.")
@click.option(
    "--no-cache",
    is_flag=True,
    expose_value=False,
    help="Use no cache. There is none yet, so this changes nothing.",
)
def check(
    paths: tuple[str, ...],
    select: tuple[str, ...],
    extend_select: tuple[str, ...],
    ignore: tuple[str, ...],
    min_confidence: str,
    output_format: str,
    output_file: str | None,
    quiet: bool,
    verbose: bool,
    color: str,
    exit_zero: bool,
    stdin_filename: str | None,
    config_file: str | None,
    isolated: bool,
) -> int:
    """Check files and folders; - is standard input."""
    _refuse_contradictions(paths, stdin_filename, quiet, verbose)
    if isolated and config_file is not None:
        raise click.UsageError("--config and --isolated contradict each other")
    selection = Selection(select, extend_select, ignore, Confidence(min_confidence))
    watch = _say if verbose else lambda path, what: None
    config = Config() if isolated else find_config(config_file)
    if config.path:
        watch(config.path, "holds the configuration")
    run = Run(selection, watch, config.stated)
    if paths == ("-",):
        run.check_source(sys.stdin.buffer.read(), stdin_filename or "<stdin>")
    else:
        listing = discover(paths)
        run.check_listing(listing)
        for folder in listing.excluded:
            _note(f"every Python file in {folder} is excluded")
    report = run.report()
    look = Look(_wants_color(color, output_file), summary=not quiet)
    _write(REPORTERS[output_format](report, run.sources, look), output_file)
    return exit_code(report, exit_zero=exit_zero)


@cli.command()
@click.argument("rules", nargs=-1, metavar="RULE")
@click.option("--all", "all_rules", is_flag=True, help="Every rule's page.")
def explain(rules: tuple[str, ...], all_rules: bool) -> int:
    """Print the page of a rule.

    It says what the rule reports, why that is wrong, and what to write instead.
    """
    if bool(rules) is all_rules:
        raise click.UsageError("name a rule, or --all, and not both")
    _write(explain_rules(("all",) if all_rules else rules), None)
    return 0


def _refuse_contradictions(
    paths: tuple[str, ...], stdin_filename: str | None, quiet: bool, verbose: bool
) -> None:
    if not paths:
        raise click.UsageError("name a file or folder to check, for instance: datalint .")
    if "-" in paths and len(paths) > 1:
        raise click.UsageError("- is standard input and cannot be checked beside other paths")
    if paths == ("-",) and sys.stdin is None:
        raise click.UsageError("there is no standard input to check")
    if stdin_filename is not None and paths != ("-",):
        raise click.UsageError("--stdin-filename is for standard input: give - as the path")
    if quiet and verbose:
        raise click.UsageError("--quiet and --verbose contradict each other")


def _wants_color(choice: str, output_file: str | None) -> bool:
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    # A program that was started without a standard output has None in its place.
    return output_file is None and sys.stdout is not None and sys.stdout.isatty()


def _write(text: str, output_file: str | None) -> None:
    if output_file is not None:
        Path(output_file).write_text(text, "utf-8", "backslashreplace")
    elif sys.stdout is not None:
        # Not `click.echo`, which sends UTF-8 to a terminal that says it knows only ASCII.
        sys.stdout.write(text)
        sys.stdout.flush()


def _note(text: str) -> None:
    click.echo(f"datalint: note: {visible(text)}", err=True)


def _say(path: str, what: str) -> None:
    click.echo(f"{visible(path)}: {what}", err=True)


def _fail(text: str) -> int:
    click.echo(f"datalint: error: {visible(' '.join(text.split()))}", err=True)
    return 2


def _run(args: list[str]) -> int:
    """Not `cli.main`, which has its own mind about interrupts, closed pipes and error output."""
    try:
        with cli.make_context("datalint", args) as ctx:
            code: int = cli.invoke(ctx)
            return code
    except click.exceptions.Exit as done:  # --help, --version
        return done.exit_code
    except click.ClickException as error:
        return _fail(error.format_message())
    except (BadConfig, BadPath, BadSelection) as error:
        return _fail(str(error))
    except BrokenPipeError:
        # What the interpreter still tries to flush at its end must go somewhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_CLOSED
    except OSError as error:
        return _fail(f"{error.filename or 'standard output'}: {error.strerror}")
    except KeyboardInterrupt:
        return _INTERRUPTED


def main() -> NoReturn:
    """The `datalint` command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A report must survive a terminal that lacks its letters, and names that are no text.
            stream.reconfigure(errors="backslashreplace")
    sys.exit(_run(sys.argv[1:]))
